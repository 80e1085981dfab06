// SPDX-License-Identifier: BSD-2-Clause
// owner_of(member, &Owner::member): the object that a member lies in, for what hands out one of its
// members and gets a pointer to that back.
#pragma once

#include "base/types.h"

namespace base {

// `member` is that member of an Owner.
template <typename Owner, typename Member>
Owner& owner_of(Member& member, Member Owner::* which) {
    // The member's offset, taken at a pretend address; nothing is read there.
    constexpr usize pretend = 0x10000;
    const usize offset =
        reinterpret_cast<usize>(&(reinterpret_cast<Owner*>(pretend)->*which)) - pretend;
    return *reinterpret_cast<Owner*>(reinterpret_cast<u8*>(&member) - offset);
}

} // namespace base

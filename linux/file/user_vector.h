// SPDX-License-Identifier: BSD-2-Clause
// An I/O vector copied in from the program: checked, cut to what one call may move. Process
// context.
#pragma once

#include "abi/linux/types.h"
#include "core/vm/user_memory.h"
#include "linux/vfs/io_cursor.h"

namespace linux {

// The most one read or write moves.
inline constexpr usize transfer_maximum = 0x7fff'f000;

class UserVector {
public:
    UserVector() = default;
    UserVector(const UserVector&) = delete;
    UserVector& operator=(const UserVector&) = delete;
    ~UserVector();

    // Errors: inval (more than 1024 parts, a negative length), fault, nomem.
    Result<> read(core::UserIn<IoVector> source, u64 count);
    IoCursor cursor() const { return IoCursor(std::span<const IoVector>(parts_, count_)); }

private:
    static constexpr u64 inline_parts = 8;
    IoVector* parts_ = inline_parts_;
    u64 count_ = 0;
    IoVector inline_parts_[inline_parts];
};

} // namespace linux

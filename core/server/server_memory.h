// SPDX-License-Identifier: BSD-2-Clause
// The address space of a server process: pages of the kernel's shown at places of
// abi/component/server_calls.h. Nothing is paged in on demand. The pages belong to others and are
// not counted here: they must not be freed before they are unmapped or the last thread has left
// user mode for good (an instance that is held or broken has none there). No lock: whoever changes
// it owns the instance's strand, or is alone with the process while that is made.
#pragma once

#include "core/vm/address_space.h"

namespace core::server {

class ServerMemory {
public:
    // Errors: nomem.
    static Result<ServerMemory> create();
    const Ref<AddressSpace>& space() const { return space_; }
    // Shows the pages from `memory` on, a page boundary of the kernel's, at `address`; what stands
    // there already stays. Errors: nomem.
    Result<> map(u64 address, const u8* memory, u64 size, Protection protection);
    // Changes the rights of what is mapped.
    void protect(u64 address, u64 size, Protection protection);
    void unmap(u64 address, u64 size);

private:
    explicit ServerMemory(Ref<AddressSpace> space) : space_(std::move(space)) {}

    Ref<AddressSpace> space_;
};

} // namespace core::server

// SPDX-License-Identifier: BSD-2-Clause
#include "core/server/server_memory.h"

#include "core/memory/kernel_map.h"

namespace core::server {

Result<ServerMemory> ServerMemory::create() { return ServerMemory(TRY(AddressSpace::create())); }

Result<> ServerMemory::map(u64 address, const u8* memory, u64 size, Protection protection) {
    arch::PageTable& table = space_->page_table();
    for (u64 at = 0; at < size; at += page_size) {
        volatile u64* place = TRY(table.make(address + at));
        if (!arch::PageEntry(*place).is_none())
            continue;
        const PhysAddr page = physical_of(KernelVirt(memory + at));
        // Dirty from the start: nobody looks, and the CPU need not store it.
        auto entry = arch::PageEntry::make_user(page, protection).as_special();
        if (includes(protection, Protection::write))
            entry = entry.writable_and_dirty();
        *place = entry.bits();
    }
    return {};
}

void ServerMemory::protect(u64 address, u64 size, Protection protection) {
    arch::PageTable& table = space_->page_table();
    for (u64 at = address; at < address + size; at += page_size) {
        volatile u64* place = table.find(at);
        if (place && arch::PageEntry(*place).present())
            *place = arch::PageEntry(*place).with_protection(protection).bits();
    }
    arch::flush_user_range(table, address, address + size);
}

void ServerMemory::unmap(u64 address, u64 size) {
    arch::PageTable& table = space_->page_table();
    for (u64 at = address; at < address + size; at += page_size) {
        if (volatile u64* place = table.find(at))
            *place = 0;
    }
    arch::flush_user_range(table, address, address + size);
}

} // namespace core::server

// SPDX-License-Identifier: BSD-2-Clause
#include "core/debug/memory_report.h"

#ifdef PITH_KASAN

#include "base/format.h"
#include "base/units.h"
#include "core/debug/heap_record.h"
#include "core/memory/heap.h"
#include "core/memory/kernel_map.h"
#include "core/memory/page.h"
#include "core/memory/physical.h"
#include "core/observe/log.h"
#include "core/observe/panic.h"

extern "C" {
extern u8 kernel_image_start[];
}

namespace core {
namespace {

std::string_view kind_of(u8 poison) {
    switch (static_cast<Poison>(poison)) {
    case Poison::stack_left:
    case Poison::stack_middle:
    case Poison::stack_right: return "stack out of bounds";
    case Poison::out_of_scope: return "use after scope";
    case Poison::global: return "global out of bounds";
    case Poison::heap_margin: return "heap out of bounds";
    case Poison::heap_freed: return "use after free";
    case Poison::frame_freed: return "use of a free frame";
    }
    return "out of bounds";
}

// Bytes 1 to 7 say only where an object ends; the byte behind says whose end it is.
u8 telling_poison(u64 address) {
    const u8 poison = poison_at(reinterpret_cast<const void*>(address));
    return poison < 8 ? poison_at(reinterpret_cast<const void*>((address | 7) + 1)) : poison;
}

u64 code_address(u32 offset) {
    return offset ? reinterpret_cast<u64>(kernel_image_start) + offset : 0;
}

// The heap object around or just before an address, as far as there are records.
void describe_object(u64 address) {
    const u64 offset = address - reinterpret_cast<u64>(g_physical_map);
    if (!is_mapped_memory(PhysAddr(offset), 1) || offset >> page_shift >= frame_limit())
        return;
    const HeapRoom room = heap_room(reinterpret_cast<const void*>(address));
    if (room.size == 0)
        return;
    const HeapRecord* record = heap_record(room.start, room.size);
    const u64 start = reinterpret_cast<u64>(room.start);
    if (!record) {
        LOG_ERROR("  heap room of {} bytes at {:#x}", room.size, start);
        return;
    }
    LOG_ERROR("  heap object of {} bytes at {:#x}", record->size, start);
    LOG_ERROR("  made by {:#018x} from {:#018x}", code_address(record->made_by[0]),
              code_address(record->made_by[1]));
    if (record->freed_by)
        LOG_ERROR("  freed by {:#018x}", code_address(record->freed_by));
}

} // namespace

void report_bad_access(const BadAccess& access) {
    const u8 poison = telling_poison(access.first_bad);
    LOG_ERROR("memory check: shadow {:#x} at {:#x}", poison, access.first_bad);
    describe_object(access.first_bad);
    stop_memory_checks();
    panic(base::Text<200>("KASAN: {}: {} of {} bytes at {:#x} before {:#018x}", kind_of(poison),
                          access.is_write ? "write" : "read", access.size, access.address,
                          access.caller)
              .view());
}

void report_bad_free(const void* memory, bool is_free_already) {
    describe_object(reinterpret_cast<u64>(memory));
    stop_memory_checks();
    panic(base::Text<120>("KASAN: {} of {:#x}", is_free_already ? "double free" : "invalid free",
                          reinterpret_cast<u64>(memory))
              .view());
}

} // namespace core

#endif

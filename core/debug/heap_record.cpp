// SPDX-License-Identifier: BSD-2-Clause
// Compiled without instrumentation: it touches what nobody else may.
#include "core/debug/heap_record.h"

#ifdef PITH_KASAN

#include "core/debug/memory_report.h"
#include "core/memory/heap.h"
#include "core/memory/per_cpu.h"

extern "C" {
extern u8 kernel_image_start[];
}

namespace core {
namespace {

// Freed objects in the order they died, up to a number and an amount of memory.
struct Quarantine {
    static constexpr u32 capacity = 256;
    static constexpr u64 limit = 64 * 1024;
    struct Entry {
        void* memory;
        u32 room;
    };
    u32 first = 0, count = 0;
    u64 bytes = 0;
    Entry entries[capacity]{};
};
constinit PerCpu<Quarantine> g_quarantines;

// Return addresses of the function that calls, and of its caller, along the frame pointers.
struct Callers {
    u32 offsets[2];
};
Callers callers(const void* frame) {
    auto* words = static_cast<const u64*>(frame);
    Callers found{};
    for (u32& offset : found.offsets) {
        const u64 address = words[1] - reinterpret_cast<u64>(kernel_image_start);
        offset = address < 0x4000'0000 ? static_cast<u32>(address) : 0;
        auto* next = reinterpret_cast<const u64*>(words[0]);
        if (next <= words || next > words + 2048)
            break; // the end of the chain, or not one
        words = next;
    }
    return found;
}

HeapRecord* place_of_record(void* memory, usize room) {
    return reinterpret_cast<HeapRecord*>(static_cast<u8*>(memory) + room - sizeof(HeapRecord));
}

} // namespace

[[gnu::noinline]] void note_made(void* memory, usize size, usize room) {
    unpoison_memory(memory, size);
    const usize whole = (size + 7) & ~usize{7};
    poison_memory(static_cast<u8*>(memory) + whole, room - whole, Poison::heap_margin);
    if (room < whole + sizeof(HeapRecord))
        return;
    // Two frames up: this function, then the allocator's.
    const auto* own = static_cast<const u64*>(__builtin_frame_address(0));
    const Callers made = callers(reinterpret_cast<const void*>(own[0]));
    *place_of_record(memory,
                     room) = {static_cast<u32>(size), {made.offsets[0], made.offsets[1]}, 0};
}

[[gnu::noinline]] void* note_freed(void* memory, usize room) {
    if (heap_record(memory, room)) {
        const auto* own = static_cast<const u64*>(__builtin_frame_address(0));
        place_of_record(memory, room)->freed_by =
            callers(reinterpret_cast<const void*>(own[0])).offsets[0];
    }
    poison_memory(memory, room, Poison::heap_freed);
    const u64 saved = arch::save_and_disable_interrupts();
    Quarantine& quarantine = g_quarantines.here();
    void* leaves = nullptr;
    if (quarantine.count == Quarantine::capacity || quarantine.bytes + room > Quarantine::limit) {
        Quarantine::Entry& oldest = quarantine.entries[quarantine.first];
        quarantine.first = (quarantine.first + 1) % Quarantine::capacity;
        --quarantine.count;
        quarantine.bytes -= oldest.room;
        leaves = oldest.memory;
    }
    const u32 place = (quarantine.first + quarantine.count) % Quarantine::capacity;
    quarantine.entries[place] = {memory, static_cast<u32>(room)};
    ++quarantine.count;
    quarantine.bytes += room;
    arch::restore_interrupts(saved);
    return leaves;
}

void check_freed(const void* memory, usize offset) {
    const u8 poison = poison_at(memory);
    if (poison == static_cast<u8>(Poison::heap_freed) ||
        poison == static_cast<u8>(Poison::frame_freed))
        report_bad_free(memory, true);
    // An object of no bytes begins with its margin.
    if (offset != 0 || (poison != 0 && poison != static_cast<u8>(Poison::heap_margin)))
        report_bad_free(memory, false);
}

const HeapRecord* heap_record(const void* memory, usize room) {
    const auto* record = place_of_record(const_cast<void*>(memory), room);
    const u8 poison = poison_at(record);
    const bool is_margin = poison == static_cast<u8>(Poison::heap_margin) ||
                           poison == static_cast<u8>(Poison::heap_freed);
    return is_margin && record->size + sizeof(HeapRecord) <= room ? record : nullptr;
}

} // namespace core

#endif

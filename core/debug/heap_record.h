// SPDX-License-Identifier: BSD-2-Clause
// What a checked kernel keeps in the margin behind a heap object, and the quarantine that freed
// objects pass through before they are used again. For core/memory/heap.cpp. Empty in other builds.
#pragma once

#include "base/types.h"
#include "core/debug/shadow.h"

namespace core {

// In the last bytes of an object's room, if its size leaves enough.
struct HeapRecord {
    u32 size;       // bytes asked for
    u32 made_by[2]; // return addresses, as offsets into the kernel image; the inner one first
    u32 freed_by;
};
inline constexpr usize heap_margin = memory_is_checked ? sizeof(HeapRecord) : 0;

#ifdef PITH_KASAN
// An object of `size` bytes begins its life in `room` bytes.
void note_made(void* memory, usize size, usize room);
// An object dies; what leaves the quarantine instead, or null.
void* note_freed(void* memory, usize room);
// Stops the kernel unless an object may be freed at `memory`, `offset` bytes into its room.
void check_freed(const void* memory, usize offset);
// The record of an object in `room` bytes, or null if it has none.
const HeapRecord* heap_record(const void* memory, usize room);
#else
inline void note_made(void*, usize, usize) {}
inline void* note_freed(void* memory, usize) { return memory; }
inline void check_freed(const void*, usize) {}
inline const HeapRecord* heap_record(const void*, usize) { return nullptr; }
#endif

} // namespace core

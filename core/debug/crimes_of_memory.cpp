// SPDX-License-Identifier: BSD-2-Clause
// Crimes that the shadow catches, and the compiler's checks of the language.
#include "core/debug/crime.h"

#ifdef PITH_DEBUG

#include "base/memory_functions.h"
#include "core/memory/frames.h"
#include "core/memory/heap.h"
#include "core/vm/user_memory.h"

namespace core::crime {
namespace {

constinit u32 g_numbers[10]{};
constinit u32 g_neighbours[10]{};

volatile u8* bytes(usize size) { return unknown(static_cast<volatile u8*>(allocate_memory(size))); }
void give_back(volatile u8* memory) { free_memory(const_cast<u8*>(memory)); }

} // namespace

void use_after_free() {
    volatile u8* memory = bytes(100);
    give_back(memory);
    (void)*reinterpret_cast<volatile u64*>(memory + 16);
}
void write_after_free() {
    volatile u8* memory = bytes(700);
    give_back(memory);
    for (int i = 0; i < 20; ++i) // others come and go meanwhile
        give_back(bytes(700));
    memory[699] = 1;
}
void heap_overrun() {
    volatile u8* memory = bytes(51);
    memory[50] = 1;
    memory[51] = 1;
}
void heap_underrun() {
    volatile u8* first = bytes(64);
    volatile u8* second = bytes(64);
    volatile u8* upper = first < second ? second : first; // has a neighbour below, used or free
    (void)upper[-1];
}
void large_overrun() {
    volatile u8* memory = bytes(10'000);
    *reinterpret_cast<volatile u32*>(memory + 10'000) = 1;
}
void copy_overrun() {
    volatile u8* memory = bytes(32);
    static constinit u8 source[40]{};
    memcpy(const_cast<u8*>(memory), source, unknown<usize>(40));
}
void user_copy_overrun() {
    volatile u8* memory = bytes(32);
    (void)copy_from_user(const_cast<u8*>(memory), UserVirt(0x10'0000), unknown<usize>(40));
}
void stack_out_of_bounds() {
    volatile u8 buffer[20];
    volatile u8* start = unknown(&buffer[0]);
    start[unknown(20)] = 1;
}
void global_out_of_bounds() {
    const volatile u32* start = unknown(&g_numbers[0]);
    (void)start[unknown(10)];
    (void)unknown(&g_neighbours[0]);
}
void frame_after_free() {
    auto page = allocate_frame(PageUse::kernel, FrameContent::zeroed);
    if (!page)
        return;
    auto* words = unknown(reinterpret_cast<volatile u64*>((*page)->bytes()));
    words[0] = 1;
    *page = PageRef();
    words[1] = 2;
}
void double_free() {
    volatile u8* memory = bytes(200);
    give_back(memory);
    give_back(memory);
}
void invalid_free() { give_back(bytes(200) + 16); }
void free_of_global() { free_memory(unknown(static_cast<void*>(g_numbers))); }
void double_free_of_frames() {
    volatile u8* memory = bytes(20'000);
    give_back(memory);
    give_back(memory);
}

void signed_overflow() {
    volatile int value = 0x7fff'ffff;
    value = value + unknown(1);
}
void shift_out_of_range() {
    volatile u32 value = 1;
    value = value << unknown(40);
}
void misaligned() {
    alignas(8) static constinit u8 storage[16]{};
    u64* word = unknown(reinterpret_cast<u64*>(storage + 3));
    *word = 1; // not volatile: those are not checked
    (void)unknown(word);
}
void unreachable() {
    if (unknown(1) == 1)
        __builtin_unreachable();
}
void index_out_of_bounds() {
    volatile u32 numbers[4] = {1, 2, 3, 4};
    (void)numbers[unknown(4)];
}
void null_member() {
    struct Pair {
        volatile u64 first, second;
    };
    Pair* pair = unknown(static_cast<Pair*>(nullptr));
    pair->second = 1;
}
void invalid_boolean() {
    volatile u8 byte = 2;
    volatile bool* value = unknown(reinterpret_cast<volatile bool*>(&byte));
    (void)static_cast<bool>(*value);
}
void divide_by_zero() {
    volatile int value = 100;
    value = value / unknown(0);
}

} // namespace core::crime

#endif

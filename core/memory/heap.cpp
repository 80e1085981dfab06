// SPDX-License-Identifier: BSD-2-Clause
// The kernel heap: size classes cut from slabs of frames, with per-CPU lists of free objects.
// Larger blocks come straight from the frame allocator. A slab's frames know their class through
// their page records.
#include "core/memory/heap.h"
#include "base/allocate.h"
#include "base/bits.h"
#include "base/build_kind.h"
#include "base/memory_functions.h"
#include "core/debug/heap_record.h"
#include "core/memory/frames.h"
#include "core/memory/kernel_map.h"
#include "core/memory/per_cpu.h"
#include "core/memory/physical.h"
#include "core/sync/lock.h"

namespace core {
namespace {

constexpr u16 class_sizes[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048};
constexpr unsigned class_count = sizeof class_sizes / sizeof class_sizes[0];
constexpr usize largest_class = 2048;

// Class by size in steps of 16 bytes.
struct ClassTable {
    u8 index[largest_class / 16 + 1]{};
    constexpr ClassTable() {
        unsigned current = 0;
        for (usize step = 0; step <= largest_class / 16; ++step) {
            while (class_sizes[current] < step * 16)
                ++current;
            index[step] = static_cast<u8>(current);
        }
    }
};
constexpr ClassTable class_table;

// Frames a slab of each class takes: enough that little is wasted.
constexpr unsigned slab_order(unsigned index) { return class_sizes[index] > 512 ? 2 : 0; }

struct FreeObject {
    FreeObject* next;
};

// Free objects beyond what the CPUs keep.
struct Depot {
    IrqSpinLock<lock_class::slab> lock;
    FreeObject* objects = nullptr; // guarded by lock
    u32 count = 0;
};
constinit Depot g_depots[class_count]{};

struct Magazine {
    FreeObject* objects = nullptr;
    u32 count = 0;
};
struct Magazines {
    Magazine by_class[class_count]{};
};
constinit PerCpu<Magazines> g_magazines;

constexpr u32 magazine_limit(unsigned index) { return class_sizes[index] <= 256 ? 128 : 32; }

// Cuts a fresh slab into objects; null when memory is short.
FreeObject* make_slab(unsigned index, u32& count) {
    const unsigned order = slab_order(index);
    auto block = allocate_block(order, PageUse::slab);
    if (!block)
        return nullptr;
    Page* first = *block;
    for (u64 i = 0; i < u64{1} << order; ++i) {
        Page& page = first[i];
        page.use = PageUse::slab;
        page.order = static_cast<u8>(order);
        page.private_word = index;
    }
    u8* bytes = first->bytes();
    FreeObject* list = nullptr;
    const usize size = class_sizes[index];
    count = static_cast<u32>((page_size << order) / size);
    for (u32 i = count; i-- > 0;) {
        auto* object = reinterpret_cast<FreeObject*>(bytes + i * size);
        object->next = list;
        list = object;
    }
    poison_memory(bytes, page_size << order, Poison::heap_freed);
    return list;
}

// Fills an empty magazine from the depot or a fresh slab. Interrupts off.
bool refill(Magazine& magazine, unsigned index) {
    Depot& depot = g_depots[index];
    {
        LockGuard<lock_class::slab> guard(depot.lock);
        while (depot.objects && magazine.count < magazine_limit(index) / 2) {
            FreeObject* object = depot.objects;
            depot.objects = object->next;
            --depot.count;
            object->next = magazine.objects;
            magazine.objects = object;
            ++magazine.count;
        }
    }
    if (magazine.objects)
        return true;
    magazine.objects = make_slab(index, magazine.count);
    return magazine.objects != nullptr;
}

void flush_half(Magazine& magazine, unsigned index) {
    Depot& depot = g_depots[index];
    LockGuard<lock_class::slab> guard(depot.lock);
    while (magazine.count > magazine_limit(index) / 2) {
        FreeObject* object = magazine.objects;
        magazine.objects = object->next;
        --magazine.count;
        object->next = depot.objects;
        depot.objects = object;
        ++depot.count;
    }
}

void* allocate_small(unsigned index) {
    const u64 saved = arch::save_and_disable_interrupts();
    Magazine& magazine = g_magazines.here().by_class[index];
    FreeObject* object = magazine.objects;
    if (!object) [[unlikely]] {
        if (!refill(magazine, index)) {
            arch::restore_interrupts(saved);
            return nullptr;
        }
        object = magazine.objects;
    }
    magazine.objects = object->next;
    --magazine.count;
    arch::restore_interrupts(saved);
    return object;
}

void free_small(void* memory, unsigned index) {
    const u64 saved = arch::save_and_disable_interrupts();
    Magazine& magazine = g_magazines.here().by_class[index];
    auto* object = static_cast<FreeObject*>(memory);
    object->next = magazine.objects;
    magazine.objects = object;
    if (++magazine.count > magazine_limit(index)) [[unlikely]]
        flush_half(magazine, index);
    arch::restore_interrupts(saved);
}

// An object of `size` bytes in the smallest room of at least `wanted`.
[[gnu::always_inline]] inline void* allocate_room(usize size, usize wanted) {
    if (wanted <= largest_class) [[likely]] {
        const unsigned index = class_table.index[(wanted + 15) / 16];
        void* memory = allocate_small(index);
        if (memory)
            note_made(memory, size, class_sizes[index]);
        return memory;
    }
    const unsigned order = base::log2_up(base::divide_up<u64>(wanted, page_size));
    if (order > 10)
        return nullptr;
    auto block = allocate_block(order, PageUse::kernel);
    if (!block)
        return nullptr;
    note_made((*block)->bytes(), size, page_size << order);
    return (*block)->bytes();
}

usize offset_in_room(const void* memory, const Page& page) {
    const u64 slab = page_size << page.order;
    return (reinterpret_cast<u64>(memory) & (slab - 1)) % class_sizes[page.private_word];
}

} // namespace

void* allocate_memory(usize size) {
    // What fits without its margin is not refused for it.
    const bool has_margin = size <= largest_class || !std::has_single_bit(size);
    return allocate_room(size, has_margin ? size + heap_margin : size);
}

void free_memory(void* memory) {
    if (!memory)
        return;
    if constexpr (memory_is_checked) {
        const auto offset = static_cast<u64>(static_cast<u8*>(memory) - g_physical_map);
        if (offset >> page_shift >= frame_limit())
            check_freed(memory, 1); // not even in the map of all memory
    }
    Page& page = page_of_kernel(memory);
    if (page.use != PageUse::slab) [[unlikely]] {
        check_freed(memory, reinterpret_cast<u64>(memory) & (page_size - 1));
        VERIFY(page.use == PageUse::kernel);
        return free_block(page, page.order);
    }
    check_freed(memory, memory_is_checked ? offset_in_room(memory, page) : 0);
    if constexpr (base::debug_build) { // a use after free reads this
        const HeapRecord* record = heap_record(memory, class_sizes[page.private_word]);
        memset(memory, 0x6b, record ? record->size : memory_is_checked ? 0 : usable_size(memory));
    }
    if (void* leaves = note_freed(memory, class_sizes[page.private_word]))
        free_small(leaves, page_of_kernel(leaves).private_word);
}

usize usable_size(const void* memory) {
    const Page& page = page_of_kernel(memory);
    const usize room =
        page.use == PageUse::slab ? class_sizes[page.private_word] : page_size << page.order;
    const HeapRecord* record = heap_record(memory, room);
    return record ? record->size : room;
}

HeapRoom heap_room(const void* inside) {
    const Page& page = page_of_kernel(inside);
    if (page.use != PageUse::slab || page.private_word >= class_count)
        return {nullptr, 0};
    const usize offset = offset_in_room(inside, page);
    return {const_cast<u8*>(static_cast<const u8*>(inside)) - offset,
            class_sizes[page.private_word]};
}

} // namespace core

void* operator new(usize size, base::Fallible) noexcept { return core::allocate_memory(size); }
void* operator new[](usize size, base::Fallible) noexcept { return core::allocate_memory(size); }
void* operator new(usize size, std::align_val_t alignment, base::Fallible) noexcept {
    // Classes that are powers of two are aligned to their size, blocks of frames to theirs.
    const usize wanted = static_cast<usize>(alignment);
    return core::allocate_room(size, std::bit_ceil(size < wanted ? wanted : size));
}
void operator delete(void* memory) noexcept { core::free_memory(memory); }
void operator delete(void* memory, usize) noexcept { core::free_memory(memory); }
void operator delete[](void* memory) noexcept { core::free_memory(memory); }
void operator delete[](void* memory, usize) noexcept { core::free_memory(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { core::free_memory(memory); }
void operator delete(void* memory, usize, std::align_val_t) noexcept { core::free_memory(memory); }

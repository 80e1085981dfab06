// SPDX-License-Identifier: BSD-2-Clause
#include "core/memory/heap.h"

#include "base/allocate.h"
#include "base/memory_functions.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/memory/frames.h"
#include "core/sched/scheduler.h"

namespace core {
namespace {

bool holds(const u8* bytes, usize size, u8 wanted) {
    for (usize i = 0; i < size; ++i) {
        if (bytes[i] != wanted)
            return false;
    }
    return true;
}

TEST(heap, every_size) {
    for (usize size = 0; size <= 5000; size += size < 300 ? 1 : 37) {
        u8* blocks[4];
        for (u8*& block : blocks) {
            block = static_cast<u8*>(allocate_memory(size));
            REQUIRE(block != nullptr);
            EXPECT(reinterpret_cast<u64>(block) % 16 == 0);
            EXPECT(usable_size(block) >= size);
            memset(block, static_cast<int>(&block - blocks + 1), size);
        }
        for (u8*& block : blocks) {
            EXPECT(holds(block, size, static_cast<u8>(&block - blocks + 1)));
            free_memory(block);
        }
    }
}

TEST(heap, aligned) {
    for (usize alignment = 16; alignment <= 4096; alignment *= 2) {
        for (usize size : {usize{1}, usize{100}, usize{700}, usize{1500}, usize{3000}}) {
            void* block = ::operator new(size, std::align_val_t{alignment}, base::fallible);
            REQUIRE(block != nullptr);
            EXPECT(reinterpret_cast<u64>(block) % alignment == 0);
            memset(block, 0x5a, size);
            ::operator delete(block, std::align_val_t{alignment});
        }
    }
}

TEST(heap, large_blocks) {
    const u64 free = frame_counts().free;
    for (usize size : {usize{4096}, usize{4097}, usize{100'000}, usize{1} << 20, usize{4} << 20}) {
        auto* block = static_cast<u8*>(allocate_memory(size));
        REQUIRE(block != nullptr);
        EXPECT(usable_size(block) >= size);
        block[0] = block[size - 1] = 1;
        free_memory(block);
    }
    EXPECT(frame_counts().free == free);
    EXPECT(allocate_memory((usize{4} << 20) + 1) == nullptr);
    free_memory(nullptr);
}

TEST(heap, random_against_model) {
    constexpr usize slots = 256;
    struct Slot {
        u8* block;
        usize size;
        u8 fill;
    };
    static constinit Slot table[slots]{};
    TestRandom random(1);
    for (int step = 0; step < 20'000; ++step) {
        Slot& slot = table[random.below(slots)];
        if (slot.block) {
            EXPECT(holds(slot.block, slot.size, slot.fill));
            free_memory(slot.block);
            slot.block = nullptr;
        } else {
            slot.size = 1 + random.below(random.below(10) == 0 ? 6000 : 600);
            slot.fill = static_cast<u8>(random.next());
            slot.block = static_cast<u8*>(allocate_memory(slot.size));
            REQUIRE(slot.block != nullptr);
            memset(slot.block, slot.fill, slot.size);
        }
    }
    for (Slot& slot : table) {
        free_memory(slot.block);
        slot.block = nullptr;
    }
}

// Objects made on one CPU and freed on another come back to use instead of piling up.
TEST(heap, freed_on_another_cpu) {
    if (Scheduler::cpu_count() < 2)
        return;
    constexpr u32 batch = 300;
    static constinit std::atomic<void*> mailbox[batch]{};
    constexpr int rounds = 60;
    auto producer = [&](u32) {
        for (int round = 0; round < rounds; ++round) {
            for (auto& slot : mailbox) {
                while (slot.load(std::memory_order_acquire))
                    Scheduler::yield();
                void* block = allocate_memory(200);
                EXPECT(block != nullptr);
                memset(block, 0x77, 200);
                slot.store(block, std::memory_order_release);
            }
        }
    };
    auto consumer = [&](u32) {
        for (int round = 0; round < rounds; ++round) {
            for (auto& slot : mailbox) {
                void* block = nullptr;
                while (!(block = slot.exchange(nullptr, std::memory_order_acq_rel)))
                    Scheduler::yield();
                EXPECT(holds(static_cast<u8*>(block), 200, 0x77));
                free_memory(block);
            }
        }
    };
    const u64 slab_before = frame_counts().slab;
    {
        TestThreads threads;
        (void)threads.start(producer, 0, 1);
        (void)threads.start(consumer, 1, 2);
    }
    // At most what is in flight or kept by two CPUs; 18,000 objects would be a thousand frames.
    EXPECT(frame_counts().slab < slab_before + 200);
}

TEST(heap, many_cpus) {
    auto body = [&](u32 index) {
        TestRandom random(index);
        u8* kept[32]{};
        usize sizes[32]{};
        for (int step = 0; step < 3000; ++step) {
            const u64 i = random.below(32);
            if (kept[i]) {
                EXPECT(holds(kept[i], sizes[i], static_cast<u8>(index)));
                free_memory(kept[i]);
                kept[i] = nullptr;
                continue;
            }
            sizes[i] = 1 + random.below(400);
            kept[i] = static_cast<u8*>(allocate_memory(sizes[i]));
            EXPECT(kept[i] != nullptr);
            if (kept[i])
                memset(kept[i], static_cast<int>(index), sizes[i]);
        }
        for (u8* block : kept)
            free_memory(block);
    };
    TestThreads threads;
    threads.start_many(8, body);
}

} // namespace
} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
#include "core/memory/kernel_map.h"

#include "arch/api/kernel_table.h"
#include "base/memory_functions.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/memory/frames.h"

namespace core {
namespace {

bool is_mapped(u64 address) { return arch::kernel_page_address(address) != 0; }

TEST(kernel_map, zeroed_with_guards) {
    for (u64 size : {u64{1}, page_size, 5 * page_size, 70 * page_size}) {
        auto mapping = KernelMapping::allocate(Bytes(size), KernelProtection::read_write);
        REQUIRE(mapping.has_value());
        const u64 start = mapping->address().value;
        const u64 end = (start + size + page_size - 1) & ~(page_size - 1);
        EXPECT(start >= arch::kernel_area_start && end < arch::kernel_area_end);
        EXPECT(!is_mapped(start - page_size) && !is_mapped(end));
        u8* bytes = mapping->as<u8>();
        for (u64 i = 0; i < size; i += 61)
            EXPECT(bytes[i] == 0);
        memset(bytes, 0x3c, size);
        for (u64 at = start; at < end; at += page_size) {
            // The same bytes through the map of all memory.
            EXPECT(*physical_view(physical_of(KernelVirt(at))) == 0x3c);
        }
    }
}

TEST(kernel_map, gives_back) {
    auto round = [] {
        auto first = KernelMapping::allocate(Bytes(20 * page_size), KernelProtection::read_write);
        auto second = KernelMapping::allocate(Bytes(3 * page_size), KernelProtection::read_only);
        REQUIRE(first && second);
        const u64 start = first->address().value;
        KernelMapping moved = std::move(*first);
        EXPECT(first->address().is_null());
        EXPECT(is_mapped(start) && is_mapped(start + 19 * page_size));
        moved = KernelMapping();
        // The old value lives in the temporary, which is gone by now.
        EXPECT(!is_mapped(start) && !is_mapped(start + 19 * page_size));
    };
    round();
    for (int i = 0; i < 50; ++i) {
        const FrameCounts before = frame_counts();
        round();
        const FrameCounts after = frame_counts();
        // Page tables stay, and records of ranges may need a slab.
        EXPECT(after.free + after.page_tables + after.slab ==
               before.free + before.page_tables + before.slab);
    }
}

TEST(kernel_map, devices) {
    // A window on a page of RAM stands for a device's.
    auto frame = allocate_frame(PageUse::kernel, FrameContent::zeroed);
    REQUIRE(frame.has_value());
    const PhysAddr place = (*frame)->physical();
    {
        auto window = KernelMapping::map_device(place + 0x123, Bytes(16), CacheMode::uncached);
        REQUIRE(window.has_value());
        EXPECT(window->address().page_offset() == 0x123);
        *window->as<volatile u8>() = 0x99;
        EXPECT((*frame)->bytes()[0x123] == 0x99);
        EXPECT(physical_of(window->address()) == place + 0x123);
        EXPECT((*frame)->references.load() == 1);
    }
    EXPECT((*frame)->references.load() == 1);
}

TEST(kernel_map, protect) {
    auto mapping = KernelMapping::allocate(Bytes(4 * page_size), KernelProtection::read_write);
    REQUIRE(mapping.has_value());
    memset(mapping->as<u8>(), 0x11, 4 * page_size);
    EXPECT(mapping->protect(Bytes(page_size), Bytes(page_size), KernelProtection::read_only)
               .has_value());
    EXPECT(mapping->as<u8>()[page_size] == 0x11);
    mapping->as<u8>()[0] = 1;
    mapping->as<u8>()[2 * page_size] = 1;
    EXPECT(!mapping->protect(Bytes(1), Bytes(page_size), KernelProtection::read_only));
    EXPECT(!mapping->protect(Bytes(0), Bytes(5 * page_size), KernelProtection::read_only));
    EXPECT(
        mapping->protect(Bytes(0), Bytes(4 * page_size), KernelProtection::read_write).has_value());
    mapping->as<u8>()[page_size] = 2;
}

// A function copied into a mapping runs there once it is executable, and not writable any more.
TEST(kernel_map, code) {
    static constexpr u8 answer[] = {0xb8, 42, 0, 0, 0, 0xc3}; // mov $42, %eax; ret
    auto mapping = KernelMapping::allocate(Bytes(page_size), KernelProtection::read_write);
    REQUIRE(mapping.has_value());
    memcpy(mapping->as<u8>(), answer, sizeof answer);
    REQUIRE(mapping->protect(Bytes(0), Bytes(page_size), KernelProtection::read_execute));
    EXPECT(reinterpret_cast<int (*)()>(mapping->address().value)() == 42);
}

TEST(kernel_map, many_cpus) {
    auto body = [](u32 index) {
        TestRandom random(index);
        for (int i = 0; i < 20; ++i) {
            const u64 size = (1 + random.below(8)) * page_size;
            auto mapping = KernelMapping::allocate(Bytes(size), KernelProtection::read_write);
            REQUIRE(mapping.has_value());
            memset(mapping->as<u8>(), static_cast<int>(index), size);
            sleep_for(base::microseconds(random.below(50)));
            for (u64 at = 0; at < size; at += 127)
                EXPECT(mapping->as<u8>()[at] == index);
        }
    };
    TestThreads threads;
    threads.start_many(4, body);
}

} // namespace
} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
#include "base/memory_functions.h"
#include "core/debug/kernel_test.h"
#include "core/memory/buddy.h"
#include "core/memory/frames.h"
#include "core/memory/heap.h"

namespace core {
namespace {

using PageList = List<Page, &Page::link>;

// Takes blocks until there are no more; returns how many.
u64 take_all(PageList& list, unsigned order) {
    u64 count = 0;
    while (auto block = allocate_block(order, PageUse::kernel)) {
        list.push_back(**block);
        ++count;
    }
    return count;
}

// Gives them back from both ends in turn, so that neighbours come back far apart in time.
void give_all(PageList& list, unsigned order) {
    for (bool front = true; !list.empty(); front = !front) {
        Page& page = front ? list.front() : list.back();
        PageList::remove(page);
        free_block(page, order);
    }
}

TEST(frames, counts_return) {
    const FrameCounts before = frame_counts();
    PageRef pages[200];
    for (PageRef& page : pages) {
        auto taken = allocate_frame(PageUse::anonymous, FrameContent::undefined);
        REQUIRE(taken.has_value());
        page = std::move(*taken);
    }
    EXPECT(frame_counts().free == before.free - 200);
    EXPECT(frame_counts().anonymous == before.anonymous + 200);
    for (PageRef& page : pages)
        page = PageRef();
    EXPECT(frame_counts().free == before.free);
    EXPECT(frame_counts().anonymous == before.anonymous);
    EXPECT(frame_counts().total == before.total);
}

bool is_zero(Page& page) {
    const u64* words = reinterpret_cast<const u64*>(page.bytes());
    u64 seen = 0;
    for (u64 i = 0; i < page_size / 8; ++i)
        seen |= words[i];
    return seen == 0;
}

// One by one and backwards, and together with frames that are no run.
TEST(frames, runs_are_frames_of_their_own) {
    const FrameCounts before = frame_counts();
    for (int round = 0; round < 20; ++round) {
        auto first = allocate_frame_run(PageUse::anonymous, FrameContent::zeroed);
        REQUIRE(first.has_value());
        for (u64 i = 0; i < frame_run; ++i) {
            EXPECT(is_zero((*first)[i]) && (*first)[i].references == 1);
            memset((*first)[i].bytes(), 0xa5, page_size);
        }
        EXPECT(frame_counts().anonymous == before.anonymous + frame_run);
        for (u64 i = frame_run; i-- > 0;)
            release_page((*first)[i]);
        EXPECT(frame_counts().anonymous == before.anonymous);

        Page* pages[2 * frame_run + 3];
        u32 count = 0;
        auto single = [&] {
            auto page = allocate_frame(PageUse::anonymous, FrameContent::undefined);
            if (page)
                pages[count++] = page->release();
        };
        single();
        for (int run = 0; run < 2; ++run) {
            auto again = allocate_frame_run(PageUse::anonymous, FrameContent::undefined);
            REQUIRE(again.has_value());
            for (u64 i = 0; i < frame_run; ++i)
                pages[count++] = *again + i;
            single();
        }
        EXPECT(frame_counts().free == before.free - count);
        free_frames({pages, count});
        EXPECT(frame_counts().free == before.free);
        EXPECT(frame_counts().anonymous == before.anonymous);
    }
}

TEST(frames, zeroed_means_zero) {
    for (int round = 0; round < 100; ++round) {
        auto page = allocate_frame(PageUse::kernel, FrameContent::zeroed);
        REQUIRE(page.has_value());
        EXPECT(is_zero(**page));
        memset((*page)->bytes(), 0xa5, page_size); // the next round may get it again
    }
}

TEST(frames, references) {
    const u64 free = frame_counts().free;
    auto page = allocate_frame(PageUse::kernel, FrameContent::undefined);
    REQUIRE(page.has_value());
    EXPECT((*page)->references.load() == 1);
    {
        PageRef second = PageRef::share(**page);
        EXPECT((*page)->references.load() == 2);
        PageRef moved = std::move(second);
        EXPECT(!second);
        EXPECT((*page)->references.load() == 2);
    }
    EXPECT((*page)->references.load() == 1);
    EXPECT(frame_counts().free == free - 1);
    *page = PageRef();
    EXPECT(frame_counts().free == free);
}

TEST(frames, blocks_are_aligned_and_apart) {
    const u64 free = frame_counts().free;
    for (unsigned order = 0; order <= maximum_order; ++order) {
        const u64 size = page_size << order;
        Page* blocks[3];
        for (Page*& block : blocks) {
            auto taken = allocate_block(order, PageUse::kernel);
            REQUIRE(taken.has_value());
            block = *taken;
            EXPECT(block->physical().value % size == 0);
            EXPECT(block->order == order);
            memset(block->bytes(), static_cast<int>(order + (&block - blocks) * 16), size);
        }
        for (Page*& block : blocks) {
            const u8 wanted = static_cast<u8>(order + (&block - blocks) * 16);
            EXPECT(block->bytes()[0] == wanted && block->bytes()[size - 1] == wanted);
            free_block(*block, order);
        }
        EXPECT(frame_counts().free == free);
    }
}

TEST(frames, low_memory) {
    auto block = allocate_block(3, PageUse::kernel, true);
    REQUIRE(block.has_value());
    EXPECT((*block)->physical().value < u64{1} << 32);
    free_block(**block, 3);
    EXPECT(!allocate_block(maximum_order + 1, PageUse::kernel).has_value());
}

// What was cut into single frames is whole again when all of them are back.
TEST(frames, split_and_merge) {
    const u64 free = frame_counts().free;
    PageList list;
    const u64 largest_before = take_all(list, maximum_order);
    EXPECT(largest_before > 0);
    give_all(list, maximum_order);
    const u64 singles = take_all(list, 0);
    EXPECT(singles > largest_before << maximum_order);
    EXPECT(!allocate_block(0, PageUse::kernel).has_value());
    give_all(list, 0);
    EXPECT(frame_counts().free == free);
    EXPECT(take_all(list, maximum_order) == largest_before);
    give_all(list, maximum_order);
    for (unsigned order : {9u, 5u, 1u}) {
        take_all(list, order);
        give_all(list, order);
    }
    EXPECT(take_all(list, maximum_order) == largest_before);
    give_all(list, maximum_order);
    EXPECT(frame_counts().free == free);
}

TEST(frames, exhaustion) {
    const u64 free = frame_counts().free;
    PageList list;
    u64 count = 0;
    while (auto page = allocate_frame(PageUse::anonymous, FrameContent::undefined)) {
        list.push_back(*page->release());
        ++count;
    }
    // What other CPUs keep in their caches is out of reach.
    EXPECT(count + 64 * 64 > free);
    EXPECT(frame_counts().anonymous >= count);
    EXPECT(allocate_frame(PageUse::kernel, FrameContent::zeroed).error() == Errno::nomem);
    EXPECT(allocate_memory(1 << 20) == nullptr);
    EXPECT(!allocate_block(0, PageUse::kernel, true).has_value());
    while (Page* page = list.pop_front())
        release_page(*page);
    EXPECT(frame_counts().free == free);
}

} // namespace
} // namespace core

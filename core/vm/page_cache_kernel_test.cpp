// SPDX-License-Identifier: BSD-2-Clause
#include "core/vm/page_cache.h"

#include "base/memory_functions.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/memory/frames.h"

namespace core {
namespace {

constexpr u64 file_pages = 64;

// A file of 64 pages whose first word of each is kept here.
struct FakeFile final : Backing {
    u64 words[file_pages]{};
    std::atomic<u32> reads{0}, writes{0}, pages_read{0};
    bool fail_reads = false, fail_writes = false, full = false;
    u32 ahead = 1;
    Nanos delay;       // of reads
    Nanos write_delay; // before a write is done

    FakeFile() {
        for (u64 i = 0; i < file_pages; ++i)
            words[i] = i * 1000 + 7;
    }
    Result<> read_pages(u64 first, std::span<Page* const> pages) override {
        reads.fetch_add(1);
        if (delay.value != 0)
            sleep_for(delay);
        if (fail_reads)
            return Failure(Errno::io);
        for (usize i = 0; i < pages.size(); ++i) {
            memset(pages[i]->bytes(), 0, page_size);
            if (first + i < file_pages)
                memcpy(pages[i]->bytes(), &words[first + i], 8);
        }
        pages_read.fetch_add(static_cast<u32>(pages.size()));
        return {};
    }
    Result<> write_pages(u64 first, std::span<Page* const> pages) override {
        writes.fetch_add(1);
        if (fail_writes)
            return Failure(Errno::io);
        if (write_delay.value != 0)
            sleep_for(write_delay);
        for (usize i = 0; i < pages.size(); ++i)
            memcpy(&words[first + i], pages[i]->bytes(), 8);
        return {};
    }
    Result<> prepare_dirty(u64) override {
        if (full)
            return Failure(Errno::nospc);
        return {};
    }
    u32 read_ahead(u64, u32 wanted) override { return wanted < ahead ? wanted : ahead; }
};

u64 word_of(Page& page) {
    u64 word;
    memcpy(&word, page.bytes(), 8);
    return word;
}
void set_word(Page& page, u64 word) { memcpy(page.bytes(), &word, 8); }

RefOrNull<PageCache> open(FakeFile& file) {
    auto cache = PageCache::create(file, false);
    if (!cache)
        return {};
    (*cache)->set_size(file_pages * page_size);
    return RefOrNull<PageCache>(std::move(*cache));
}

TEST(page_cache, reads_once) {
    FakeFile file;
    const u64 cached = frame_counts().cached;
    {
        auto cache = open(file);
        REQUIRE(cache);
        EXPECT(!cache->try_page(3));
        for (int round = 0; round < 3; ++round) {
            auto page = cache->get(3);
            REQUIRE(page.has_value());
            EXPECT(word_of(**page) == 3007);
        }
        EXPECT(file.reads.load() == 1 && cache->page_count() == 1);
        EXPECT(static_cast<bool>(cache->try_page(3)));
        EXPECT(cache->next_page(0) == 3 && cache->next_page(4) == ~u64{0});
        EXPECT(!cache->page_for_mapping(file_pages, Access::read));
        EXPECT(frame_counts().cached == cached + 1);
    }
    EXPECT(frame_counts().cached == cached);
}

TEST(page_cache, reads_ahead) {
    FakeFile file;
    file.ahead = 8;
    auto cache = open(file);
    REQUIRE(cache);
    EXPECT(cache->get(0).has_value());
    EXPECT(file.reads.load() == 1 && file.pages_read.load() == 8 && cache->page_count() == 8);
    for (u64 i = 0; i < 8; ++i) {
        PageRef page = cache->try_page(i);
        REQUIRE(page);
        EXPECT(word_of(*page) == i * 1000 + 7);
    }
    EXPECT(cache->get(file_pages - 2).has_value()); // not beyond the end
    EXPECT(cache->page_count() == 10);
}

TEST(page_cache, writes_back) {
    FakeFile file;
    auto cache = open(file);
    REQUIRE(cache);
    for (u64 i : {5, 6, 7, 20}) {
        auto page = cache->get(i);
        REQUIRE(page.has_value());
        REQUIRE(cache->make_dirty(**page).has_value());
        set_word(**page, i);
    }
    EXPECT(cache->dirty_pages() == 4);
    cache->drop(0, file_pages, false); // dirty pages stay
    EXPECT(cache->page_count() == 4);
    EXPECT(cache->write_back(0, 10).has_value());
    EXPECT(file.writes.load() == 1 && cache->dirty_pages() == 1);
    EXPECT(file.words[5] == 5 && file.words[7] == 7 && file.words[20] == 20'007);
    EXPECT(cache->write_back().has_value());
    EXPECT(file.words[20] == 20 && !cache->has_dirty_pages());
    cache->drop(0, file_pages, false);
    EXPECT(cache->page_count() == 0);
    auto again = cache->get(20);
    REQUIRE(again.has_value());
    EXPECT(word_of(**again) == 20);
}

TEST(page_cache, errors) {
    FakeFile file;
    auto cache = open(file);
    REQUIRE(cache);
    file.fail_reads = true;
    EXPECT(cache->get(1).error() == Errno::io);
    EXPECT(!cache->try_page(1));
    file.fail_reads = false;
    auto page = cache->get(1); // a later try succeeds
    REQUIRE(page.has_value());
    EXPECT(word_of(**page) == 1007);
    file.full = true;
    EXPECT(cache->make_dirty(**page).error() == Errno::nospc);
    EXPECT(!cache->has_dirty_pages());
    file.full = false;
    REQUIRE(cache->make_dirty(**page).has_value());
    set_word(**page, 99);
    file.fail_writes = true;
    EXPECT(cache->write_back().error() == Errno::io);
    EXPECT(cache->has_dirty_pages() && (*page)->has(page_flag::error)); // nothing is lost
    file.fail_writes = false;
    EXPECT(cache->write_back().has_value());
    EXPECT(file.words[1] == 99 && !cache->has_dirty_pages());
}

TEST(page_cache, truncates) {
    FakeFile file;
    const u64 cached = frame_counts().cached;
    auto cache = open(file);
    REQUIRE(cache);
    for (u64 i = 0; i < 10; ++i) {
        bool fresh = false;
        auto page = cache->get_for_overwrite(i, fresh);
        REQUIRE(page.has_value());
        EXPECT(fresh && !cache->try_page(i));
        memset((*page)->bytes(), 0xff, page_size);
        cache->finish_overwrite(**page);
        REQUIRE(cache->make_dirty(**page).has_value());
    }
    EXPECT(file.reads.load() == 0);
    cache->set_size(4 * page_size + 100);
    EXPECT(cache->page_count() == 5 && cache->dirty_pages() == 5);
    PageRef tail = cache->try_page(4);
    REQUIRE(tail);
    EXPECT(tail->bytes()[99] == 0xff && tail->bytes()[100] == 0 && tail->bytes()[4095] == 0);
    EXPECT(!cache->try_page(5));
    EXPECT(cache->page_for_mapping(5, Access::read).error() == Errno::fault);
    tail = PageRef();
    cache->drop(0, ~u64{0}, true);
    EXPECT(cache->page_count() == 0 && !cache->has_dirty_pages());
    EXPECT(frame_counts().cached == cached);
}

// Many ask for the same pages while they are read in: each is read once, all see the content.
TEST(page_cache, readers_share_a_read) {
    FakeFile file;
    file.delay = base::milliseconds(1);
    auto cache = open(file);
    REQUIRE(cache);
    auto body = [&](u32 index) {
        for (u64 i = 0; i < 16; ++i) {
            auto page = cache->get((i + index) % 16);
            REQUIRE(page.has_value());
            EXPECT(word_of(**page) == (i + index) % 16 * 1000 + 7);
        }
    };
    TestThreads threads;
    threads.start_many(8, body);
    threads.wait();
    EXPECT(file.reads.load() == 16 && cache->page_count() == 16);
}

// Two write back the same page: neither returns before it is on disk.
TEST(page_cache, waits_for_what_another_writes) {
    FakeFile file;
    file.write_delay = base::milliseconds(2);
    auto cache = open(file);
    REQUIRE(cache);
    auto page = cache->get(9);
    REQUIRE(page.has_value());
    for (u64 round = 1; round <= 5; ++round) {
        REQUIRE(cache->make_dirty(**page).has_value());
        set_word(**page, round);
        auto body = [&](u32) {
            EXPECT(cache->write_back().has_value());
            EXPECT(file.words[9] == round);
        };
        TestThreads threads;
        threads.start_many(3, body);
        threads.wait();
        EXPECT(!cache->has_dirty_pages());
    }
    EXPECT(file.writes.load() == 5);
}

// Readers, writers, write-back and dropping at once; words only ever grow.
TEST(page_cache, everything_at_once) {
    FakeFile file;
    for (u64& word : file.words)
        word = 0;
    file.ahead = 4;
    auto cache = open(file);
    REQUIRE(cache);
    std::atomic<u32> increments{0};
    Lock<lock_class::inode> writing;
    auto body = [&](u32 index) {
        TestRandom random(index);
        for (int step = 0; step < 400; ++step) {
            const u64 i = random.below(file_pages);
            if (index == 0) {
                EXPECT(cache->write_back(i, i + 8).has_value());
            } else if (index == 1) {
                cache->drop(i, i + 8, false);
            } else {
                LockGuard<lock_class::inode> guard(writing);
                auto page = cache->get(i);
                REQUIRE(page.has_value());
                REQUIRE(cache->make_dirty(**page).has_value());
                set_word(**page, word_of(**page) + 1);
                // Write-back may have taken the page between the two: it is dirty again.
                REQUIRE(cache->make_dirty(**page).has_value());
                increments.fetch_add(1);
            }
        }
    };
    TestThreads threads;
    threads.start_many(5, body);
    threads.wait();
    EXPECT(cache->write_back().has_value());
    u64 sum = 0;
    for (u64 word : file.words)
        sum += word;
    EXPECT(sum == increments.load());
}

} // namespace
} // namespace core

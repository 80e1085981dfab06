// SPDX-License-Identifier: BSD-2-Clause
// The core's extent cache against a plain map of blocks.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/file/extent_cache.h"

namespace core::file {

TEST(ExtentCache, AgreesWithAMapOfBlocks) {
    std::mt19937 random(7);
    ExtentCache cache;
    std::map<u64, std::pair<FileExtent::Kind, u64>> model;
    for (int step = 0; step < 20'000; ++step) {
        const u64 from = random() % 400;
        const u32 length = 1 + random() % 30;
        if (random() % 3 == 0) {
            cache.forget(from, from + length);
            for (u64 i = from; i < from + length; ++i)
                model.erase(i);
        } else {
            const auto kind = static_cast<FileExtent::Kind>(random() % 3);
            const u64 physical = kind == FileExtent::Kind::hole ? 0 : 1000 + from;
            cache.insert({from, physical, length, kind});
            for (u64 i = from; i < from + length; ++i)
                model[i] = {kind, physical ? physical + i - from : 0};
        }
        for (u64 i = 0; i < 440; ++i) {
            const FileExtent* found = cache.find(i);
            ASSERT_EQ(found != nullptr, model.contains(i)) << step << " " << i;
            if (!found)
                continue;
            ASSERT_EQ(found->kind, model[i].first);
            if (found->kind != FileExtent::Kind::hole)
                ASSERT_EQ(found->physical + (i - found->logical), model[i].second);
        }
    }
}

TEST(ExtentCache, BeginsAgainWhenFull) {
    ExtentCache cache;
    for (u64 i = 0; i < 10'000; ++i)
        cache.insert({i * 2, i * 7, 1, FileExtent::Kind::mapped});
    EXPECT_LE(cache.size(), 2048u);
    EXPECT_NE(cache.find(19'998), nullptr);
}

} // namespace core::file

// SPDX-License-Identifier: BSD-2-Clause
#include "core/observe/log_limit.h"

#include <gtest/gtest.h>

namespace core {
namespace {

TEST(LogLimit, aBurstPassesAndWhatFollowsIsCounted) {
    LogLimit limit;
    const Nanos start = base::seconds(100);
    for (u32 i = 0; i < LogLimit::burst; ++i) {
        const LogLimit::Answer answer = limit.ask(start + base::milliseconds(i));
        EXPECT_TRUE(answer.may_write);
        EXPECT_EQ(answer.left_out, 0u);
    }
    for (u32 i = 0; i < 1000; ++i)
        EXPECT_FALSE(limit.ask(start + base::seconds(1)).may_write);
    const LogLimit::Answer next = limit.ask(start + LogLimit::window);
    EXPECT_TRUE(next.may_write);
    EXPECT_EQ(next.left_out, 1000u);
    EXPECT_EQ(limit.ask(start + LogLimit::window).left_out, 0u); // it was said
}

TEST(LogLimit, whoSpeaksNowAndThenIsHeard) {
    LogLimit limit;
    for (u32 i = 0; i < 1000; ++i) {
        const LogLimit::Answer answer = limit.ask(base::seconds(i));
        EXPECT_TRUE(answer.may_write);
        EXPECT_EQ(answer.left_out, 0u);
    }
}

} // namespace
} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// links: base/format.cpp
#include "base/format.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace base {
namespace {

template <typename... Arguments>
std::string formatted(std::string_view pattern, const Arguments&... arguments) {
    char buffer[256];
    BufferSink sink(buffer);
    format(sink, pattern, arguments...);
    EXPECT_FALSE(sink.truncated());
    return std::string(sink.text());
}

TEST(Format, plainText) {
    EXPECT_EQ(formatted(""), "");
    EXPECT_EQ(formatted("no fields"), "no fields");
    EXPECT_EQ(formatted("{{{}}}", 7), "{7}");
}

TEST(Format, integersAtTheirLimits) {
    EXPECT_EQ(formatted("{}", 0), "0");
    EXPECT_EQ(formatted("{} {}", -1, u8{255}), "-1 255");
    EXPECT_EQ(formatted("{}", std::numeric_limits<i64>::min()), "-9223372036854775808");
    EXPECT_EQ(formatted("{}", std::numeric_limits<u64>::max()), "18446744073709551615");
}

TEST(Format, radixWidthAndFill) {
    EXPECT_EQ(formatted("{:x} {:#x} {:016x}", 255u, 255u, u64{0xabc}), "ff 0xff 0000000000000abc");
    EXPECT_EQ(formatted("{:X} {:04X}", 0x10abcdu, 0x1afu), "10ABCD 01AF");
    EXPECT_EQ(formatted("{:o} {:b}", 8u, 5u), "10 101");
    EXPECT_EQ(formatted("[{:5}] [{:<5}] [{:05}]", 42, 42, -42), "[   42] [42   ] [-0042]");
    EXPECT_EQ(formatted("{:x}", -1), "ffffffffffffffff");
}

TEST(Format, textCharactersAndTruth) {
    EXPECT_EQ(formatted("[{:6}] [{:<6}]", "abc", std::string_view("abc")), "[   abc] [abc   ]");
    EXPECT_EQ(formatted("{}{:c} {}", 'a', u8{'b'}, true), "ab true");
    EXPECT_EQ(formatted("{}", Errno::noent), "noent");
}

TEST(Format, addressesAndQuantities) {
    EXPECT_EQ(formatted("{:#x} {}", PhysAddr(0x1000), Pages(3)), "0x1000 3");
    EXPECT_EQ(formatted("{}", reinterpret_cast<const void*>(0xfee0)), "0xfee0");
}

TEST(Format, wrongPatternsAreHarmless) {
    EXPECT_EQ(formatted("{} {}", 1), "1 {?}");
    EXPECT_EQ(formatted("open {", 1), "open ");
    EXPECT_EQ(formatted("too many", 1, 2), "too many");
}

TEST(BufferSink, cutsAndRemembersTheWholeLength) {
    char buffer[4];
    BufferSink sink(buffer);
    format(sink, "{}", 1234567);
    EXPECT_EQ(sink.text(), "1234");
    EXPECT_EQ(sink.wanted(), 7u);
    EXPECT_TRUE(sink.truncated());
}

TEST(Text, holdsItsOwn) { EXPECT_EQ(Text<8>("virtio{}", 3).view(), "virtio3"); }

} // namespace
} // namespace base

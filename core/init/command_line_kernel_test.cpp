// SPDX-License-Identifier: BSD-2-Clause
#include "core/init/command_line.h"

#include "core/debug/kernel_test.h"

namespace core {
namespace {

TEST(command_line, finds_options) {
    constexpr std::string_view line = "  console=ttyS0,115200 rw  root=/dev/vda console=tty0 "
                                      "name=\"two words\" empty= ro=1 quietly -- quiet a=b";
    EXPECT(find_option(line, "console").value_or("?") == "tty0"); // the last one counts
    EXPECT(find_option(line, "rw").value_or("?").empty());
    EXPECT(find_option(line, "root").value_or("?") == "/dev/vda");
    EXPECT(find_option(line, "name").value_or("?") == "two words");
    EXPECT(find_option(line, "empty").value_or("?").empty());
    EXPECT(!find_option(line, "quiet") && !find_option(line, "a")); // those are init's
    EXPECT(!find_option(line, "r") && !find_option(line, "words"));
    EXPECT(!find_option("", "a") && !find_option("   ", "a"));
    EXPECT(find_option("a=\"unclosed rest", "a").value_or("?") == "\"unclosed rest");
    EXPECT(find_option("a=\"", "a").has_value());
}

TEST(command_line, reads_numbers) {
    EXPECT(parse_number("0").value_or(9) == 0 && parse_number("0x1f").value_or(0) == 31);
    EXPECT(parse_number("18446744073709551615").value_or(0) == ~u64{0});
    EXPECT(parse_number("0xffffffffffffffff").value_or(0) == ~u64{0});
    EXPECT(!parse_number("18446744073709551616") && !parse_number("0x10000000000000000"));
    EXPECT(!parse_number("") && !parse_number("0x") && !parse_number("12a"));
    EXPECT(!parse_number("-1") && !parse_number("0xg") && !parse_number(" 1"));
}

TEST(command_line, this_boot) {
    EXPECT(has_boot_option("pith.test"));
    EXPECT(!has_boot_option("pith.no_such_option"));
    EXPECT(boot_option_number("pith.no_such_option", 17) == 17);
    struct Seen {
        u32 words = 0;
        bool test = false;
    } seen;
    for_each_boot_word(
        [](std::string_view word, bool after_dashes, void* argument) {
            auto& counts = *static_cast<Seen*>(argument);
            ++counts.words;
            counts.test |= !after_dashes && word.starts_with("pith.test");
        },
        &seen);
    EXPECT(seen.words > 0 && seen.test);
}

} // namespace
} // namespace core

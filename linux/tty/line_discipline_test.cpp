// SPDX-License-Identifier: BSD-2-Clause
// links: linux/tty/line_discipline.cpp linux/tty/line_input.cpp linux/tty/line_output.cpp
#include "linux/tty/line_discipline.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linux {
namespace {

struct Host final : LineHost {
    bool put(std::span<const u8> bytes) override {
        if (bytes.size() > room)
            return false;
        room -= bytes.size();
        output.append(bytes.begin(), bytes.end());
        return true;
    }
    void signal(i32 number) override { signals.push_back(number); }
    void stop_output() override { stopped = true; }
    void start_output() override { stopped = false; }
    bool output_stopped() const override { return stopped; }
    void drop_output() override { ++drops; }

    std::string output;
    std::vector<i32> signals;
    usize room = 1 << 20;
    bool stopped = false;
    int drops = 0;
};

class LineDisciplineTest : public testing::Test {
protected:
    usize type(std::string_view text) {
        return line.receive({reinterpret_cast<const u8*>(text.data()), text.size()});
    }
    usize print(std::string_view text) {
        return line.send({reinterpret_cast<const u8*>(text.data()), text.size()});
    }
    std::string read(usize size = 4096) {
        std::string text(size, 0);
        bool end = false;
        text.resize(line.take({reinterpret_cast<u8*>(text.data()), size}, end));
        if (text.size() == size && !end)
            line.skip_end_of_file();
        return text;
    }
    std::string echoed() { return std::exchange(host.output, {}); }
    template <typename Change>
    void set(Change change) {
        Termios settings = line.settings();
        change(settings);
        line.apply(settings);
    }

    Host host;
    LineDiscipline line{host};
};

TEST_F(LineDisciplineTest, GivesLinesOneByOneAndEchoes) {
    type("one\rtwo\n");
    EXPECT_EQ(echoed(), "one\r\ntwo\r\n");
    EXPECT_TRUE(line.readable(true));
    EXPECT_EQ(line.input_count(), 8u);
    EXPECT_EQ(read(), "one\n");
    EXPECT_EQ(read(2), "tw");
    EXPECT_EQ(read(), "o\n");
    EXPECT_FALSE(line.readable(false));
}

TEST_F(LineDisciplineTest, KeepsAnUnfinishedLine) {
    type("abc");
    EXPECT_FALSE(line.readable(false));
    EXPECT_EQ(line.input_count(), 0u);
    type("\n");
    EXPECT_EQ(read(), "abc\n");
}

TEST_F(LineDisciplineTest, EndOfFile) {
    type("ab\x04");
    EXPECT_EQ(line.input_count(), 2u);
    EXPECT_EQ(read(), "ab");
    EXPECT_FALSE(line.readable(false));
    type("\x04");
    EXPECT_TRUE(line.readable(false));
    EXPECT_EQ(read(), "");
    EXPECT_FALSE(line.readable(false));
    EXPECT_EQ(echoed(), "ab");
}

TEST_F(LineDisciplineTest, EndOfFileBehindAFullBufferIsNotASecondEnd) {
    type("abc\x04");
    EXPECT_EQ(read(3), "abc");
    EXPECT_FALSE(line.readable(false));
}

TEST_F(LineDisciplineTest, ErasesCharactersWordsAndLines) {
    type("abd\x7f" "c");
    EXPECT_EQ(echoed(), "abd\b \bc");
    type(" de  \x17");
    EXPECT_EQ(echoed(), " de  \b \b\b \b\b \b\b \b");
    type("x\n");
    EXPECT_EQ(read(), "abc x\n");
    echoed();
    type("abc\x15" "d\n");
    EXPECT_EQ(echoed(), "abc\b \b\b \b\b \bd\r\n");
    EXPECT_EQ(read(), "d\n");
    type("\x7f\x7f");
    EXPECT_EQ(echoed(), "");
}

TEST_F(LineDisciplineTest, ErasesControlCharactersAndTabs) {
    type("\x16\x01");
    EXPECT_EQ(echoed(), "^\b^A");
    type("\x7f");
    EXPECT_EQ(echoed(), "\b \b\b \b");
    print("> ");
    echoed();
    type("ab\tc\x7f\x7f");
    EXPECT_EQ(echoed(), "ab\tc\b \b\b\b\b\b");
}

TEST_F(LineDisciplineTest, KillWithoutEraseEcho) {
    set([](Termios& t) { t.local &= ~local_mode::echo_kill_erase; });
    type("abc\x15");
    EXPECT_EQ(echoed(), "abc^U\r\n");
}

TEST_F(LineDisciplineTest, ErasesWholeUtf8Characters) {
    set([](Termios& t) { t.input |= input_mode::utf8; });
    type("a\xc3\xa9\x7f" "b\n");
    EXPECT_EQ(echoed(), "a\xc3\xa9\b \bb\r\n");
    EXPECT_EQ(read(), "ab\n");
}

TEST_F(LineDisciplineTest, PrintsErasedCharacters) {
    set([](Termios& t) { t.local |= local_mode::echo_print; });
    type("abc\x7f\x7f" "d");
    EXPECT_EQ(echoed(), "abc\\cb/d");
}

TEST_F(LineDisciplineTest, SignalsFlushInput) {
    type("abc\x03");
    EXPECT_EQ(host.signals, std::vector<i32>{2});
    EXPECT_EQ(echoed(), "abc^C");
    EXPECT_EQ(host.drops, 1);
    type("\n");
    EXPECT_EQ(read(), "\n");
    set([](Termios& t) { t.local |= local_mode::no_flush; });
    type("x\x1a\x1cy\n");
    EXPECT_EQ(host.signals, (std::vector<i32>{2, 20, 3}));
    EXPECT_EQ(read(), "xy\n");
    EXPECT_EQ(host.drops, 1);
}

TEST_F(LineDisciplineTest, FlowControl) {
    type("\x13");
    EXPECT_TRUE(host.stopped);
    type("a");
    EXPECT_TRUE(host.stopped);
    type("\x11");
    EXPECT_FALSE(host.stopped);
    set([](Termios& t) { t.input |= input_mode::any_restarts; });
    type("\x13" "b");
    EXPECT_FALSE(host.stopped);
    type("\x13");
    set([](Termios& t) { t.input &= ~input_mode::flow_output; });
    EXPECT_FALSE(host.stopped);
}

TEST_F(LineDisciplineTest, LiteralNext) {
    type("\x16\x03\x16\x7f\n");
    EXPECT_TRUE(host.signals.empty());
    EXPECT_EQ(read(), "\x03\x7f\n");
    EXPECT_EQ(echoed(), "^\b^C^\b^?\r\n");
}

TEST_F(LineDisciplineTest, Reprint) {
    type("ab\x12" "c");
    EXPECT_EQ(echoed(), "ab^R\r\nabc");
}

TEST_F(LineDisciplineTest, OtherLineEnds) {
    set([](Termios& t) {
        t.control[control_character::end_of_line] = '|';
        t.control[control_character::end_of_line2] = '#';
    });
    type("a|b#c\n");
    EXPECT_EQ(read(), "a|");
    EXPECT_EQ(read(), "b#");
    EXPECT_EQ(read(), "c\n");
}

TEST_F(LineDisciplineTest, InputMapping) {
    set([](Termios& t) { t.input = input_mode::newline_to_return; });
    type("a\nb\r");
    EXPECT_FALSE(line.readable(false));
    set([](Termios& t) { t.input = input_mode::ignore_return; });
    type("c\rd\n");
    EXPECT_EQ(read(), "a\rb\r" "cd\n");
    set([](Termios& t) { t.input = input_mode::strip; });
    type("\xe1\n");
    EXPECT_EQ(read(), "a\n");
}

TEST_F(LineDisciplineTest, RawModeGivesEverything) {
    set([](Termios& t) {
        t.input = 0;
        t.output = 0;
        t.local = 0;
    });
    type("\x03\r\n\x7f");
    EXPECT_EQ(echoed(), "");
    EXPECT_EQ(read(2), "\x03\r");
    EXPECT_EQ(read(), "\n\x7f");
    set([](Termios& t) { t.control[control_character::minimum] = 3; });
    type("ab");
    EXPECT_FALSE(line.readable(true));
    EXPECT_TRUE(line.readable(false));
    type("c");
    EXPECT_TRUE(line.readable(true));
}

TEST_F(LineDisciplineTest, TypedBytesBecomeALineWhenCanonicalModeReturns) {
    set([](Termios& t) { t.local &= ~local_mode::canonical; });
    type("abc");
    set([](Termios& t) { t.local |= local_mode::canonical; });
    EXPECT_TRUE(line.readable(false));
    EXPECT_EQ(read(), "abc");
}

TEST_F(LineDisciplineTest, OutputProcessing) {
    EXPECT_EQ(print("a\nb"), 3u);
    EXPECT_EQ(echoed(), "a\r\nb");
    set([](Termios& t) {
        t.output = output_mode::process | output_mode::expand_tabs |
                   output_mode::return_to_newline | output_mode::lower_to_upper;
    });
    print("\tx\r");
    EXPECT_EQ(echoed(), "       X\n");
    set([](Termios& t) { t.output = output_mode::process | output_mode::no_return_at_zero; });
    print("\r");
    echoed();
    print("\ra\r");
    EXPECT_EQ(echoed(), "a\r");
}

TEST_F(LineDisciplineTest, OutputStopsWhereRoomEnds) {
    host.room = 4;
    EXPECT_EQ(print("abc\nde"), 3u);
    EXPECT_EQ(echoed(), "abc");
    host.room = 100;
    EXPECT_EQ(print("\nde"), 3u);
    EXPECT_EQ(echoed(), "\r\nde");
}

TEST_F(LineDisciplineTest, AFullBufferKeepsRoomForTheNewline) {
    set([](Termios& t) { t.local &= ~local_mode::echo; });
    EXPECT_EQ(type(std::string(5000, 'x')), 5000u);
    type("\n");
    const std::string text = read(8192);
    EXPECT_EQ(text.size(), 4096u);
    EXPECT_EQ(text.back(), '\n');
    EXPECT_EQ(type("a\n"), 2u);
    EXPECT_EQ(type(std::string(5000, 'y')), 4093u);
    EXPECT_EQ(read(), "a\n");
    EXPECT_EQ(type("z"), 1u);
}

TEST_F(LineDisciplineTest, MarksParity) {
    set([](Termios& t) {
        t.local = 0;
        t.input = input_mode::mark_parity | input_mode::check_parity;
    });
    type("\xff");
    line.receive_fault(LineFault::parity, 'a');
    line.receive_fault(LineFault::break_condition, 0);
    EXPECT_EQ(read(), std::string("\xff\xff\xff\0a\xff\0\0", 8));
}

} // namespace
} // namespace linux

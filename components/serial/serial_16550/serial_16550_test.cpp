// SPDX-License-Identifier: BSD-2-Clause
// The driver against a pretended UART, truthful and lying.
#include <deque>
#include <utility>

#include <gtest/gtest.h>

#include "abi/component/byte_stream.h"
#include "host/test/lies.h"

extern "C" const component::Descriptor pith_component_serial_16550;

namespace {

using namespace host_test;
using component::Answer;
using component::ByteStream;
using Operation = ByteStream::Operation;

class FakeUart : public FakeDevice {
public:
    u64 read(u32, u64 offset, u32) override {
        switch (offset) {
        case 0: {
            if (latch())
                return divisor & 0xff;
            if (input.empty())
                return 0;
            const u8 byte = input.front();
            input.pop_front();
            errors = input.empty() ? u8{0} : errors_of_next;
            errors_of_next = 0;
            return byte;
        }
        case 1: return latch() ? divisor >> 8 : enabled;
        case 2: return identity();
        case 3: return line_control;
        case 4: return modem_control;
        case 5:
            return (input.empty() ? 0 : 1) | (fifo == 0 && !stuck ? 0x60 : 0) |
                   std::exchange(errors, u8{0});
        case 7: return scratch;
        default: return 0;
        }
    }
    void write(u32, u64 offset, u32, u64 value) override {
        const u8 byte = static_cast<u8>(value);
        switch (offset) {
        case 0:
            if (latch()) {
                divisor = static_cast<u16>((divisor & 0xff00) | byte);
            } else {
                if (fifo == 16 || stuck)
                    ++lost;
                else
                    ++fifo, sent.push_back(byte);
            }
            break;
        case 1:
            if (latch())
                divisor = static_cast<u16>((divisor & 0xff) | byte << 8);
            else
                enabled = byte;
            break;
        case 3: line_control = byte; break;
        case 4: modem_control = byte; break;
        case 7: scratch = byte; break;
        default: break;
        }
    }
    std::vector<component::WindowInfo> windows() const override { return {{8, 2, 0}}; }

    bool latch() const { return (line_control & 0x80) != 0; }
    u8 identity() const {
        if ((enabled & 1) && !input.empty())
            return 0xc4;
        if ((enabled & 2) && fifo == 0 && !stuck)
            return 0xc2;
        return 0xc1;
    }
    bool interrupts() const { return !(identity() & 1); }
    // The FIFO has gone out on the line.
    void drain() { fifo = 0; }

    std::deque<u8> input;
    std::string sent;
    u16 divisor = 1;
    u8 enabled = 0, line_control = 0, modem_control = 0, scratch = 0;
    u8 errors = 0;         // of the byte at the top; read once
    u8 errors_of_next = 0; // of the one behind it
    u32 fifo = 0;
    u32 lost = 0;       // written although there was no room
    bool stuck = false; // sends nothing
};

class Serial : public testing::Test {
protected:
    u64 transmit(std::string_view text) {
        return home.submit(static_cast<u16>(Operation::transmit), {}, {text.begin(), text.end()});
    }
    // One interrupt after the other, for as long as the line has something to do.
    void run_line() {
        for (int i = 0; i < 1000; ++i) {
            uart.drain();
            if (!uart.interrupts())
                break;
            home.interrupt(0);
        }
    }
    // As the core: what a request did not take goes into another. False if one was not answered.
    bool transmit_all(std::string_view text) {
        while (!text.empty()) {
            const u64 id = transmit(text);
            run_line();
            if (!home.answer(id).done || home.answer(id).status != 0)
                return false;
            text.remove_prefix(home.answer(id).value);
        }
        return true;
    }
    std::string received() const {
        std::string all;
        for (const Delivery& d : home.deliveries)
            all.append(d.bytes.begin(), d.bytes.end());
        return all;
    }

    DeviceMemory memory;
    FakeUart uart;
    Home home{pith_component_serial_16550, &uart, memory};
};

TEST_F(Serial, sendsInOrder) {
    ASSERT_TRUE(home.start());
    std::string expected;
    for (int i = 0; i < 6; ++i) {
        const std::string text = "line " + std::to_string(i) + " is longer than one FIFO\n";
        expected += text;
        EXPECT_TRUE(transmit_all(text));
    }
    EXPECT_EQ(uart.sent, expected);
    EXPECT_EQ(uart.lost, 0u);
    EXPECT_FALSE(uart.enabled & 2); // nothing to send: no interrupts for it
}

// So that the next life repeats no more than that.
TEST_F(Serial, aRequestIsAnsweredWithOneFifo) {
    ASSERT_TRUE(home.start());
    const u64 first = transmit(std::string(40, 'x'));
    EXPECT_TRUE(home.answer(first).done);
    EXPECT_EQ(home.answer(first).value, 16u);
    const u64 second = transmit(std::string(24, 'x'));
    EXPECT_FALSE(home.answer(second).done);
    run_line();
    EXPECT_TRUE(home.answer(second).done);
    EXPECT_EQ(home.answer(second).value, 16u);
    EXPECT_EQ(uart.sent.size(), 32u);
}

// A UART that takes everything at once would keep its sender in one handler for ever.
TEST_F(Serial, afterAWhileItWaitsForTheInterrupt) {
    ASSERT_TRUE(home.start());
    u64 last = 0;
    for (int i = 0; i < 1000 && (last == 0 || home.answer(last).done); ++i) {
        uart.drain();
        last = transmit("0123456789abcdef");
    }
    EXPECT_FALSE(home.answer(last).done);
    run_line();
    EXPECT_TRUE(home.answer(last).done);
}

TEST_F(Serial, fullQueueSaysBusy) {
    ASSERT_TRUE(home.start());
    transmit("0123456789abcdef");
    u64 last = 0;
    for (int i = 0; i < 9; ++i)
        last = transmit("0123456789abcdef0123456789abcdef");
    EXPECT_EQ(home.kind(last), Answer::Kind::busy);
}

TEST_F(Serial, receives) {
    ASSERT_TRUE(home.start());
    for (char c : std::string("typed by someone, and more than sixteen bytes"))
        uart.input.push_back(static_cast<u8>(c));
    run_line();
    EXPECT_EQ(received(), "typed by someone, and more than sixteen bytes");
}

TEST_F(Serial, stopsReceivingWhileTheCoreHasNoRoom) {
    ASSERT_TRUE(home.start());
    u64 room = 5;
    home.take = [&](const Delivery& d) {
        const u64 taken = std::min<u64>(room, d.bytes.size());
        room -= taken;
        return taken;
    };
    for (char c : std::string("0123456789abcdefghijklmnop"))
        uart.input.push_back(static_cast<u8>(c));
    run_line();
    EXPECT_EQ(received(), "01234");
    EXPECT_FALSE(uart.interrupts());
    room = 1000;
    home.submit(static_cast<u16>(Operation::receive_ready), {});
    run_line();
    EXPECT_EQ(received(), "0123456789abcdefghijklmnop");
}

// Whatever the amounts, nothing is lost and nothing is out of order.
TEST_F(Serial, flowControlLosesNothing) {
    ASSERT_TRUE(home.start());
    u64 room = 0;
    std::string taken, given;
    home.take = [&](const Delivery& d) {
        const u64 here = std::min<u64>(room, d.bytes.size());
        room -= here;
        taken.append(d.bytes.begin(), d.bytes.begin() + static_cast<isize>(here));
        return here;
    };
    u64 random = 3;
    for (int i = 0; i < 3000; ++i) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        for (u64 n = (random >> 40) % 40; n > 0 && uart.input.size() < 4000; --n) {
            given.push_back(static_cast<char>('a' + given.size() % 26));
            uart.input.push_back(static_cast<u8>(given.back()));
        }
        if (uart.interrupts())
            home.interrupt(0);
        room = (random >> 50) % 45;
        if (random >> 63)
            home.submit(static_cast<u16>(Operation::receive_ready), {});
        EXPECT_EQ((uart.modem_control & 2) != 0, (uart.enabled & 1) != 0); // RTS follows
    }
    for (int i = 0; i < 200; ++i) {
        room = 1000;
        home.submit(static_cast<u16>(Operation::receive_ready), {});
    }
    EXPECT_EQ(taken, given);
}

TEST_F(Serial, aBreakIsToldOnceAndInOrder) {
    ASSERT_TRUE(home.start());
    for (u8 byte : {u8{'a'}, u8{0}, u8{'b'}})
        uart.input.push_back(byte);
    uart.errors_of_next = 0x10;
    // Sending looks at the status too: the mark must not get lost on it.
    transmit("x");
    run_line();
    ASSERT_EQ(home.deliveries.size(), 3u);
    EXPECT_EQ(home.deliveries[0].bytes, std::vector<u8>{'a'});
    EXPECT_EQ(home.deliveries[1].event, static_cast<u32>(ByteStream::Event::broken));
    EXPECT_EQ(home.deliveries[2].bytes, std::vector<u8>{'b'});
}

TEST_F(Serial, theMarkOfABreakSurvivesASend) {
    ASSERT_TRUE(home.start());
    home.take = [](const Delivery& d) { return d.bytes.empty() ? u64{0} : u64{1}; };
    uart.input = {'a', 'b', 0};
    run_line(); // stalled now, or all read
    uart.input = {0};
    uart.errors = 0x10;
    transmit("x");
    home.take = nullptr;
    home.submit(static_cast<u16>(Operation::receive_ready), {});
    EXPECT_EQ(home.counters[5], 1u);
}

TEST_F(Serial, errorsAreCounted) {
    ASSERT_TRUE(home.start());
    uart.input = {'a'};
    uart.errors = 2 | 4 | 8; // overrun, parity, framing
    run_line();
    EXPECT_EQ(home.counters[2], 1u);
    EXPECT_EQ(home.counters[3], 1u);
    EXPECT_EQ(home.counters[4], 1u);
    EXPECT_EQ(received(), "a");
}

TEST_F(Serial, goesOnAfterALostInterrupt) {
    ASSERT_TRUE(home.start());
    transmit(std::string(16, 'x'));
    const u64 id = transmit(std::string(16, 'x'));
    EXPECT_FALSE(home.answer(id).done);
    uart.drain(); // and no interrupt
    home.time += 150'000'000;
    home.fire_timers();
    EXPECT_TRUE(home.answer(id).done);
    EXPECT_EQ(uart.sent, std::string(32, 'x'));
    EXPECT_GT(home.counters[6], 0u);
}

TEST_F(Serial, resumesAfterAMove) {
    ASSERT_TRUE(home.start());
    transmit(std::string(16, 'x'));
    const u64 id = transmit(std::string(16, 'x'));
    home.move();
    uart.enabled = 0; // as quiesce left it
    uart.drain();
    home.resume();
    run_line();
    EXPECT_TRUE(home.answer(id).done);
    EXPECT_EQ(uart.sent, std::string(32, 'x'));
    EXPECT_TRUE(uart.enabled & 1);
}

TEST_F(Serial, endsWhenInterruptsDoNotEnd) {
    ASSERT_TRUE(home.start());
    home.lie = [](u64, u64 value, u32) { return value & 0xfe; }; // always a cause, never a byte
    home.interrupt(0);
    for (int i = 0; i < 1000 && !home.ended(); ++i) {
        home.time += 2'000'000;
        home.fire_timers();
    }
    EXPECT_TRUE(home.ended());
    EXPECT_FALSE(home.broke_contract());
}

TEST_F(Serial, setsTheLine) {
    ASSERT_TRUE(home.start());
    const u64 id =
        home.submit(static_cast<u16>(Operation::set_line), {9600, 7 | 2 << 8 | 2 << 16, 0});
    EXPECT_EQ(home.answer(id).status, 0);
    EXPECT_EQ(uart.divisor, 12);
    EXPECT_EQ(uart.line_control, 2 | 4 | 8 | 16);
    const u64 bad = home.submit(static_cast<u16>(Operation::set_line), {9600, 12, 0});
    EXPECT_NE(home.answer(bad).status, 0);
}

TEST_F(Serial, survivesAMove) {
    ASSERT_TRUE(home.start());
    transmit("one FIFO of text");
    const u64 id = transmit("and another one.");
    home.move();
    uart.drain();
    run_line();
    EXPECT_TRUE(home.answer(id).done);
    EXPECT_EQ(uart.sent, "one FIFO of textand another one.");
    EXPECT_TRUE(transmit_all("a text that takes several FIFOs to be sent, certainly"));
}

TEST_F(Serial, aPortThatWentAwayEndsTheInstance) {
    ASSERT_TRUE(home.start());
    home.lie = [](u64, u64, u32) { return 0xff; };
    home.interrupt(0);
    transmit("into the void");
    EXPECT_TRUE(home.ended());
    EXPECT_LT(home.register_reads, 20'000u);
    EXPECT_FALSE(home.broke_contract());
}

void use_uart(Home& home, FakeUart& uart) {
    if (!home.start())
        return;
    for (int round = 0; round < 3; ++round) {
        home.submit(static_cast<u16>(Operation::transmit), {}, std::vector<u8>(40, 'x'));
        uart.input.push_back('a');
        home.interrupt(0);
        uart.drain();
        home.interrupt(0);
    }
}

TEST_F(Serial, lyingRegisters) {
    use_uart(home, uart);
    for (u64 target = 0; target < home.register_reads; ++target) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeUart liar;
            Home victim(pith_component_serial_16550, &liar, fresh);
            victim.lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            use_uart(victim, liar);
            EXPECT_LT(victim.register_reads, 100'000u);
            ASSERT_FALSE(victim.broke_contract()) << victim.why();
        }
    }
}

} // namespace

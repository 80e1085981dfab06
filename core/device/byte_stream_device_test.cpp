// SPDX-License-Identifier: BSD-2-Clause
// Byte streams against a pretended driver, with writers, a reader and a terminal that comes and
// goes.
#include "core/device/byte_stream_device.h"

#include <atomic>
#include <deque>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "core/gate/services.h"
#include "core/memory/frames.h"
#include "core/memory/kernel_map.h"

namespace core {
namespace {

using component::Answer;
using component::ByteStream;
using component::Env;
using component::Request;

struct Line : Env {
    Strand* strand = nullptr;
    ByteStreamDevice* device = nullptr;
    std::string sent;
    std::string to_receive;
    std::deque<u64> pending;
    bool slow = false;
    int ready = 0;
};

void deliver(Line& line) {
    const auto* bytes = reinterpret_cast<const u8*>(line.to_receive.data());
    const u64 taken = line.device->delivered(static_cast<u32>(ByteStream::Event::received),
                                             {bytes, line.to_receive.size()});
    line.to_receive.erase(0, taken);
}

Answer submit(Env& env, const Request& request) {
    Line& line = static_cast<Line&>(env);
    switch (static_cast<ByteStream::Operation>(request.operation)) {
    case ByteStream::Operation::transmit: {
        for (const BufferPiece& piece : line.strand->find(request.id)->pieces)
            line.sent.append(reinterpret_cast<char*>(physical_view(piece.address)), piece.length);
        if (!line.slow)
            return Answer::done(request.buffer.length);
        line.pending.push_back(request.id);
        return Answer::pending();
    }
    case ByteStream::Operation::receive_ready:
        ++line.ready;
        deliver(line);
        return Answer::done();
    default: return Answer::done();
    }
}

void interrupt(Env& env, u32 what) {
    Line& line = static_cast<Line&>(env);
    if (what == 1) {
        line.to_receive += "abc";
        deliver(line);
        return;
    }
    while (!line.pending.empty()) {
        (void)line.strand->complete(line.pending.front(), {});
        line.pending.pop_front();
    }
}

struct Owner final : GateOwner {
    explicit Owner(std::atomic<bool>& gone) : is_gone(gone) {}
    ~Owner() override { is_gone = true; }
    std::atomic<bool>& is_gone;
};

struct Terminal : ByteStreamReceiver {
    usize received(std::span<const u8> bytes) override {
        const usize taken = std::min(room.load(), bytes.size());
        text.append(reinterpret_cast<const char*>(bytes.data()), taken);
        room -= taken;
        count += taken;
        return taken;
    }
    void writable() override { ++writables; }
    std::atomic<usize> room{~usize{0} / 2};
    std::string text; // the strand's
    std::atomic<usize> count{0};
    std::atomic<int> writables{0};
};

class ByteStreamTest : public testing::Test, public Strand::Observer {
protected:
    ByteStreamTest() {
        crashed = [](Observer&, Strand&, Errno) {};
    }
    void SetUp() override {
        MUST(start_gate_services(), "memory is there");
        line.strand = &strand;
        component::Handlers handlers;
        handlers.submit = core::submit;
        handlers.interrupt = core::interrupt;
        PageRef ring = MUST(allocate_frame(PageUse::kernel, FrameContent::zeroed), "memory");
        device = RefOrNull<ByteStreamDevice>(
            MUST(Ref<ByteStreamDevice>::create(
                     gate, MUST(Ref<Owner>::create(owner_is_gone), "memory"), "ttyS0",
                     component::ByteStreamProperties{}, ring->bytes()),
                 "memory"));
        (void)ring.release();
        line.device = device.get();
        strand.rebind({&line, handlers});
        strand.release();
    }
    void TearDown() override { // completions come on another thread
        while (device && !device->is_idle())
            std::this_thread::yield();
    }
    usize write(std::string_view text) {
        return device->write({reinterpret_cast<const u8*>(text.data()), text.size()});
    }

    Line line;
    std::atomic<bool> owner_is_gone{false};
    Strand strand{*this, true};
    Gate gate{strand, 0, ByteStream::operations};
    RefOrNull<ByteStreamDevice> device;
};

TEST_F(ByteStreamTest, writesInOrder) {
    EXPECT_EQ(write("hello "), 6u);
    EXPECT_EQ(write("world"), 5u);
    EXPECT_EQ(line.sent, "hello world");
}

TEST_F(ByteStreamTest, theRingFillsAndDrains) {
    line.slow = true;
    const std::string big(5000, 'x');
    EXPECT_EQ(write(big), 4096u);
    EXPECT_EQ(write("more"), 0u);
    Terminal terminal;
    device->set_receiver(&terminal);
    strand.post_interrupt(0);
    EXPECT_EQ(terminal.writables, 1);
    EXPECT_EQ(device->writable_bytes(), 4096u);
    EXPECT_EQ(write("more"), 4u);
    strand.post_interrupt(0);
    EXPECT_EQ(line.sent, std::string(4096, 'x') + "more");
    EXPECT_TRUE(device->drain(Sleep::uninterruptible));
    device->set_receiver(nullptr);
}

TEST_F(ByteStreamTest, aReceiverGetsWhatWaited) {
    strand.post_interrupt(1);
    EXPECT_EQ(line.to_receive, "abc"); // nobody took it
    Terminal terminal;
    device->set_receiver(&terminal);
    EXPECT_EQ(terminal.text, "abc");
    terminal.room = 1;
    strand.post_interrupt(1);
    EXPECT_EQ(terminal.text, "abca");
    terminal.room = 100;
    device->receive_ready();
    EXPECT_EQ(terminal.text, "abcabc");
    device->set_receiver(nullptr);
}

TEST_F(ByteStreamTest, outlivesItsLastCall) {
    MUST(start_byte_streams(), "memory is there");
    (void)RefOrNull<ByteStreamDevice>(device).release(); // what the registry would have
    line.slow = true;
    EXPECT_EQ(write("last words"), 10u);
    device->withdrawn();
    EXPECT_EQ(write("to nobody"), 9u);
    device->receive_ready();
    EXPECT_EQ(line.ready, 0);
    device = nullptr;
    EXPECT_FALSE(owner_is_gone);
    strand.post_interrupt(0);
    while (!owner_is_gone)
        std::this_thread::yield();
    EXPECT_EQ(line.sent, "last words");
}

TEST_F(ByteStreamTest, storm) {
    Terminal terminal;
    device->set_receiver(&terminal);
    std::atomic<bool> stop{false};
    std::thread interrupts([&] {
        while (!stop) {
            strand.post_interrupt(0);
            strand.post_interrupt(1);
        }
    });
    std::thread switcher([&] {
        while (!stop) {
            device->set_receiver(nullptr);
            device->set_receiver(&terminal);
            device->receive_ready();
        }
    });
    strand.run_exclusively([&](Env&) { return line.slow = true; });
    std::string expected;
    for (int i = 0; i < 3000; ++i) {
        const std::string text = std::to_string(i) + " ";
        for (usize at = 0; at < text.size();)
            at += write(std::string_view(text).substr(at));
        expected += text;
    }
    ASSERT_TRUE(device->drain(Sleep::uninterruptible));
    stop = true;
    interrupts.join();
    switcher.join();
    strand.run_exclusively([&](Env&) {
        EXPECT_EQ(line.sent, expected);
        return 0;
    });
    device->set_receiver(nullptr);
}

} // namespace
} // namespace core

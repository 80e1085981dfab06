// SPDX-License-Identifier: BSD-2-Clause
// The driver against a pretended virtio console, single and multiport, truthful and lying.
#include <cstring>

#include <gtest/gtest.h>

#include "abi/component/byte_stream.h"
#include "components/console/virtio_console/device.h"
#include "host/test/fake_virtio.h"
#include "host/test/lies.h"

extern "C" const component::Descriptor pith_component_virtio_console;

namespace {

using namespace host_test;
using component::Answer;
using component::ByteStream;
using virtio_console::ControlEvent;
using virtio_console::ControlMessage;
using Operation = ByteStream::Operation;

constexpr u64 single = virtio_console::feature::size | u64{1} << 29;
constexpr u64 many = virtio_console::feature::multiport | u64{1} << 29;

class FakeConsole : public FakeVirtio {
public:
    FakeConsole(DeviceMemory& memory, VirtioTransport transport, u64 features, u32 ports)
        : FakeVirtio(memory, transport, 3, features, 2 * ports + 2) {
        const virtio_console::Configuration c{80, 25, ports, 0};
        configuration.resize(sizeof c);
        std::memcpy(configuration.data(), &c, sizeof c);
    }

    // Transmit queues are the odd ones; 3 is the control channel from the driver.
    bool perform(u32 queue, Chain& chain, u32&) override {
        const std::vector<u8> bytes = chain.read_all();
        if (queue == 3) {
            ControlMessage message;
            if (bytes.size() == sizeof message) {
                std::memcpy(&message, bytes.data(), sizeof message);
                control.push_back(message);
            }
        } else {
            sent[queue].insert(sent[queue].end(), bytes.begin(), bytes.end());
        }
        return !stalled;
    }
    // Puts bytes into the next receive buffer; false if there is none.
    bool receive(u32 queue, std::span<const u8> bytes) {
        auto chain = take(queue);
        if (!chain)
            return false;
        complete(queue, chain->head, chain->write(bytes));
        return true;
    }
    bool send_control(u32 port, ControlEvent event, u16 value, std::string_view rest = "") {
        std::vector<u8> bytes(sizeof(ControlMessage));
        const ControlMessage message{port, event, value};
        std::memcpy(bytes.data(), &message, sizeof message);
        bytes.insert(bytes.end(), rest.begin(), rest.end());
        return receive(2, bytes);
    }
    void process_transmits() {
        for (u32 queue = 1; queue < queues_.size(); queue += 2)
            process(queue);
    }

    // Fills every buffer of port 0 the moment it hears of it.
    void write(u32 window, u64 offset, u32 width, u64 value) override {
        FakeVirtio::write(window, offset, width, value);
        const u8 bytes[4] = {'a', 'b', 'c', 'd'};
        while (flooding && was_notified(0) && receive(0, bytes)) {
            while (receive(0, bytes)) {
            }
        }
    }

    bool flooding = false;
    std::vector<ControlMessage> control;
    std::map<u32, std::vector<u8>> sent;
    bool stalled = false;
};

std::span<const u8> bytes_of(std::string_view text) {
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}
std::string text_of(const std::vector<u8>& bytes) { return {bytes.begin(), bytes.end()}; }

class VirtioConsole : public testing::TestWithParam<VirtioTransport> {
protected:
    void make(u64 features, u32 ports) {
        console = std::make_unique<FakeConsole>(memory, GetParam(), features, ports);
        home = std::make_unique<Home>(pith_component_virtio_console, console.get(), memory);
    }
    void start_with_agent() {
        make(many, 4);
        ASSERT_TRUE(home->start());
        console->process_transmits();
        ASSERT_EQ(console->control.size(), 1u); // device ready
        console->send_control(0, ControlEvent::port_add, 0);
        console->send_control(0, ControlEvent::console_port, 1);
        console->send_control(1, ControlEvent::port_add, 0);
        console->send_control(1, ControlEvent::port_name, 1, "org.pith.agent");
        console->send_control(1, ControlEvent::port_open, 1);
        interrupt();
        console->process_transmits();
        ASSERT_EQ(home->offers.size(), 2u);
    }
    void interrupt() { home->interrupt(console->queue_line()); }
    component::ByteStreamProperties properties(u32 service) {
        component::ByteStreamProperties p;
        std::memcpy(&p, home->offers[service].properties.data(), sizeof p);
        return p;
    }
    u64 transmit(std::string_view text, u32 service) {
        return home->submit(static_cast<u16>(Operation::transmit), {}, {text.begin(), text.end()},
                            4096, service);
    }

    DeviceMemory memory;
    std::unique_ptr<FakeConsole> console;
    std::unique_ptr<Home> home;
};

TEST_P(VirtioConsole, singleConsole) {
    make(single, 1);
    ASSERT_TRUE(home->start());
    ASSERT_EQ(home->offers.size(), 1u);
    EXPECT_EQ(properties(0).kind, component::StreamKind::console);
    EXPECT_EQ(properties(0).columns, 80u);
    const u64 id = transmit("hello", 0);
    console->process_transmits();
    interrupt();
    EXPECT_TRUE(home->answer(id).done);
    EXPECT_EQ(text_of(console->sent[1]), "hello");
    ASSERT_TRUE(console->receive(0, bytes_of("abc")));
    interrupt();
    ASSERT_EQ(home->deliveries.size(), 1u);
    EXPECT_EQ(text_of(home->deliveries[0].bytes), "abc");
    EXPECT_EQ(memory.stray(), 0u);
}

TEST_P(VirtioConsole, portsComeWithTheirNames) {
    start_with_agent();
    EXPECT_EQ(properties(0).kind, component::StreamKind::console);
    EXPECT_EQ(properties(1).kind, component::StreamKind::port);
    EXPECT_STREQ(properties(1).label, "org.pith.agent");
    EXPECT_EQ(properties(1).number, 1u);
    // Port 1 has queues 4 and 5.
    const u64 id = transmit("to the host", 1);
    console->process_transmits();
    interrupt();
    EXPECT_TRUE(home->answer(id).done);
    EXPECT_EQ(text_of(console->sent[5]), "to the host");
    home->submit(static_cast<u16>(Operation::set_open), {1, 0, 0}, {}, 4096, 1);
    console->process_transmits();
    EXPECT_EQ(console->control.back().event, ControlEvent::port_open);
}

TEST_P(VirtioConsole, tellsWhetherTheHostIsConnected) {
    start_with_agent();
    EXPECT_TRUE(properties(1).host_connected);
    console->send_control(1, ControlEvent::port_open, 0);
    interrupt();
    EXPECT_EQ(home->deliveries.back().event, static_cast<u32>(ByteStream::Event::host_open));
    EXPECT_EQ(home->deliveries.back().bytes, std::vector<u8>{0});
    EXPECT_FALSE(properties(1).host_connected);
    // Whether bytes wait or vanish is the device's to say.
    const u64 id = transmit("nobody listens", 1);
    EXPECT_EQ(home->kind(id), Answer::Kind::pending);
}

// What the core does not take notice of, because nobody is bound yet, it is told again.
TEST_P(VirtioConsole, tellsAgainWhatWasNotHeard) {
    start_with_agent();
    home->take = [](const Delivery&) { return u64{0}; };
    console->send_control(1, ControlEvent::port_open, 0);
    interrupt();
    home->take = nullptr;
    home->deliveries.clear();
    home->submit(static_cast<u16>(Operation::receive_ready), {}, {}, 4096, 1);
    ASSERT_EQ(home->deliveries.size(), 1u);
    EXPECT_EQ(home->deliveries[0].event, static_cast<u32>(ByteStream::Event::host_open));
}

TEST_P(VirtioConsole, aPortThatGoesIsWithdrawn) {
    start_with_agent();
    console->send_control(1, ControlEvent::port_remove, 0);
    interrupt();
    EXPECT_TRUE(home->offers[1].withdrawn);
    EXPECT_NE(home->answer(transmit("late", 1)).status, 0);
}

// A fresh life gets the requests of its port again, at times before the device has told of it.
TEST_P(VirtioConsole, requestsWaitForThePortToBeOfferedAgain) {
    make(many, 4);
    ASSERT_TRUE(home->start());
    console->process_transmits();
    const u64 line = transmit("not lost", 0);
    const u64 open = home->submit(static_cast<u16>(Operation::set_open), {1, 0, 0}, {}, 4096, 1);
    const u64 behind = transmit(", in order", 0);
    EXPECT_EQ(home->kind(line), Answer::Kind::pending);
    EXPECT_EQ(home->kind(open), Answer::Kind::pending);
    console->send_control(0, ControlEvent::port_add, 0);
    console->send_control(0, ControlEvent::console_port, 1);
    interrupt();
    console->process_transmits();
    interrupt();
    EXPECT_EQ(text_of(console->sent[1]), "not lost, in order");
    EXPECT_TRUE(home->answer(line).done);
    EXPECT_EQ(home->answer(line).status, 0);
    EXPECT_TRUE(home->answer(behind).done);
    EXPECT_FALSE(home->answer(open).done);
    console->send_control(1, ControlEvent::port_add, 0);
    console->send_control(1, ControlEvent::port_name, 1, "org.pith.agent");
    interrupt();
    console->process_transmits();
    EXPECT_TRUE(home->answer(open).done);
    EXPECT_EQ(console->control.back().event, ControlEvent::port_open);
    EXPECT_EQ(console->control.back().value, 1);
}

// A slow device says late that a port is a console: it is not offered as something else before.
TEST_P(VirtioConsole, aConsoleIsNotOfferedAsAPortWhileTheDeviceIsSlow) {
    make(many, 4);
    ASSERT_TRUE(home->start());
    console->process_transmits();
    console->send_control(0, ControlEvent::port_add, 0);
    interrupt();
    for (u32 i = 0; i < 5; ++i) {
        home->time += 200'000'000;
        home->fire_timers();
    }
    EXPECT_TRUE(home->offers.empty());
    console->send_control(0, ControlEvent::console_port, 1);
    console->process_transmits();
    interrupt();
    ASSERT_EQ(home->offers.size(), 1u);
    EXPECT_EQ(properties(0).kind, component::StreamKind::console);
}

TEST_P(VirtioConsole, requestsForAPortThatNeverComesFail) {
    make(many, 4);
    ASSERT_TRUE(home->start());
    const u64 id = transmit("to nobody", 3);
    EXPECT_FALSE(home->answer(id).done);
    for (u32 second = 0; second < 5; ++second) {
        home->time += 1'000'000'000;
        home->fire_timers();
    }
    EXPECT_TRUE(home->answer(id).done);
    EXPECT_NE(home->answer(id).status, 0);
}

TEST_P(VirtioConsole, resizeReachesTheCore) {
    start_with_agent();
    console->send_control(0, ControlEvent::resize, 0, std::string_view("\x84\0\x32\0", 4));
    interrupt();
    ASSERT_FALSE(home->deliveries.empty());
    EXPECT_EQ(home->deliveries.back().event, static_cast<u32>(ByteStream::Event::resized));
    EXPECT_EQ(home->deliveries.back().bytes, (std::vector<u8>{0x84, 0, 0x32, 0}));
}

TEST_P(VirtioConsole, bytesWaitWhileTheCoreHasNoRoom) {
    make(single, 1);
    ASSERT_TRUE(home->start());
    u64 room = 2;
    home->take = [&](const Delivery& d) {
        const u64 taken = std::min<u64>(room, d.bytes.size());
        room -= taken;
        return taken;
    };
    u32 buffers = 0;
    while (console->receive(0, bytes_of("abcd")))
        ++buffers;
    interrupt();
    EXPECT_GE(buffers, 4u);
    room = 1000;
    home->submit(static_cast<u16>(Operation::receive_ready), {});
    std::string all;
    for (const Delivery& d : home->deliveries)
        all += text_of(d.bytes);
    EXPECT_EQ(all.size(), 4u * buffers);
    for (usize i = 0; i < all.size(); ++i)
        EXPECT_EQ(all[i], "abcd"[i % 4]);
    EXPECT_TRUE(console->receive(0, bytes_of("more"))); // the buffers went back
}

// Never Answer::busy, which would hold up the requests of all ports.
TEST_P(VirtioConsole, aFullPortDoesNotHoldUpTheOthers) {
    start_with_agent();
    std::vector<u64> ids;
    for (int i = 0; i < 4; ++i)
        ids.push_back(transmit("xxxx", 1));
    const u64 refused = transmit("x", 1);
    EXPECT_EQ(home->kind(refused), Answer::Kind::done);
    EXPECT_EQ(home->answer(refused).status, static_cast<i32>(Errno::busy));
    EXPECT_EQ(home->kind(transmit("y", 0)), Answer::Kind::pending);
    console->process_transmits();
    interrupt();
    for (u64 id : ids)
        EXPECT_EQ(home->answer(id).value, 4u);
    EXPECT_EQ(text_of(console->sent[5]), "xxxxxxxxxxxxxxxx");
    EXPECT_EQ(home->kind(transmit("z", 1)), Answer::Kind::pending);
}

TEST_P(VirtioConsole, portsAreKnownWhenStartReturns) {
    make(many, 4);
    bool told = false;
    home->asleep = [&] {
        console->process_transmits();
        if (!console->control.empty() && !told) {
            told = true;
            console->send_control(0, ControlEvent::port_add, 0);
            console->send_control(0, ControlEvent::console_port, 1);
            console->send_control(2, ControlEvent::port_add, 0);
            console->send_control(2, ControlEvent::port_name, 1, "two words");
        }
    };
    ASSERT_TRUE(home->start());
    ASSERT_EQ(home->offers.size(), 2u);
    EXPECT_STREQ(properties(1).label, "two_words");
    EXPECT_EQ(properties(1).number, 2u);
    EXPECT_LT(home->sleeps, 100u);
    console->process_transmits();
    u32 ready = 0, open = 0;
    for (const ControlMessage& message : console->control) {
        ready += message.event == ControlEvent::port_ready && message.value == 1;
        open += message.event == ControlEvent::port_open && message.port == 0 && message.value == 1;
    }
    EXPECT_EQ(ready, 2u);
    EXPECT_EQ(open, 1u); // a console is open from the start
}

TEST_P(VirtioConsole, aPortOfWhichNothingIsSaidIsOfferedLater) {
    start_with_agent();
    console->send_control(2, ControlEvent::port_add, 0);
    interrupt();
    EXPECT_EQ(home->offers.size(), 2u);
    console->process_transmits(); // it takes that the port is ready, and has nothing to say to it
    home->time += 200'000'000;
    home->fire_timers();
    ASSERT_EQ(home->offers.size(), 3u);
    EXPECT_EQ(properties(2).kind, component::StreamKind::port);
}

TEST_P(VirtioConsole, aPortThatComesBackIsTheSameService) {
    start_with_agent();
    console->send_control(1, ControlEvent::port_remove, 0);
    interrupt();
    console->send_control(1, ControlEvent::port_add, 0);
    console->send_control(1, ControlEvent::port_name, 1, "org.pith.agent");
    interrupt();
    EXPECT_EQ(home->offers.size(), 2u);
    EXPECT_FALSE(home->offers[1].withdrawn);
    ASSERT_TRUE(console->receive(4, bytes_of("again")));
    interrupt();
    EXPECT_EQ(text_of(home->deliveries.back().bytes), "again");
}

TEST_P(VirtioConsole, endsWhenARemovedPortKeepsItsBuffers) {
    start_with_agent();
    transmit("stuck", 1);
    console->send_control(1, ControlEvent::port_remove, 0);
    interrupt();
    for (int i = 0; i < 10 && !home->ended(); ++i) {
        home->time += 1'100'000'000;
        home->fire_timers();
    }
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->broke_contract());
}

TEST_P(VirtioConsole, tooManyPortsAreDeclined) {
    make(many, 40);
    ASSERT_TRUE(home->start());
    console->send_control(39, ControlEvent::port_add, 0);
    interrupt();
    console->process_transmits();
    ASSERT_FALSE(console->control.empty());
    EXPECT_EQ(console->control.back().port, 39u);
    EXPECT_EQ(console->control.back().event, ControlEvent::port_ready);
    EXPECT_EQ(console->control.back().value, 0u);
    EXPECT_TRUE(home->offers.empty());
}

TEST_P(VirtioConsole, findsWhatAnInterruptWasLostFor) {
    start_with_agent();
    const u64 id = transmit("x", 1);
    console->process_transmits(); // and no interrupt
    home->time += 1'100'000'000;
    EXPECT_TRUE(home->fire_timers());
    EXPECT_TRUE(home->answer(id).done);
}

TEST_P(VirtioConsole, followsTheSizeInItsConfiguration) {
    make(single, 1);
    ASSERT_TRUE(home->start());
    console->configuration[0] = 132;
    console->raise_configuration_change();
    home->interrupt(0);
    ASSERT_FALSE(home->deliveries.empty());
    EXPECT_EQ(home->deliveries.back().event, static_cast<u32>(ByteStream::Event::resized));
    EXPECT_EQ(home->deliveries.back().bytes, (std::vector<u8>{132, 0, 25, 0}));
}

TEST_P(VirtioConsole, survivesAMove) {
    start_with_agent();
    const u64 id = transmit("on the way", 1);
    home->move();
    console->process_transmits();
    console->receive(4, bytes_of("and back"));
    home->resume();
    EXPECT_TRUE(home->answer(id).done);
    EXPECT_EQ(text_of(home->deliveries.back().bytes), "and back");
}

// A device that fills buffers as fast as it gets them does not keep the handler for ever.
TEST_P(VirtioConsole, aFloodIsTakenInPortions) {
    make(single, 1);
    ASSERT_TRUE(home->start());
    u64 delivered = 0;
    home->take = [&](const Delivery& d) {
        delivered += d.bytes.size();
        return d.bytes.size();
    };
    while (console->receive(0, bytes_of("abcd"))) {
    }
    console->flooding = true;
    for (int i = 0; i < 5; ++i) {
        const u64 before = delivered;
        i == 0 ? interrupt() : (void)(home->time += 1'000'000, home->fire_timers());
        EXPECT_GT(delivered, before);
        EXPECT_LT(delivered - before, 4u * 100);
    }
}

TEST_P(VirtioConsole, nonsenseOnTheControlChannelIsIgnored) {
    start_with_agent();
    u64 random = 7;
    for (int i = 0; i < 5000; ++i) {
        u8 bytes[40];
        for (u8& byte : bytes) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            byte = static_cast<u8>(random >> 56);
        }
        if (i % 2) { // plausible events for plausible ports
            bytes[0] &= 7;
            bytes[1] = bytes[2] = bytes[3] = bytes[5] = 0;
            bytes[4] &= 7;
        }
        console->receive(2, std::span(bytes).first(random % 41));
        interrupt();
        console->process_transmits();
        ASSERT_FALSE(home->broke_contract()) << home->why();
        ASSERT_FALSE(home->ended());
    }
}

TEST_P(VirtioConsole, garbageInTheUsedRings) {
    for (u32 seed = 1; seed <= 500; ++seed) {
        start_with_agent();
        transmit("x", 0);
        u64 random = seed;
        for (u8& byte : console->ring(seed % 6)) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            byte = static_cast<u8>(random >> 56);
        }
        interrupt();
        home->submit(static_cast<u16>(Operation::receive_ready), {});
        home->submit(static_cast<u16>(Operation::set_open), {1, 0, 0}, {}, 4096, 1);
        ASSERT_FALSE(home->broke_contract()) << home->why() << ", seed " << seed;
    }
}

void use_console(Home& home, FakeConsole& console) {
    home.asleep = [&] { console.process_transmits(); };
    if (!home.start())
        return;
    console.send_control(0, ControlEvent::port_add, 0);
    console.send_control(0, ControlEvent::console_port, 1);
    for (int round = 0; round < 3; ++round) {
        home.interrupt(console.queue_line());
        if (!home.offers.empty())
            home.submit(static_cast<u16>(Operation::transmit), {}, std::vector<u8>(100, 'x'));
        console.process_transmits();
        console.receive(0, bytes_of("abc"));
        console.raise_configuration_change();
        home.interrupt(0);
        home.interrupt(1);
        home.time += 1'100'000'000;
        home.fire_timers();
    }
    home.stop();
}

TEST_P(VirtioConsole, lyingRegisters) {
    make(many, 4);
    use_console(*home, *console);
    const u64 reads = home->register_reads;
    for (u64 target = 0; target < reads; ++target) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeConsole liar(fresh, GetParam(), many, 4);
            Home victim(pith_component_virtio_console, &liar, fresh);
            victim.lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            use_console(victim, liar);
            EXPECT_LT(victim.register_reads, 20'000u);
            ASSERT_FALSE(victim.broke_contract())
                << victim.why() << ", read " << target << ", kind " << kind;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Transports, VirtioConsole,
                         testing::Values(VirtioTransport::pci, VirtioTransport::pci_line,
                                         VirtioTransport::mmio, VirtioTransport::mmio_legacy));

} // namespace

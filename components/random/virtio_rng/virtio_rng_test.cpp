// SPDX-License-Identifier: BSD-2-Clause
// The driver against a pretended source of entropy, over each transport, truthful and lying.
#include <cstring>

#include <gtest/gtest.h>

#include "abi/component/entropy.h"
#include "host/test/fake_virtio.h"
#include "host/test/lies.h"

extern "C" const component::Descriptor pith_component_virtio_rng;

namespace {

using namespace host_test;
using component::Answer;

class FakeSource : public FakeVirtio {
public:
    FakeSource(DeviceMemory& memory, VirtioTransport transport)
        : FakeVirtio(memory, transport, 4, u64{1} << 28 | u64{1} << 29, 1) {}
    bool perform(u32, Chain& chain, u32& written) override {
        if (stalled)
            return false;
        std::vector<u8> bytes(gives);
        for (u8& byte : bytes)
            byte = next++;
        written = bytes.empty() ? 0 : chain.write(bytes);
        return true;
    }
    bool stalled = false;
    usize gives = 32;
    u8 next = 1;
};

class VirtioRng : public testing::TestWithParam<VirtioTransport> {
protected:
    void SetUp() override {
        source = std::make_unique<FakeSource>(memory, GetParam());
        home = std::make_unique<Home>(pith_component_virtio_rng, source.get(), memory);
    }
    u64 ask(usize bytes = 64) { return home->submit(0, {}, std::vector<u8>(bytes)); }
    void run_device() {
        source->process(0);
        if (source->wants_interrupt(0))
            home->interrupt(source->queue_line());
    }

    DeviceMemory memory;
    std::unique_ptr<FakeSource> source;
    std::unique_ptr<Home> home;
};

TEST_P(VirtioRng, givesWhatTheDeviceGives) {
    ASSERT_TRUE(home->start());
    ASSERT_EQ(home->offers.size(), 1u);
    const u64 id = ask();
    EXPECT_EQ(home->kind(id), Answer::Kind::pending);
    run_device();
    ASSERT_TRUE(home->answer(id).done);
    EXPECT_EQ(home->answer(id).status, 0);
    EXPECT_EQ(home->answer(id).value, 32u);
    EXPECT_EQ(home->data(id)[31], 32);
    EXPECT_EQ(home->data(id)[32], 0);
    source->gives = 0;
    const u64 nothing = ask();
    run_device();
    EXPECT_EQ(home->answer(nothing).status, static_cast<i32>(Errno::io));
    EXPECT_NE(home->answer(home->submit(1, {}, std::vector<u8>(8))).status, 0);
    EXPECT_NE(home->answer(home->submit(0, {})).status, 0);
}

TEST_P(VirtioRng, saysBusyWhenFullAndGoesOnAfterAMove) {
    ASSERT_TRUE(home->start());
    source->stalled = true;
    std::vector<u64> ids;
    for (int i = 0; i < 4; ++i)
        ids.push_back(ask());
    EXPECT_EQ(home->kind(ask()), Answer::Kind::busy);
    home->move();
    source->stalled = false;
    source->process(0);
    home->resume();
    for (const u64 id : ids)
        EXPECT_EQ(home->answer(id).status, 0);
}

TEST_P(VirtioRng, findsAnswersWhoseInterruptWasLost) {
    ASSERT_TRUE(home->start());
    const u64 id = ask();
    source->process(0); // and no interrupt
    home->time += 3'000'000'000;
    home->fire_timers();
    EXPECT_TRUE(home->answer(id).done);
}

TEST_P(VirtioRng, claimsThatCannotBeTrueEndTheInstance) {
    for (const u16 head : {u16{0}, u16{7}, u16{300}}) {
        SetUp();
        ASSERT_TRUE(home->start());
        const u64 id = ask();
        source->stalled = true;
        source->process(0);
        source->complete(0, head, 65); // one more than fits, or another chain
        home->interrupt(source->queue_line());
        EXPECT_TRUE(home->ended());
        EXPECT_FALSE(home->broke_contract());
        EXPECT_FALSE(home->answer(id).done);
    }
}

void use_source(Home& home, FakeSource& source) {
    if (!home.start())
        return;
    for (int round = 0; round < 3; ++round) {
        home.submit(0, {}, std::vector<u8>(64));
        source.process(0);
        home.interrupt(source.queue_line());
        home.time += 3'000'000'000;
        home.fire_timers();
    }
    home.stop();
}

TEST_P(VirtioRng, lyingRegisters) {
    use_source(*home, *source);
    const u64 reads = home->register_reads;
    ASSERT_FALSE(home->ended()) << home->why();
    u64 ended = 0;
    for (u64 target = 0; target < reads; ++target) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeSource liar(fresh, GetParam());
            Home victim(pith_component_virtio_rng, &liar, fresh);
            victim.lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            use_source(victim, liar);
            ended += victim.ended();
            ASSERT_FALSE(victim.broke_contract())
                << victim.why() << ", read " << target << ", kind " << kind;
        }
    }
    EXPECT_GT(ended, 0u);
}

TEST_P(VirtioRng, scribblingDevice) {
    u32 ended = 0;
    for (u32 seed = 1; seed <= 200; ++seed) {
        DeviceMemory fresh;
        FakeSource liar(fresh, GetParam());
        Home victim(pith_component_virtio_rng, &liar, fresh);
        ASSERT_TRUE(victim.start());
        u64 random = seed * 0x9e37'79b9'7f4a'7c15;
        const auto next = [&] {
            random = random * 6364136223846793005u + 1442695040888963407u;
            return static_cast<u32>(random >> 33);
        };
        for (int round = 0; round < 20; ++round) {
            victim.submit(0, {}, std::vector<u8>(1 + next() % 64));
            liar.stalled = next() % 2;
            liar.process(0);
            if (next() % 4 == 0)
                liar.complete(0, static_cast<u16>(next() % 10), next() % 100);
            if (next() % 4 == 0) {
                const auto ring = liar.ring(0);
                ring[next() % ring.size()] = static_cast<u8>(next());
            }
            victim.interrupt(liar.queue_line());
            victim.time += 1'000'000'000;
            victim.fire_timers();
            ASSERT_FALSE(victim.broke_contract()) << victim.why() << ", seed " << seed;
        }
        ended += victim.ended();
    }
    EXPECT_GT(ended, 100u);
}

INSTANTIATE_TEST_SUITE_P(Transports, VirtioRng,
                         testing::Values(VirtioTransport::pci, VirtioTransport::pci_line,
                                         VirtioTransport::mmio, VirtioTransport::mmio_legacy));

} // namespace

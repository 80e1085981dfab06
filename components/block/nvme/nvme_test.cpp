// SPDX-License-Identifier: BSD-2-Clause
// The driver against a pretended controller, truthful and lying.
#include <cstring>

#include <gtest/gtest.h>

#include "host/test/block_client.h"
#include "host/test/fake_nvme.h"
#include "host/test/lies.h"

extern "C" const component::Descriptor pith_component_nvme;

namespace {

using namespace host_test;
using component::Answer;
using component::Block;
using Operation = Block::Operation;

constexpr u64 sectors = 4096;

// Parameter: how many message interrupts there are.
class Nvme : public testing::TestWithParam<u32> {
protected:
    void SetUp() override {
        make_device();
        make_home();
    }
    void make_device() {
        device = std::make_unique<FakeNvme>(memory, GetParam());
        device->namespaces = {{.contents = std::vector<u8>(sectors * 512)}};
    }
    void make_home() {
        home = std::make_unique<Home>(pith_component_nvme, device.get(), memory);
        home->asleep = [this] { device->process(); };
    }
    component::BlockProperties properties(usize service = 0) {
        return properties_of(*home, service);
    }
    void deliver_interrupt() {
        if (!device->wants_interrupt())
            return;
        home->interrupt(0);
        home->interrupt(1);
    }
    // Until the device has nothing more to do.
    void run_device() {
        for (int i = 0; i < 200; ++i) {
            device->process();
            deliver_interrupt();
        }
    }
    void pass(u64 seconds) {
        home->time += seconds * 1'000'000'000;
        home->fire_timers();
    }
    u64 transfer(Operation operation, u64 sector, std::vector<u8> data, usize piece = 4096,
                 u32 flags = 0, u32 service = 0) {
        const u32 count = static_cast<u32>(data.size() / 512);
        return home->submit(static_cast<u16>(operation), range(sector, count, flags),
                            std::move(data), piece, service);
    }
    std::vector<u8>& contents(usize index = 0) { return device->namespaces[index].contents; }

    DeviceMemory memory;
    std::unique_ptr<FakeNvme> device;
    std::unique_ptr<Home> home;
};

TEST_P(Nvme, offersTheNamespace) {
    ASSERT_TRUE(home->start());
    ASSERT_EQ(home->offers.size(), 1u);
    EXPECT_EQ(home->offers[0].name, "n1");
    EXPECT_EQ(properties().capacity, sectors);
    EXPECT_EQ(properties().sector_size, 512u);
    EXPECT_EQ(properties().max_request_bytes, 256u << 10);
    EXPECT_EQ(properties().queue_depth, 64u);
    EXPECT_TRUE(properties().write_cache);
    EXPECT_TRUE(properties().discard);
    EXPECT_TRUE(properties().write_zeroes);
    EXPECT_STREQ(properties().serial, "PITH _ 1");
    EXPECT_TRUE(device->enabled());
}

TEST_P(Nvme, writesAndReadsBackWhateverThePieces) {
    ASSERT_TRUE(home->start());
    struct Shape {
        usize size, piece, alignment;
        usize commands;
    };
    const Shape shapes[] = {
        {512, 512, 16, 1},               // inside a page
        {8192, 4096, 4096, 1},           // two pages
        {256 << 10, 4096, 4096, 1},      // a list of pages
        {256 << 10, 256 << 10, 4096, 1}, // the same in one piece
        {128 << 10, 128 << 10, 2048, 1}, // beginning inside a page
        {8192, 512, 1024, 16},           // pieces that do not continue each other
        {64 << 10, 6144, 4096, 11},      // each ends inside a page
    };
    for (const Shape& shape : shapes) {
        home->buffer_alignment = shape.alignment;
        const std::vector<u8> data = pattern(shape.size, static_cast<u8>(shape.piece >> 9));
        device->seen.clear();
        const u64 write = transfer(Operation::write, 3, data, shape.piece);
        EXPECT_EQ(home->kind(write), Answer::Kind::pending);
        run_device();
        ASSERT_TRUE(home->answer(write).done);
        EXPECT_EQ(home->answer(write).status, 0);
        EXPECT_EQ(home->answer(write).value, shape.size);
        EXPECT_EQ(device->seen.size(), shape.commands) << shape.size << " in " << shape.piece;
        EXPECT_EQ(std::memcmp(&contents()[3 * 512], data.data(), data.size()), 0);
        const u64 read = transfer(Operation::read, 3, std::vector<u8>(shape.size), shape.piece);
        run_device();
        EXPECT_EQ(home->answer(read).status, 0);
        EXPECT_EQ(home->data(read), data);
    }
    EXPECT_EQ(memory.stray(), 0u);
    EXPECT_FALSE(home->ended()) << home->why();
}

TEST_P(Nvme, servesBlocksOf4096Bytes) {
    device->namespaces[0].shift = 12;
    ASSERT_TRUE(home->start());
    EXPECT_EQ(properties().sector_size, 4096u);
    EXPECT_EQ(properties().capacity, sectors);
    home->buffer_alignment = 4096;
    const std::vector<u8> data = pattern(16384, 9);
    const u64 write = transfer(Operation::write, 16, data);
    run_device();
    EXPECT_EQ(home->answer(write).status, 0);
    EXPECT_EQ(std::memcmp(&contents()[16 * 512], data.data(), data.size()), 0);
    EXPECT_EQ(home->answer(transfer(Operation::write, 1, std::vector<u8>(4096))).status,
              static_cast<i32>(Errno::inval));
    // A block whose halves no list of pages can name.
    EXPECT_EQ(home->answer(transfer(Operation::write, 8, std::vector<u8>(4096), 2048)).status,
              static_cast<i32>(Errno::inval));
}

TEST_P(Nvme, flushZeroesAndDiscard) {
    ASSERT_TRUE(home->start());
    contents().assign(contents().size(), 1);
    const u64 flush = home->submit(static_cast<u16>(Operation::flush), {});
    const u64 zero =
        home->submit(static_cast<u16>(Operation::write_zeroes), range(8, 4, Block::flag_unmap));
    const u64 discard = home->submit(static_cast<u16>(Operation::discard), range(16, 4));
    run_device();
    EXPECT_EQ(home->answer(flush).status, 0);
    EXPECT_EQ(device->flushes, 1);
    EXPECT_EQ(home->answer(zero).status, 0);
    EXPECT_EQ(contents()[8 * 512], 0);
    EXPECT_EQ(contents()[12 * 512], 1);
    EXPECT_EQ(home->answer(discard).status, 0);
    EXPECT_EQ(contents()[16 * 512], 0xdd);
    EXPECT_EQ(contents()[20 * 512], 1);
    EXPECT_EQ(device->seen[1].word12, 3u | nvme::deallocate);
}

TEST_P(Nvme, forcedUnitAccessIsTold) {
    ASSERT_TRUE(home->start());
    transfer(Operation::write, 0, std::vector<u8>(512), 4096, Block::flag_force_unit_access);
    run_device();
    EXPECT_EQ(device->seen.back().word12, nvme::force_unit_access);
    transfer(Operation::write, 0, std::vector<u8>(512));
    run_device();
    EXPECT_EQ(device->seen.back().word12, 0u);
}

TEST_P(Nvme, keepsToTheTransferLimit) {
    device->transfer_limit = 1; // two pages
    ASSERT_TRUE(home->start());
    EXPECT_EQ(properties().max_request_bytes, 8192u);
    EXPECT_EQ(home->answer(transfer(Operation::write, 0, std::vector<u8>(12288))).status,
              static_cast<i32>(Errno::inval));
}

TEST_P(Nvme, refusesWhatIsNotOnTheDisk) {
    ASSERT_TRUE(home->start());
    for (u64 sector : {sectors, sectors - 1, ~u64{0}}) {
        const u64 id = transfer(Operation::read, sector, std::vector<u8>(1024));
        EXPECT_EQ(home->answer(id).status, static_cast<i32>(Errno::nospc));
    }
    EXPECT_NE(home->answer(home->submit(99, range(0, 1))).status, 0);
    EXPECT_NE(home->answer(home->submit(0, range(0, 0))).status, 0);
    EXPECT_EQ(home->answer(transfer(Operation::read, 0, std::vector<u8>(512), 512, 0, 7)).status,
              static_cast<i32>(Errno::nodev));
}

TEST_P(Nvme, refusesWritesToAReadOnlyNamespace) {
    device->namespaces[0].read_only = true;
    ASSERT_TRUE(home->start());
    EXPECT_TRUE(properties().read_only);
    EXPECT_EQ(home->answer(transfer(Operation::write, 1, std::vector<u8>(512))).status,
              static_cast<i32>(Errno::rofs));
}

TEST_P(Nvme, severalNamespacesAreSeveralDisks) {
    device->namespaces.push_back({.id = 7, .shift = 12, .contents = std::vector<u8>(1 << 20)});
    ASSERT_TRUE(home->start());
    ASSERT_EQ(home->offers.size(), 2u);
    EXPECT_EQ(home->offers[1].name, "n7");
    const u64 id = transfer(Operation::write, 8, pattern(4096, 3), 4096, 0, 1);
    run_device();
    EXPECT_EQ(home->answer(id).status, 0);
    EXPECT_EQ(contents(1)[4097], pattern(4096, 3)[1]);
    EXPECT_EQ(contents(0)[4097], 0);
}

TEST_P(Nvme, leavesFormatsItCannotUse) {
    device->namespaces.push_back({.id = 2, .contents = std::vector<u8>(4096), .metadata = 8});
    device->namespaces.push_back({.id = 3, .shift = 16, .contents = std::vector<u8>(1 << 17)});
    device->namespaces.push_back({.id = 4, .contents = {}});
    ASSERT_TRUE(home->start());
    EXPECT_EQ(home->offers.size(), 1u);
}

TEST_P(Nvme, findsNamespacesOfControllersThatDoNotListThem) {
    device->lists = false;
    device->version = 0x1'0000;
    ASSERT_TRUE(home->start());
    EXPECT_EQ(home->offers.size(), 1u);
}

TEST_P(Nvme, followsNamespacesThatComeAndGo) {
    ASSERT_TRUE(home->start());
    device->namespaces.push_back({.id = 2, .contents = std::vector<u8>(4096)});
    device->process();
    device->tell_of_change();
    run_device();
    ASSERT_EQ(home->offers.size(), 2u);
    EXPECT_EQ(properties(1).capacity, 8u);
    pass(2); // it listens again
    device->namespaces[1].contents.resize(8192);
    device->process();
    device->tell_of_change();
    run_device();
    EXPECT_EQ(properties(1).capacity, 16u);
    pass(2);
    device->namespaces.erase(device->namespaces.begin());
    device->process();
    device->tell_of_change();
    run_device();
    EXPECT_TRUE(home->offers[0].withdrawn);
    EXPECT_FALSE(home->offers[1].withdrawn);
    EXPECT_EQ(home->answer(transfer(Operation::read, 0, std::vector<u8>(512))).status,
              static_cast<i32>(Errno::nodev));
    EXPECT_FALSE(home->ended()) << home->why();
}

TEST_P(Nvme, aNamespaceFormattedAnewIsAnotherDisk) {
    ASSERT_TRUE(home->start());
    device->namespaces[0].shift = 12;
    device->process();
    device->tell_of_change();
    run_device();
    EXPECT_TRUE(home->offers[0].withdrawn);
    pass(2);
    run_device();
    EXPECT_FALSE(home->offers[0].withdrawn);
    EXPECT_EQ(properties().sector_size, 4096u);
}

TEST_P(Nvme, saysBusyWhenFullAndGoesOn) {
    ASSERT_TRUE(home->start());
    device->holds = true;
    std::vector<u64> ids;
    for (int i = 0; i < 64; ++i)
        ids.push_back(transfer(Operation::read, 1, std::vector<u8>(512)));
    const u64 extra = transfer(Operation::read, 1, std::vector<u8>(512));
    EXPECT_EQ(home->kind(extra), Answer::Kind::busy);
    device->process();
    device->complete_held();
    deliver_interrupt();
    for (u64 id : ids)
        EXPECT_TRUE(home->answer(id).done);
    EXPECT_EQ(home->kind(transfer(Operation::read, 1, std::vector<u8>(512))),
              Answer::Kind::pending);
}

TEST_P(Nvme, drivesAControllerWithShortQueues) {
    device->capabilities = (device->capabilities & ~u64{0xffff}) | 3; // four entries
    ASSERT_TRUE(home->start());
    EXPECT_EQ(properties().queue_depth, 3u);
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 3; ++i)
            EXPECT_EQ(home->kind(transfer(Operation::read, 1, std::vector<u8>(512))),
                      Answer::Kind::pending);
        EXPECT_EQ(home->kind(transfer(Operation::read, 1, std::vector<u8>(512))),
                  Answer::Kind::busy);
        run_device();
    }
    EXPECT_FALSE(home->ended()) << home->why();
}

TEST_P(Nvme, goesRoundTheRingsManyTimes) {
    ASSERT_TRUE(home->start());
    for (u32 i = 0; i < 7000; i += 7) {
        for (u32 k = 0; k < 7; ++k)
            home->submit(static_cast<u16>(Operation::flush), {});
        device->process();
        deliver_interrupt();
    }
    EXPECT_FALSE(home->ended()) << home->why();
    EXPECT_EQ(device->flushes, 7000);
}

TEST_P(Nvme, survivesAMoveWithRequestsInFlight) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    home->move();
    device->process(); // while nobody listened
    home->resume();
    EXPECT_TRUE(home->answer(id).done);
}

TEST_P(Nvme, stopsInOrder) {
    ASSERT_TRUE(home->start());
    home->stop();
    EXPECT_FALSE(device->enabled());
}

// --- errors

TEST_P(Nvme, failedCommandsAreTriedAgainAFewTimes) {
    ASSERT_TRUE(home->start());
    device->fail_status = 0x06 << 1; // internal error
    device->fail_count = 3;
    const u64 lucky = transfer(Operation::write, 10, pattern(512, 1));
    run_device();
    EXPECT_EQ(home->answer(lucky).status, 0);
    EXPECT_EQ(contents()[10 * 512 + 1], pattern(512, 1)[1]);
    device->fail_count = 4;
    const u64 unlucky = transfer(Operation::read, 10, std::vector<u8>(512));
    run_device();
    EXPECT_EQ(home->answer(unlucky).status, static_cast<i32>(Errno::io));
    EXPECT_EQ(device->fail_count, 0u);
}

TEST_P(Nvme, errorsThatWillNotGoAwayAreNotTriedAgain) {
    ASSERT_TRUE(home->start());
    for (u16 status : {0x281 << 1, 0x8000 | 0x06 << 1}) { // unrecovered read error; do not retry
        device->fail_status = status;
        device->fail_count = 1;
        const u64 id = transfer(Operation::read, 10, std::vector<u8>(512));
        run_device();
        EXPECT_EQ(home->answer(id).status, static_cast<i32>(Errno::io));
    }
}

TEST_P(Nvme, aCommandWithoutAnswerEndsTheInstance) {
    home->configuration["timeout"] = "5";
    ASSERT_TRUE(home->start());
    device->holds = true;
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    device->process();
    pass(3);
    EXPECT_FALSE(home->ended());
    pass(3);
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->answer(id).done);
    EXPECT_FALSE(home->broke_contract());
}

TEST_P(Nvme, findsRequestsWhoseInterruptWasLost) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    device->process(); // and no interrupt
    pass(3);
    EXPECT_TRUE(home->answer(id).done);
    EXPECT_EQ(home->counters[3], 1u);
}

TEST_P(Nvme, aDeadControllerEndsTheInstance) {
    ASSERT_TRUE(home->start());
    transfer(Operation::read, 5, std::vector<u8>(512));
    device->die();
    pass(3);
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->broke_contract());
}

TEST_P(Nvme, doesNotWaitForEver) {
    device->stays_disabled = true;
    EXPECT_FALSE(home->start());
    EXPECT_LT(home->sleeps, 20'000u);
    make_home();
    device->stays_disabled = false;
    device->mute = true;
    EXPECT_FALSE(home->start());
    EXPECT_FALSE(device->enabled()); // it must not write to memory that is given back
    make_home();
    device->die();
    EXPECT_FALSE(home->start());
}

TEST_P(Nvme, completionsThatCannotBeTrueEndTheInstance) {
    struct Lie {
        u16 id, queue, head;
    };
    for (const Lie lie : {Lie{0x00ff, 1, 1}, Lie{0x4000, 1, 1}, Lie{0, 0, 0}, Lie{0, 1, 60'000}}) {
        SetUp();
        ASSERT_TRUE(home->start());
        device->holds = true;
        const u64 id = transfer(Operation::read, 1, std::vector<u8>(512));
        device->process();
        device->complete(lie.id, 0, lie.queue, lie.head);
        deliver_interrupt();
        EXPECT_TRUE(home->ended());
        EXPECT_FALSE(home->broke_contract());
        EXPECT_FALSE(home->answer(id).done);
    }
}

TEST_P(Nvme, aCommandCompletedTwiceEndsTheInstance) {
    ASSERT_TRUE(home->start());
    device->holds = true;
    transfer(Operation::read, 1, std::vector<u8>(512));
    const u64 second = transfer(Operation::read, 2, std::vector<u8>(512));
    device->process();
    const u16 id = device->seen[0].id;
    device->complete(id, 0);
    device->complete(id, 0);
    deliver_interrupt();
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->broke_contract());
    EXPECT_FALSE(home->answer(second).done);
    EXPECT_EQ(home->answer(transfer(Operation::read, 1, std::vector<u8>(512))).status,
              static_cast<i32>(Errno::io));
}

// --- lies: the run that is repeated under each

void use_controller(Home& home, FakeNvme& device) {
    home.asleep = [&] { device.process(); };
    home.buffer_alignment = 4096;
    if (!home.start())
        return;
    for (int round = 0; round < 2; ++round) {
        for (u64 i = 0; i < 5; ++i)
            home.submit(static_cast<u16>(i), range(i, i == 2 ? 0 : 24),
                        i < 2 ? std::vector<u8>(12288) : std::vector<u8>());
        for (int i = 0; i < 6; ++i) {
            device.process();
            if (i == 0)
                device.tell_of_change();
            home.interrupt(0);
            home.interrupt(1);
        }
        home.time += 2'000'000'000;
        home.fire_timers();
    }
    home.stop();
}

TEST_P(Nvme, lyingRegisters) {
    use_controller(*home, *device);
    const u64 reads = home->register_reads;
    ASSERT_FALSE(home->ended()) << home->why();
    ASSERT_GT(reads, 8u);
    u64 ended = 0;
    for (u64 target = 0; target < reads; ++target) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeNvme liar(fresh, GetParam());
            liar.namespaces = device->namespaces;
            Home victim(pith_component_nvme, &liar, fresh);
            victim.lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            use_controller(victim, liar);
            ended += victim.ended();
            EXPECT_LT(victim.sleeps, 1'000'000u);
            ASSERT_FALSE(victim.broke_contract())
                << victim.why() << ", read " << target << ", kind " << kind;
        }
    }
    EXPECT_GT(ended, 0u);
}

// Each word of each completion and of what Identify answers.
TEST_P(Nvme, lyingMemory) {
    use_controller(*home, *device);
    const u64 words = device->words_written;
    ASSERT_GT(words, 50u);
    u64 ended = 0;
    for (u64 target = 0; target < words; ++target) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeNvme liar(fresh, GetParam());
            liar.namespaces = {{.contents = std::vector<u8>(64 * 512)}};
            liar.memory_lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            Home victim(pith_component_nvme, &liar, fresh);
            victim.configuration["timeout"] = "1";
            use_controller(victim, liar);
            ended += victim.ended();
            ASSERT_FALSE(victim.broke_contract())
                << victim.why() << ", word " << target << ", kind " << kind;
            ASSERT_EQ(fresh.stray(), 0u) << "word " << target << ", kind " << kind;
        }
    }
    EXPECT_GT(ended, 100u);
}

// The controller scribbles over its completion queue and completes what it likes.
TEST_P(Nvme, scribblingController) {
    u32 ended = 0;
    for (u32 seed = 1; seed <= 300; ++seed) {
        DeviceMemory fresh;
        FakeNvme liar(fresh, GetParam());
        liar.namespaces = {{.contents = std::vector<u8>(300 * 512)}};
        Home victim(pith_component_nvme, &liar, fresh);
        victim.asleep = [&] { liar.process(); };
        ASSERT_TRUE(victim.start());
        u64 random = seed * 0x9e37'79b9'7f4a'7c15;
        const auto next = [&] {
            random = random * 6364136223846793005u + 1442695040888963407u;
            return static_cast<u32>(random >> 33);
        };
        liar.holds = true;
        for (int round = 0; round < 20; ++round) {
            for (u32 i = next() % 6; i > 0; --i) {
                const bool data = next() % 2;
                victim.submit(static_cast<u16>(next() % 5), range(next() % 300, data ? 1 : 8),
                              std::vector<u8>(data ? 512 : 0));
            }
            liar.process();
            if (next() % 2)
                liar.complete_held();
            if (next() % 8 == 0)
                liar.complete(static_cast<u16>(next() % 130), static_cast<u16>(next() << 1));
            if (next() % 8 == 0) {
                const auto ring = liar.completions();
                for (u32 i = next() % 8; i > 0; --i)
                    ring[next() % ring.size()] = static_cast<u8>(next());
            }
            liar.tell_of_change();
            victim.interrupt(0);
            victim.interrupt(1);
            victim.time += 1'000'000'000;
            victim.fire_timers();
            ASSERT_FALSE(victim.broke_contract()) << victim.why() << ", seed " << seed;
        }
        ended += victim.ended();
    }
    EXPECT_GT(ended, 200u);
}

INSTANTIATE_TEST_SUITE_P(Interrupts, Nvme, testing::Values(0u, 1u, 2u));

} // namespace

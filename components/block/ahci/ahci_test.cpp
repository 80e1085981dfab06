// SPDX-License-Identifier: BSD-2-Clause
// The driver against a pretended controller, truthful and lying.
#include <cstring>

#include <gtest/gtest.h>

#include "host/test/block_client.h"
#include "host/test/fake_ahci.h"
#include "host/test/lies.h"

extern "C" const component::Descriptor pith_component_ahci;

namespace {

using namespace host_test;
using ahci::AtaCommand;
using component::Answer;
using component::Block;
using Operation = Block::Operation;

constexpr u64 sectors = 4096;

class Ahci : public testing::Test {
protected:
    void SetUp() override {
        device = std::make_unique<FakeAhci>(memory, 4);
        device->ports[1].disk = FakeAhci::Disk{.contents = std::vector<u8>(sectors * 512)};
        make_home();
    }
    void make_home() {
        home = std::make_unique<Home>(pith_component_ahci, device.get(), memory);
        home->asleep = [this] { device->process(); };
    }
    FakeAhci::Disk& disk(u32 port = 1) { return *device->ports[port].disk; }
    component::BlockProperties properties(usize service = 0) {
        return properties_of(*home, service);
    }
    void deliver_interrupt() {
        if (device->wants_interrupt())
            home->interrupt(0);
    }
    // Until the device has nothing more to do; time passes for ports that are brought up.
    void run_device() {
        for (int i = 0; i < 200; ++i) {
            device->process();
            deliver_interrupt();
            home->time += 2'000'000;
            home->fire_timers();
        }
    }
    u64 transfer(Operation operation, u64 sector, std::vector<u8> data, u32 flags = 0,
                 u32 service = 0, usize piece = 4096) {
        const u32 count = static_cast<u32>(data.size() / 512);
        return home->submit(static_cast<u16>(operation), range(sector, count, flags),
                            std::move(data), piece, service);
    }
    i32 status(u64 id) { return home->answer(id).done ? home->answer(id).status : -1; }

    DeviceMemory memory;
    std::unique_ptr<FakeAhci> device;
    std::unique_ptr<Home> home;
};

TEST_F(Ahci, offersTheDisk) {
    ASSERT_TRUE(home->start());
    ASSERT_EQ(home->offers.size(), 1u);
    EXPECT_EQ(home->offers[0].name, "sd1");
    EXPECT_EQ(properties().capacity, sectors);
    EXPECT_EQ(properties().sector_size, 512u);
    EXPECT_EQ(properties().physical_sector_size, 4096u);
    EXPECT_EQ(properties().queue_depth, 32u);
    EXPECT_TRUE(properties().write_cache);
    EXPECT_TRUE(properties().discard);
    EXPECT_STREQ(properties().serial, "PITH-AHCI-1");
    EXPECT_EQ(device->handoff, 2u);
}

TEST_F(Ahci, writesAndReadsBackWhateverThePieces) {
    for (const bool queues : {true, false}) {
        for (const bool wide : {true, false}) {
            SetUp();
            disk().queues = queues;
            disk().wide = wide;
            ASSERT_TRUE(home->start());
            for (const usize piece : {512, 4096, 1024, 32768}) {
                const std::vector<u8> data = pattern(32768, static_cast<u8>(piece >> 9));
                const u64 write = transfer(Operation::write, 3, data, 0, 0, piece);
                run_device();
                EXPECT_EQ(status(write), 0);
                EXPECT_EQ(home->answer(write).value, data.size());
                EXPECT_EQ(std::memcmp(&disk().contents[3 * 512], data.data(), data.size()), 0);
                EXPECT_EQ(device->seen.back().command, queues && wide ? AtaCommand::write_queued
                                                       : wide         ? AtaCommand::write_extended
                                                                      : AtaCommand::write);
                const u64 read =
                    transfer(Operation::read, 3, std::vector<u8>(data.size()), 0, 0, piece);
                run_device();
                EXPECT_EQ(status(read), 0);
                EXPECT_EQ(home->data(read), data);
            }
            EXPECT_EQ(memory.stray(), 0u);
            EXPECT_FALSE(home->ended()) << home->why();
        }
    }
}

TEST_F(Ahci, servesSectorsOf4096Bytes) {
    disk().shift = 12;
    ASSERT_TRUE(home->start());
    EXPECT_EQ(properties().sector_size, 4096u);
    EXPECT_EQ(properties().capacity, sectors);
    const std::vector<u8> data = pattern(16384, 9);
    const u64 write = transfer(Operation::write, 16, data);
    run_device();
    EXPECT_EQ(status(write), 0);
    EXPECT_EQ(std::memcmp(&disk().contents[16 * 512], data.data(), data.size()), 0);
    EXPECT_EQ(status(transfer(Operation::write, 1, std::vector<u8>(4096))),
              static_cast<i32>(Errno::inval));
}

TEST_F(Ahci, flushWaitsForQueuedCommandsAndDiscards) {
    ASSERT_TRUE(home->start());
    disk().contents.assign(disk().contents.size(), 1);
    const u64 write = transfer(Operation::write, 0, pattern(4096, 1));
    const u64 flush = home->submit(static_cast<u16>(Operation::flush), {});
    const u64 discard = home->submit(static_cast<u16>(Operation::discard), range(100, 4));
    const u64 after = transfer(Operation::write, 8, pattern(4096, 2));
    run_device();
    for (const u64 id : {write, flush, discard, after})
        EXPECT_EQ(status(id), 0);
    EXPECT_EQ(device->flushes, 1u);
    EXPECT_EQ(disk().contents[100 * 512], 0xdd);
    EXPECT_EQ(disk().contents[104 * 512], 1);
    EXPECT_EQ(device->comresets, 0u); // the disk refused nothing
    ASSERT_EQ(device->seen.size(), 4u);
    EXPECT_EQ(device->seen[1].command, AtaCommand::flush_extended);
}

TEST_F(Ahci, forcedUnitAccessIsToldOrFlushed) {
    for (const bool through : {true, false}) {
        for (const bool queues : {true, false}) {
            SetUp();
            disk().writes_through = through;
            disk().queues = queues;
            ASSERT_TRUE(home->start());
            const u64 id =
                transfer(Operation::write, 0, std::vector<u8>(512), Block::flag_force_unit_access);
            run_device();
            EXPECT_EQ(status(id), 0);
            EXPECT_EQ(home->answer(id).value, 512u);
            EXPECT_EQ(device->flushes, through ? 0u : 1u);
            if (through && queues) {
                EXPECT_TRUE(device->seen.back().device & ahci::device_through);
            } else if (through) {
                EXPECT_EQ(device->seen.back().command, AtaCommand::write_extended_through);
            }
        }
    }
}

TEST_F(Ahci, refusesWhatIsNotOnTheDisk) {
    ASSERT_TRUE(home->start());
    for (u64 sector : {sectors, sectors - 1, ~u64{0}})
        EXPECT_EQ(status(transfer(Operation::read, sector, std::vector<u8>(1024))),
                  static_cast<i32>(Errno::nospc));
    EXPECT_NE(status(home->submit(99, range(0, 1))), 0);
    EXPECT_NE(status(home->submit(0, range(0, 0))), 0);
    EXPECT_EQ(status(home->submit(static_cast<u16>(Operation::write_zeroes), range(0, 8))),
              static_cast<i32>(Errno::opnotsupp));
    EXPECT_EQ(status(transfer(Operation::read, 0, std::vector<u8>(512), 0, 7)),
              static_cast<i32>(Errno::nodev));
    EXPECT_EQ(status(home->submit(0, range(0, 16), std::vector<u8>(512))),
              static_cast<i32>(Errno::inval));
}

TEST_F(Ahci, severalPortsAreSeveralDisksAndOthersAreLeft) {
    device->ports[0].disk = FakeAhci::Disk{.contents = std::vector<u8>(1 << 20), .depth = 1};
    device->ports[2].disk = FakeAhci::Disk{.signature = ahci::signature::packet};
    ASSERT_TRUE(home->start());
    ASSERT_EQ(home->offers.size(), 2u);
    EXPECT_EQ(home->offers[0].name, "sd0");
    EXPECT_EQ(home->offers[1].name, "sd1");
    const u64 one = transfer(Operation::write, 8, pattern(4096, 3), 0, 0);
    const u64 other = transfer(Operation::write, 8, pattern(4096, 4), 0, 1);
    run_device();
    EXPECT_EQ(status(one) | status(other), 0);
    EXPECT_EQ(disk(0).contents[4097], pattern(4096, 3)[1]);
    EXPECT_EQ(disk(1).contents[4097], pattern(4096, 4)[1]);
}

TEST_F(Ahci, saysBusyWhenFullAndGoesOn) {
    ASSERT_TRUE(home->start());
    device->holds = true;
    std::vector<u64> ids;
    for (int i = 0; i < 32; ++i)
        ids.push_back(transfer(Operation::read, 1, std::vector<u8>(512)));
    EXPECT_EQ(home->kind(transfer(Operation::read, 1, std::vector<u8>(512))), Answer::Kind::busy);
    device->holds = false;
    run_device();
    for (const u64 id : ids)
        EXPECT_EQ(status(id), 0);
    EXPECT_EQ(home->kind(transfer(Operation::read, 1, std::vector<u8>(512))),
              Answer::Kind::pending);
}

TEST_F(Ahci, disksComeAndGo) {
    ASSERT_TRUE(home->start());
    device->plug(3, {.contents = std::vector<u8>(1 << 20), .serial = "SECOND"});
    run_device();
    ASSERT_EQ(home->offers.size(), 2u);
    EXPECT_STREQ(properties(1).serial, "SECOND");
    device->holds = true;
    const u64 id = transfer(Operation::read, 0, std::vector<u8>(512), 0, 1);
    device->process();
    device->pull(3);
    deliver_interrupt();
    home->time += 1'100'000'000;
    for (int i = 0; i < 10; ++i) {
        home->time += 1'100'000'000;
        home->fire_timers();
    }
    EXPECT_TRUE(home->offers[1].withdrawn);
    EXPECT_EQ(status(id), static_cast<i32>(Errno::io));
    EXPECT_FALSE(home->offers[0].withdrawn);
    device->holds = false;
    device->plug(3, {.contents = std::vector<u8>(1 << 21), .serial = "THIRD"});
    run_device();
    EXPECT_FALSE(home->offers[1].withdrawn);
    EXPECT_STREQ(properties(1).serial, "THIRD");
    EXPECT_FALSE(home->ended()) << home->why();
}

TEST_F(Ahci, anotherDiskInItsPlaceIsAnotherDisk) {
    ASSERT_TRUE(home->start());
    device->holds = true;
    const u64 id = transfer(Operation::write, 0, pattern(512, 1));
    device->process();
    device->holds = false;
    device->plug(1, {.contents = std::vector<u8>(sectors * 512), .serial = "OTHER"});
    run_device();
    EXPECT_EQ(status(id), static_cast<i32>(Errno::io)); // not written to the wrong one
    EXPECT_EQ(disk().contents[1], 0);
    EXPECT_STREQ(properties().serial, "OTHER");
}

TEST_F(Ahci, aLinkThatDropsForAMomentLosesNothing) {
    ASSERT_TRUE(home->start());
    device->holds = true;
    const u64 read = transfer(Operation::read, 0, std::vector<u8>(4096));
    const u64 write = transfer(Operation::write, 64, pattern(4096, 5));
    device->process();
    device->holds = false;
    device->ports[1].interrupts |= ahci::cause::link;
    home->interrupt(0); // says nothing: not among the causes the controller tells of
    device->plug(1, disk());
    run_device();
    EXPECT_EQ(status(read) | status(write), 0);
    EXPECT_EQ(disk().contents[64 * 512 + 1], pattern(4096, 5)[1]);
    EXPECT_EQ(home->offers.size(), 1u);
    EXPECT_FALSE(home->offers[0].withdrawn);
    EXPECT_GT(device->comresets, 0u);
}

TEST_F(Ahci, survivesAMoveWithRequestsInFlight) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    home->move();
    device->process(); // while nobody listened
    home->resume();
    EXPECT_EQ(status(id), 0);
}

TEST_F(Ahci, stopsInOrder) {
    ASSERT_TRUE(home->start());
    EXPECT_FALSE(device->is_quiet());
    home->stop();
    EXPECT_TRUE(device->is_quiet());
}

// --- errors

TEST_F(Ahci, oneBadSectorFailsAlone) {
    for (const bool queues : {true, false}) {
        SetUp();
        disk().queues = queues;
        disk().bad_sector = 40;
        ASSERT_TRUE(home->start());
        std::vector<u64> ids;
        for (u64 i = 0; i < 10; ++i)
            ids.push_back(transfer(Operation::read, i * 8, std::vector<u8>(4096)));
        run_device();
        for (u64 i = 0; i < 10; ++i)
            EXPECT_EQ(status(ids[i]), i == 5 ? static_cast<i32>(Errno::io) : 0) << i;
        const u64 later = transfer(Operation::read, 0, std::vector<u8>(4096));
        run_device();
        EXPECT_EQ(status(later), 0);
        EXPECT_EQ(device->seen.back().command,
                  queues ? AtaCommand::read_queued : AtaCommand::read_extended);
    }
}

TEST_F(Ahci, failedCommandsAreTriedAgainAFewTimes) {
    ASSERT_TRUE(home->start());
    disk().fail_error = 4; // aborted
    disk().fail_count = 3;
    const u64 lucky = transfer(Operation::write, 10, pattern(512, 1));
    run_device();
    EXPECT_EQ(status(lucky), 0);
    disk().fail_count = 4;
    const u64 unlucky = transfer(Operation::read, 10, std::vector<u8>(512));
    run_device();
    EXPECT_EQ(status(unlucky), static_cast<i32>(Errno::io));
    EXPECT_EQ(disk().fail_count, 0u);
}

TEST_F(Ahci, aCommandWithoutAnswerIsTriedAgainThenFails) {
    home->configuration["timeout"] = "5";
    ASSERT_TRUE(home->start());
    device->holds = true;
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    for (int i = 0; i < 60 && status(id) < 0; ++i) {
        run_device();
        home->time += 1'000'000'000;
        home->fire_timers();
    }
    EXPECT_EQ(status(id), static_cast<i32>(Errno::io));
    EXPECT_GT(device->comresets, 2u);
    device->holds = false;
    run_device();
    const u64 later = transfer(Operation::read, 5, std::vector<u8>(512));
    run_device();
    EXPECT_EQ(status(later), 0);
}

TEST_F(Ahci, findsRequestsWhoseInterruptWasLost) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    device->process(); // and no interrupt
    home->time += 3'000'000'000;
    home->fire_timers();
    EXPECT_EQ(status(id), 0);
    EXPECT_EQ(home->counters[3], 1u);
}

TEST_F(Ahci, aDeadControllerEndsTheInstance) {
    ASSERT_TRUE(home->start());
    transfer(Operation::read, 5, std::vector<u8>(512));
    device->die();
    home->time += 3'000'000'000;
    home->fire_timers();
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->broke_contract());
}

TEST_F(Ahci, aPortThatDoesNotStopEndsTheInstance) {
    ASSERT_TRUE(home->start());
    disk().bad_sector = 5;
    device->never_stops = true;
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    for (int i = 0; i < 5; ++i)
        run_device();
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->answer(id).done); // its memory may still be written to
    EXPECT_FALSE(home->broke_contract());
}

TEST_F(Ahci, doesNotWaitForEver) {
    device->stays_in_reset = true;
    EXPECT_FALSE(home->start());
    EXPECT_LT(home->sleeps, 50'000u);
    make_home();
    device->stays_in_reset = false;
    disk().mute = true;
    EXPECT_TRUE(home->start()); // the others may be of use
    EXPECT_EQ(home->offers.size(), 0u);
    EXPECT_LT(home->sleeps, 200'000u);
    make_home();
    device->die();
    EXPECT_FALSE(home->start());
}

// --- lies: the run that is repeated under each

void use_controller(Home& home, FakeAhci& device) {
    home.asleep = [&] { device.process(); };
    if (!home.start())
        return;
    for (int round = 0; round < 3; ++round) {
        for (u64 i = 0; i < 5; ++i)
            home.submit(static_cast<u16>(i), range(i, i == 2 ? 0 : 24),
                        i < 2 ? std::vector<u8>(12288) : std::vector<u8>());
        for (int i = 0; i < 6; ++i) {
            device.process();
            home.interrupt(0);
            home.time += 5'000'000;
            home.fire_timers();
        }
        if (round == 0)
            device.plug(2, {.contents = std::vector<u8>(64 * 512), .serial = "2"});
        if (round == 1)
            device.pull(2);
        home.time += 2'000'000'000;
        home.fire_timers();
    }
    home.stop();
}

FakeAhci::Disk small_disk() { return {.contents = std::vector<u8>(64 * 512)}; }

TEST_F(Ahci, lyingRegisters) {
    disk() = small_disk();
    use_controller(*home, *device);
    const u64 reads = home->register_reads;
    ASSERT_FALSE(home->ended()) << home->why();
    ASSERT_GT(reads, 50u);
    u64 ended = 0;
    for (u64 target = 0; target < reads; ++target) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeAhci liar(fresh, 4);
            liar.ports[1].disk = small_disk();
            Home victim(pith_component_ahci, &liar, fresh);
            victim.lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            use_controller(victim, liar);
            ended += victim.ended();
            EXPECT_LT(victim.sleeps, 1'000'000u);
            ASSERT_FALSE(victim.broke_contract())
                << victim.why() << ", read " << target << ", kind " << kind;
            ASSERT_EQ(fresh.stray(), 0u) << "read " << target << ", kind " << kind;
        }
    }
    EXPECT_GT(ended, 0u);
}

// Each word of what the disk tells of itself that the driver looks at.
TEST_F(Ahci, lyingMemory) {
    disk() = small_disk();
    use_controller(*home, *device);
    ASSERT_GE(device->words_written, 512u);
    u64 refused = 0;
    for (const u64 target :
         {0,   10,  15,  19,  49,  60,  61,  75,  76,  83,       84,        85,
          100, 101, 102, 103, 106, 117, 118, 169, 256, 256 + 83, 256 + 100, 256 + 106}) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeAhci liar(fresh, 4);
            liar.ports[1].disk = small_disk();
            liar.memory_lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            Home victim(pith_component_ahci, &liar, fresh);
            victim.configuration["timeout"] = "1";
            use_controller(victim, liar);
            refused += victim.offers.empty();
            ASSERT_FALSE(victim.broke_contract())
                << victim.why() << ", word " << target << ", kind " << kind;
            ASSERT_EQ(fresh.stray(), 0u) << "word " << target << ", kind " << kind;
        }
    }
    EXPECT_GT(refused, 20u);
}

// The controller says what it likes of every port, again and again.
TEST_F(Ahci, scribblingController) {
    for (u32 seed = 1; seed <= 300; ++seed) {
        DeviceMemory fresh;
        FakeAhci liar(fresh, 4);
        liar.ports[1].disk = liar.ports[3].disk = {.contents = std::vector<u8>(300 * 512)};
        Home victim(pith_component_ahci, &liar, fresh);
        victim.asleep = [&] { liar.process(); };
        ASSERT_TRUE(victim.start());
        u64 random = seed * 0x9e37'79b9'7f4a'7c15;
        const auto next = [&] {
            random = random * 6364136223846793005u + 1442695040888963407u;
            return static_cast<u32>(random >> 33);
        };
        for (int round = 0; round < 40; ++round) {
            for (u32 i = next() % 6; i > 0; --i) {
                const bool data = next() % 2;
                victim.submit(static_cast<u16>(next() % 5), range(next() % 300, data ? 1 : 8),
                              std::vector<u8>(data ? 512 : 0), 4096, next() % 2);
            }
            liar.holds = next() % 4 == 0;
            liar.process();
            for (FakeAhci::Port& port : liar.ports) {
                if (next() % 8 == 0)
                    port.interrupts = next();
                if (next() % 8 == 0)
                    port.issued ^= next();
                if (next() % 8 == 0)
                    port.active ^= next();
                if (next() % 16 == 0 && port.disk)
                    port.disk->fail_count = next() % 3;
            }
            victim.interrupt(0);
            victim.time += next() % 4 == 0 ? 2'000'000'000 : 3'000'000;
            victim.fire_timers();
            ASSERT_FALSE(victim.broke_contract()) << victim.why() << ", seed " << seed;
        }
    }
}

} // namespace

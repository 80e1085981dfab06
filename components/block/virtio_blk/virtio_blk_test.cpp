// SPDX-License-Identifier: BSD-2-Clause
// The driver against a pretended virtio disk, over each transport, truthful and lying.
#include <cstring>

#include <gtest/gtest.h>

#include "components/block/virtio_blk/device.h"
#include "host/test/block_client.h"
#include "host/test/fake_virtio.h"
#include "host/test/lies.h"

extern "C" const component::Descriptor pith_component_virtio_blk;

namespace {

using namespace host_test;
using component::Answer;
using component::Block;
using Operation = Block::Operation;

constexpr u64 sectors = 256;

class FakeDisk : public FakeVirtio {
public:
    FakeDisk(DeviceMemory& memory, VirtioTransport transport, u64 features = default_features)
        : FakeVirtio(memory, transport, 2, features, 1), contents(sectors * 512) {
        virtio_blk::Configuration c{};
        c.capacity = sectors;
        c.seg_max = 32;
        c.block_size = 512;
        c.max_discard_sectors = 64;
        c.max_write_zeroes_sectors = 64;
        configuration.resize(sizeof c);
        std::memcpy(configuration.data(), &c, sizeof c);
    }
    static constexpr u64 default_features =
        u64{1} << 28 | u64{1} << 29 | virtio_blk::feature::seg_max |
        virtio_blk::feature::block_size | virtio_blk::feature::flush |
        virtio_blk::feature::discard | virtio_blk::feature::write_zeroes;

    bool perform(u32, Chain& chain, u32& written) override {
        if (stalled)
            return false;
        const std::vector<u8> in = chain.read_all();
        virtio_blk::RequestHeader header{};
        if (in.size() < sizeof header || chain.writable.empty())
            return true;
        std::memcpy(&header, in.data(), sizeof header);
        u8 status = virtio_blk::status_ok;
        const u64 at = header.sector * 512;
        if (fail_sector == header.sector) {
            status = virtio_blk::status_error;
        } else if (header.type == virtio_blk::RequestType::read) {
            usize offset = at;
            for (usize i = 0; i + 1 < chain.writable.size(); ++i) {
                std::memcpy(chain.writable[i].data(), &contents[offset], chain.writable[i].size());
                offset += chain.writable[i].size();
                written += static_cast<u32>(chain.writable[i].size());
            }
        } else if (header.type == virtio_blk::RequestType::write) {
            std::memcpy(&contents[at], in.data() + sizeof header, in.size() - sizeof header);
        } else if (header.type == virtio_blk::RequestType::flush) {
            ++flushes;
        } else if (header.type == virtio_blk::RequestType::write_zeroes) {
            virtio_blk::Range range;
            std::memcpy(&range, in.data() + sizeof header, sizeof range);
            std::memset(&contents[range.sector * 512], 0, range.count * 512);
        } else if (header.type == virtio_blk::RequestType::identify && has_serial) {
            std::memcpy(chain.writable[0].data(), "PITH \1 0001\0trash...", 20);
            written += 20;
        } else {
            status = virtio_blk::status_unsupported;
        }
        if (!silent)
            chain.writable.back()[0] = status;
        written = static_cast<u32>(static_cast<i32>(written) + 1 - short_by);
        last_segments = chain.writable.size() + chain.readable.size();
        return true;
    }
    usize last_segments = 0;

    std::vector<u8> contents;
    u64 fail_sector = ~u64{0};
    int flushes = 0;
    bool has_serial = true;
    i32 short_by = 0; // bytes fewer than were written, as the device counts
    bool stalled = false;
    bool silent = false; // gives requests back without a status
};

class VirtioBlk : public testing::TestWithParam<VirtioTransport> {
protected:
    void SetUp() override {
        disk = std::make_unique<FakeDisk>(memory, GetParam());
        make_home();
    }
    void make_home() {
        home = std::make_unique<Home>(pith_component_virtio_blk, disk.get(), memory);
        home->asleep = [this] { disk->process(0); };
    }
    component::BlockProperties properties() { return properties_of(*home, 0); }
    void run_device() {
        disk->process(0);
        if (disk->wants_interrupt(0))
            home->interrupt(disk->queue_line());
    }
    u64 transfer(Operation operation, u64 sector, std::vector<u8> data, usize piece = 4096) {
        const u32 count = static_cast<u32>(data.size() / 512);
        return home->submit(static_cast<u16>(operation), range(sector, count), std::move(data),
                            piece);
    }

    DeviceMemory memory;
    std::unique_ptr<FakeDisk> disk;
    std::unique_ptr<Home> home;
};

TEST_P(VirtioBlk, offersTheDisk) {
    ASSERT_TRUE(home->start());
    ASSERT_EQ(home->offers.size(), 1u);
    component::BlockProperties properties;
    std::memcpy(&properties, home->offers[0].properties.data(), sizeof properties);
    EXPECT_EQ(properties.capacity, sectors);
    EXPECT_EQ(properties.max_segments, 32u);
    EXPECT_EQ(properties.queue_depth, 64u);
    EXPECT_TRUE(disk->running());
}

TEST_P(VirtioBlk, writesAndReadsBack) {
    ASSERT_TRUE(home->start());
    std::vector<u8> data(8192);
    for (usize i = 0; i < data.size(); ++i)
        data[i] = static_cast<u8>(i * 7);
    const u64 write = transfer(Operation::write, 3, data, 512);
    EXPECT_EQ(home->kind(write), Answer::Kind::pending);
    EXPECT_TRUE(disk->was_notified(0));
    run_device();
    EXPECT_TRUE(home->answer(write).done);
    EXPECT_EQ(home->answer(write).status, 0);
    EXPECT_EQ(std::memcmp(&disk->contents[3 * 512], data.data(), data.size()), 0);
    const u64 read = transfer(Operation::read, 3, std::vector<u8>(8192), 1024);
    run_device();
    EXPECT_EQ(home->answer(read).status, 0);
    EXPECT_EQ(home->data(read), data);
    EXPECT_EQ(memory.stray(), 0u);
}

TEST_P(VirtioBlk, flushZeroesAndDiscard) {
    ASSERT_TRUE(home->start());
    disk->contents.assign(disk->contents.size(), 1);
    const u64 flush = home->submit(static_cast<u16>(Operation::flush), {});
    const u64 zero = home->submit(static_cast<u16>(Operation::write_zeroes), range(8, 4));
    const u64 discard = home->submit(static_cast<u16>(Operation::discard), range(16, 4));
    run_device();
    EXPECT_EQ(home->answer(flush).status, 0);
    EXPECT_EQ(disk->flushes, 1);
    EXPECT_EQ(home->answer(zero).status, 0);
    EXPECT_EQ(disk->contents[8 * 512], 0);
    EXPECT_EQ(disk->contents[12 * 512], 1);
    EXPECT_EQ(home->answer(discard).status, static_cast<i32>(Errno::opnotsupp));
}

TEST_P(VirtioBlk, errorsBelongToTheirRequest) {
    ASSERT_TRUE(home->start());
    disk->fail_sector = 10;
    const u64 bad = transfer(Operation::read, 10, std::vector<u8>(512));
    const u64 good = transfer(Operation::read, 11, std::vector<u8>(512));
    run_device();
    EXPECT_EQ(home->answer(bad).status, static_cast<i32>(Errno::io));
    EXPECT_EQ(home->answer(good).status, 0);
}

TEST_P(VirtioBlk, refusesWhatIsNotOnTheDisk) {
    ASSERT_TRUE(home->start());
    for (u64 sector : {sectors, sectors - 1, ~u64{0}}) {
        const u64 id = transfer(Operation::read, sector, std::vector<u8>(1024));
        EXPECT_TRUE(home->answer(id).done);
        EXPECT_NE(home->answer(id).status, 0);
    }
    const u64 unknown = home->submit(99, {});
    EXPECT_NE(home->answer(unknown).status, 0);
}

TEST_P(VirtioBlk, saysBusyWhenFullAndGoesOn) {
    ASSERT_TRUE(home->start());
    std::vector<u64> ids;
    for (int i = 0; i < 64; ++i)
        ids.push_back(transfer(Operation::read, 1, std::vector<u8>(512)));
    const u64 extra = transfer(Operation::read, 1, std::vector<u8>(512));
    EXPECT_EQ(home->kind(extra), Answer::Kind::busy);
    run_device();
    for (u64 id : ids)
        EXPECT_TRUE(home->answer(id).done);
    const u64 again = transfer(Operation::read, 1, std::vector<u8>(512));
    EXPECT_EQ(home->kind(again), Answer::Kind::pending);
}

TEST_P(VirtioBlk, goesRoundTheRingManyTimes) {
    ASSERT_TRUE(home->start());
    for (u32 i = 0; i < 70'000; i += 7) { // past 65536, where the indices wrap
        for (u32 k = 0; k < 7; ++k)
            home->submit(static_cast<u16>(Operation::flush), {});
        run_device();
    }
    EXPECT_FALSE(home->ended()) << home->why();
    EXPECT_EQ(disk->flushes, 70'000);
}

TEST_P(VirtioBlk, survivesAMoveWithRequestsInFlight) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    home->move();
    run_device();
    EXPECT_TRUE(home->answer(id).done);
}

TEST_P(VirtioBlk, followsTheCapacity) {
    ASSERT_TRUE(home->start());
    disk->configuration[0] = 0x80;
    disk->configuration[1] = 0;
    disk->raise_configuration_change();
    home->interrupt(0);
    component::BlockProperties properties;
    std::memcpy(&properties, home->offers[0].properties.data(), sizeof properties);
    EXPECT_EQ(properties.capacity, 0x80u);
}

TEST_P(VirtioBlk, endsWhenTheDeviceAsksForAReset) {
    ASSERT_TRUE(home->start());
    disk->set_needs_reset();
    home->interrupt(0);
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->broke_contract());
}

TEST_P(VirtioBlk, endsWhenARequestComesBackWithoutStatus) {
    ASSERT_TRUE(home->start());
    disk->silent = true;
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    run_device();
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->answer(id).done);
}

TEST_P(VirtioBlk, garbageInTheUsedRingEndsTheInstance) {
    u64 ended = 0;
    for (u32 seed = 1; seed <= 400; ++seed) {
        SetUp();
        ASSERT_TRUE(home->start());
        for (int i = 0; i < 5; ++i)
            transfer(Operation::read, 1, std::vector<u8>(512));
        u64 random = seed;
        for (u8& byte : disk->ring(0)) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            byte = static_cast<u8>(random >> 56);
        }
        home->interrupt(disk->queue_line());
        for (int i = 0; i < 4; ++i)
            home->fire_timers();
        ended += home->ended();
        ASSERT_FALSE(home->broke_contract()) << home->why() << ", seed " << seed;
    }
    EXPECT_GT(ended, 380u);
}

// Two entries for one request: what the ring says cannot be true, so nothing of it is believed.
TEST_P(VirtioBlk, moreGivenBackThanGivenEndsTheInstance) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 1, std::vector<u8>(512));
    auto chain = disk->take(0);
    ASSERT_TRUE(chain);
    chain->writable.back()[0] = 0;
    disk->complete(0, chain->head, 513);
    disk->complete(0, chain->head, 513);
    home->interrupt(disk->queue_line());
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->broke_contract());
    EXPECT_FALSE(home->answer(id).done);
}

// The count is right, but one is named twice: it is completed once, the other not at all.
TEST_P(VirtioBlk, aRequestGivenBackTwiceEndsTheInstance) {
    ASSERT_TRUE(home->start());
    const u64 first = transfer(Operation::read, 1, std::vector<u8>(512));
    const u64 second = transfer(Operation::read, 2, std::vector<u8>(512));
    auto chain = disk->take(0);
    ASSERT_TRUE(chain);
    chain->writable.back()[0] = 0;
    disk->complete(0, chain->head, 513);
    disk->complete(0, chain->head, 513);
    home->interrupt(disk->queue_line());
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->broke_contract());
    EXPECT_TRUE(home->answer(first).done);
    EXPECT_FALSE(home->answer(second).done);
    EXPECT_EQ(home->answer(transfer(Operation::read, 1, std::vector<u8>(512))).status,
              static_cast<i32>(Errno::io));
}

TEST_P(VirtioBlk, moreWrittenThanThereIsRoomEndsTheInstance) {
    ASSERT_TRUE(home->start());
    disk->short_by = -1;
    const u64 id = transfer(Operation::read, 1, std::vector<u8>(512));
    run_device();
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->answer(id).done);
}

// The run that is repeated under each lie.
void use_disk(Home& home, FakeDisk& disk, DeviceMemory&) {
    home.asleep = [&] { disk.process(0); };
    if (!home.start())
        return;
    for (int round = 0; round < 3; ++round) {
        for (u64 i = 0; i < 3; ++i)
            home.submit(static_cast<u16>(i),
                        std::bit_cast<component::RequestArguments>(
                            Block::Arguments{i, i < 2 ? 8u : 0u, 0, 0}),
                        i < 2 ? std::vector<u8>(4096) : std::vector<u8>());
        disk.process(0);
        disk.raise_configuration_change();
        home.interrupt(0);
        home.interrupt(1);
        home.fire_timers();
    }
    home.stop();
}

TEST_P(VirtioBlk, lyingRegisters) {
    use_disk(*home, *disk, memory);
    const u64 reads = home->register_reads;
    ASSERT_FALSE(home->ended());
    ASSERT_GT(reads, 10u);
    u64 ended = 0;
    for (u64 target = 0; target < reads; ++target) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeDisk liar(fresh, GetParam());
            Home victim(pith_component_virtio_blk, &liar, fresh);
            victim.lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            use_disk(victim, liar, fresh);
            ended += victim.ended();
            EXPECT_LT(victim.register_reads, 20'000u);
            ASSERT_FALSE(victim.broke_contract())
                << victim.why() << ", read " << target << ", kind " << kind;
        }
    }
    EXPECT_GT(ended, 0u);
}

// --- what not every device has

TEST_P(VirtioBlk, drivesADeviceWithoutIndirectDescriptorsAndEvents) {
    disk = std::make_unique<FakeDisk>(memory, GetParam(), virtio_blk::feature::seg_max);
    make_home();
    ASSERT_TRUE(home->start());
    EXPECT_FALSE(properties().write_cache);
    EXPECT_EQ(properties().queue_depth, 32u);
    std::vector<u8> data(8192, 0x5a);
    for (int round = 0; round < 100; ++round) {
        std::vector<u64> ids;
        for (int i = 0; i < 20; ++i) { // more descriptors than there are: some are told to wait
            ids.push_back(transfer(Operation::write, 3, data, 1024));
        }
        EXPECT_EQ(home->kind(ids.back()), Answer::Kind::busy);
        run_device();
        for (u64 id : ids)
            EXPECT_TRUE(home->answer(id).done || home->kind(id) == Answer::Kind::busy);
    }
    EXPECT_EQ(std::memcmp(&disk->contents[3 * 512], data.data(), data.size()), 0);
    EXPECT_EQ(home->answer(home->submit(static_cast<u16>(Operation::flush), {})).status, 0);
    EXPECT_EQ(disk->flushes, 0);
    EXPECT_FALSE(home->ended()) << home->why();
    EXPECT_EQ(memory.stray(), 0u);
}

TEST_P(VirtioBlk, tellsTheSerialNumber) {
    ASSERT_TRUE(home->start());
    EXPECT_STREQ(properties().serial, "PITH___0001");
}

TEST_P(VirtioBlk, startsWithoutASerialNumber) {
    disk->has_serial = false;
    ASSERT_TRUE(home->start());
    EXPECT_STREQ(properties().serial, "");
}

// It answers long after: the slot is freed then and nothing else happens.
TEST_P(VirtioBlk, startsWhenIdentifyIsNotAnswered) {
    home->asleep = nullptr;
    ASSERT_TRUE(home->start());
    run_device();
    std::vector<u64> ids;
    for (int i = 0; i < 64; ++i)
        ids.push_back(transfer(Operation::read, 1, std::vector<u8>(512)));
    EXPECT_EQ(home->kind(ids.back()), Answer::Kind::pending);
    run_device();
    EXPECT_TRUE(home->answer(ids.back()).done);
}

TEST_P(VirtioBlk, forcedUnitAccessFlushesBeforeItAnswers) {
    ASSERT_TRUE(home->start());
    const u64 id =
        home->submit(static_cast<u16>(Operation::write), range(2, 1, Block::flag_force_unit_access),
                     std::vector<u8>(512, 7));
    auto chain = disk->take(0);
    ASSERT_TRUE(chain);
    u32 written = 0;
    disk->perform(0, *chain, written);
    disk->complete(0, chain->head, written);
    home->interrupt(disk->queue_line());
    EXPECT_FALSE(home->answer(id).done);
    EXPECT_EQ(disk->flushes, 0);
    run_device();
    EXPECT_TRUE(home->answer(id).done);
    EXPECT_EQ(home->answer(id).value, 512u);
    EXPECT_EQ(disk->flushes, 1);
}

TEST_P(VirtioBlk, cutsWhatIsLongerThanASegment) {
    disk = std::make_unique<FakeDisk>(memory, GetParam(),
                                      FakeDisk::default_features | virtio_blk::feature::size_max);
    disk->configuration[8] = 0;
    disk->configuration[9] = 4; // 1024 bytes
    make_home();
    ASSERT_TRUE(home->start());
    EXPECT_EQ(properties().max_segment_bytes, 1024u);
    std::vector<u8> data(3 * 2560);
    for (usize i = 0; i < data.size(); ++i)
        data[i] = static_cast<u8>(i * 11);
    const u64 id = transfer(Operation::write, 9, data, 2560); // three pieces of 2.5 segments
    run_device();
    EXPECT_EQ(home->answer(id).status, 0);
    EXPECT_EQ(disk->last_segments, 1u + 9u + 1u);
    EXPECT_EQ(std::memcmp(&disk->contents[9 * 512], data.data(), data.size()), 0);
    const u64 many = transfer(Operation::write, 9, std::vector<u8>(33 * 1024), 33 * 1024);
    EXPECT_EQ(home->answer(many).status, static_cast<i32>(Errno::inval));
}

TEST_P(VirtioBlk, refusesWritesToAReadOnlyDisk) {
    disk = std::make_unique<FakeDisk>(memory, GetParam(),
                                      FakeDisk::default_features | virtio_blk::feature::read_only);
    make_home();
    ASSERT_TRUE(home->start());
    EXPECT_TRUE(properties().read_only);
    EXPECT_EQ(home->answer(transfer(Operation::write, 1, std::vector<u8>(512))).status,
              static_cast<i32>(Errno::rofs));
}

TEST_P(VirtioBlk, refusesImpossibleGeometry) {
    for (u8 block : {0, 1, 3}) { // of 0, 256 and 768 bytes
        disk = std::make_unique<FakeDisk>(memory, GetParam());
        disk->configuration[20] = 0;
        disk->configuration[21] = block;
        make_home();
        EXPECT_FALSE(home->start()) << int{block};
    }
    disk = std::make_unique<FakeDisk>(memory, GetParam());
    disk->configuration[7] = 0xff;
    make_home();
    EXPECT_FALSE(home->start());
    EXPECT_EQ(disk->status() & 0x80, 0x80); // told so
}

// --- what may go wrong on the way

TEST_P(VirtioBlk, aReadThatDidNotFillTheBufferIsAnError) {
    ASSERT_TRUE(home->start());
    disk->short_by = 100;
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    run_device();
    const bool legacy = GetParam() == VirtioTransport::mmio_legacy; // those cannot count
    EXPECT_EQ(home->answer(id).status, legacy ? 0 : static_cast<i32>(Errno::io));
}

TEST_P(VirtioBlk, findsRequestsWhoseInterruptWasLost) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    disk->process(0); // and no interrupt
    home->time += 3'000'000'000;
    EXPECT_TRUE(home->fire_timers());
    EXPECT_TRUE(home->answer(id).done);
    EXPECT_EQ(home->counters[2], 1u);
}

TEST_P(VirtioBlk, notifiesAgainWhenNothingHappens) {
    ASSERT_TRUE(home->start());
    transfer(Operation::read, 5, std::vector<u8>(512));
    EXPECT_TRUE(disk->was_notified(0));
    home->time += 3'000'000'000;
    home->fire_timers();
    EXPECT_TRUE(disk->was_notified(0));
    EXPECT_FALSE(home->ended()); // slow is no fault
}

TEST_P(VirtioBlk, notifiesOnlyWhenTheDeviceWants) {
    ASSERT_TRUE(home->start());
    (void)disk->was_notified(0);
    transfer(Operation::read, 1, std::vector<u8>(512));
    EXPECT_TRUE(disk->was_notified(0));
    transfer(Operation::read, 1, std::vector<u8>(512));
    EXPECT_FALSE(disk->was_notified(0)); // it has not looked yet and knows already
    run_device();
    transfer(Operation::read, 1, std::vector<u8>(512));
    EXPECT_TRUE(disk->was_notified(0));
}

TEST_P(VirtioBlk, resumesAfterAMove) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    home->move();
    disk->process(0); // while nobody listened
    home->resume();
    EXPECT_TRUE(home->answer(id).done);
}

TEST_P(VirtioBlk, doesNotWaitForEverForAReset) {
    home->lie = [](u64, u64, u32) { return ~u64{0}; }; // a dead bus
    EXPECT_FALSE(home->start());
    EXPECT_LT(home->sleeps, 2000u);
}

// The device scribbles over all the memory it shares, again and again, and gives chains back at
// random.
TEST_P(VirtioBlk, scribblingDevice) {
    u32 ended = 0;
    for (u32 seed = 1; seed <= 300; ++seed) {
        DeviceMemory fresh;
        FakeDisk liar(fresh, GetParam());
        Home victim(pith_component_virtio_blk, &liar, fresh);
        victim.asleep = [&] { liar.process(0); };
        ASSERT_TRUE(victim.start());
        u64 random = seed * 0x9e37'79b9'7f4a'7c15;
        const auto next = [&] {
            random = random * 6364136223846793005u + 1442695040888963407u;
            return static_cast<u32>(random >> 33);
        };
        for (int round = 0; round < 20; ++round) {
            for (u32 i = next() % 6; i > 0; --i)
                victim.submit(static_cast<u16>(next() % 5), range(next() % 300, 1 + next() % 16),
                              std::vector<u8>(next() % 2 ? 512 : 0));
            auto chain = liar.take(0);
            if (chain && next() % 2) {
                u32 written = 0;
                if (!chain->writable.empty() && !chain->writable.back().empty())
                    chain->writable.back()[0] = static_cast<u8>(next() % 3);
                liar.complete(0, chain->head, next() % 4 ? written + 513 : next());
            }
            if (next() % 3 == 0)
                liar.complete(0, static_cast<u16>(next() % 130), next() % 1000);
            if (next() % 4 == 0) {
                const auto ring = liar.ring(0);
                for (u32 i = next() % 8; i > 0; --i)
                    ring[next() % ring.size()] = static_cast<u8>(next());
            }
            victim.interrupt(liar.queue_line());
            victim.time += 1'000'000'000;
            victim.fire_timers();
            ASSERT_FALSE(victim.broke_contract()) << victim.why() << ", seed " << seed;
            ASSERT_LT(victim.register_reads, 20'000u);
        }
        ended += victim.ended();
    }
    EXPECT_GT(ended, 250u);
}

INSTANTIATE_TEST_SUITE_P(Transports, VirtioBlk,
                         testing::Values(VirtioTransport::pci, VirtioTransport::pci_line,
                                         VirtioTransport::mmio, VirtioTransport::mmio_legacy));

} // namespace

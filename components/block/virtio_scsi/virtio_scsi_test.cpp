// SPDX-License-Identifier: BSD-2-Clause
// The driver against a pretended SCSI host with units in memory, truthful and lying.
#include <cstring>

#include <gtest/gtest.h>

#include "components/block/virtio_scsi/device.h"
#include "components/block/virtio_scsi/scsi.h"
#include "host/test/block_client.h"
#include "host/test/fake_virtio.h"
#include "host/test/lies.h"

extern "C" const component::Descriptor pith_component_virtio_scsi;

namespace {

using namespace host_test;
using namespace virtio_scsi;
using component::Answer;
using component::Block;
using Operation = Block::Operation;

constexpr u64 blocks = 256;

struct FakeUnit {
    std::vector<u8> contents = std::vector<u8>(blocks * 512);
    u32 shift = 9;
    u8 type = 0;
    u8 mode_flags = 0; // write protection, FUA
    std::string serial = "U";
    bool attention = true; // told once
    u32 busy = 0;          // so many commands find it so
    Sense fail;            // key hardware with code 1: transfers fail with this
    bool fails = false;
    u32 residual = 0;
};

u64 big(const u8* from, u32 bytes) {
    u64 value = 0;
    for (u32 i = 0; i < bytes; ++i)
        value = value << 8 | from[i];
    return value;
}

class FakeHost : public FakeVirtio {
public:
    FakeHost(DeviceMemory& memory, VirtioTransport transport)
        : FakeVirtio(memory, transport, 8,
                     u64{1} << 28 | u64{1} << 29 | virtio_scsi::feature::hot_plug |
                         virtio_scsi::feature::change,
                     3) {
        const Configuration c{.queue_count = 1,
                              .seg_max = 126,
                              .max_sectors = 0xffff,
                              .commands_per_unit = 128,
                              .event_bytes = event::bytes,
                              .sense_bytes = sense_bytes,
                              .command_bytes = command_bytes,
                              .max_channel = 0,
                              .max_target = 7,
                              .max_unit = 16383};
        configuration.resize(sizeof c);
        std::memcpy(configuration.data(), &c, sizeof c);
    }

    std::map<std::pair<u8, u16>, FakeUnit> units;
    bool stalled = false;
    u32 flushes = 0;
    std::vector<std::vector<u8>> seen; // commands of transfers
    RegisterLie memory_lie;
    u64 words_written = 0;

    void tell(u32 kind, u32 reason, u8 target, u16 unit) {
        auto chain = take(event_queue);
        if (!chain)
            return;
        std::vector<u8> bytes(event::bytes);
        std::memcpy(&bytes[event::kind], &kind, 4);
        std::memcpy(&bytes[event::reason], &reason, 4);
        bytes[event::unit] = 1;
        bytes[event::unit + 1] = target;
        put_big<2>(&bytes[event::unit + 2], 0x4000 | unit);
        complete(event_queue, chain->head, chain->write(bytes));
    }

    bool perform(u32, Chain& chain, u32& written) override {
        if (stalled)
            return false;
        const std::vector<u8> in = chain.read_all();
        if (in.size() < request_bytes || chain.writable.empty())
            return true;
        std::vector<u8> head(reply::bytes), data;
        head[reply::response] = static_cast<u8>(Response::bad_target);
        const u8 target = in[1];
        const u16 unit = static_cast<u16>(big(&in[2], 2) & 0x3fff);
        bool target_is = false;
        for (const auto& each : units)
            target_is |= each.first.first == target;
        if (target_is) {
            head[reply::response] = 0;
            run({in.begin() + 19, in.begin() + 51}, {in.begin() + request_bytes, in.end()}, target,
                unit, head, data);
        }
        head.insert(head.end(), data.begin(), data.end());
        for (usize at = 0; at + 4 <= head.size() && memory_lie; at += 4) {
            u32 word;
            std::memcpy(&word, &head[at], 4);
            word = static_cast<u32>(memory_lie(words_written, word, 4));
            ++words_written;
            std::memcpy(&head[at], &word, 4);
        }
        if (!memory_lie)
            words_written += head.size() / 4;
        written = chain.write(head);
        if (counts_all)
            written += static_cast<u32>(in.size());
        return true;
    }
    bool counts_all = true; // as QEMU does

private:
    static void set_sense(std::vector<u8>& head, const Sense& sense) {
        head[reply::status] = static_cast<u8>(ScsiStatus::check_condition);
        head[reply::sense_length] = 18;
        head[reply::sense] = 0x70;
        head[reply::sense + 2] = static_cast<u8>(sense.key);
        put_big<2>(&head[reply::sense + 12], sense.code);
    }
    void list_units(u8 target, std::vector<u8>& data) {
        data.resize(8);
        for (const auto& [at, unit] : units) {
            if (at.first == target) {
                data.resize(data.size() + 8);
                put_big<2>(&data[data.size() - 8],
                           at.second < 256 ? at.second : 0x4000 | at.second);
            }
        }
        put_big<4>(data.data(), data.size() - 8);
    }
    void tell_page(const FakeUnit& is, u8 page, std::vector<u8>& data) {
        data.assign(64, 0);
        if (page == page_serial) {
            data[3] = static_cast<u8>(is.serial.size());
            std::memcpy(&data[4], is.serial.data(), is.serial.size());
        } else if (page == page_limits) {
            put_big<4>(&data[limits_data::unmap_blocks], 64);
        } else {
            data[provisioning_data::flags] = 0xe0;
        }
    }
    void run(std::vector<u8> command, std::vector<u8> in, u8 target, u16 number,
             std::vector<u8>& head, std::vector<u8>& data) {
        const auto kind = static_cast<ScsiCommand>(command[0]);
        if (kind == ScsiCommand::report_units)
            return list_units(target, data);
        const auto found = units.find({target, number});
        if (found == units.end())
            return set_sense(head, {SenseKey::illegal, 0x2500});
        FakeUnit& is = found->second;
        if (kind == ScsiCommand::inquiry) {
            data.assign(36, 0);
            data[0] = is.type;
            if (command[1] & 1)
                tell_page(is, command[2], data);
            return;
        }
        if (std::exchange(is.attention, false))
            return set_sense(head, {SenseKey::attention, 0x2900});
        if (is.busy != 0) {
            --is.busy;
            head[reply::status] = static_cast<u8>(ScsiStatus::busy);
            return;
        }
        if (kind == ScsiCommand::service_action_in_16) {
            data.assign(32, 0);
            put_big<8>(&data[0], (is.contents.size() >> is.shift) - 1);
            put_big<4>(&data[8], u64{1} << is.shift);
            data[capacity_data::provisioning] = 0xc0;
            return;
        }
        if (kind == ScsiCommand::mode_sense_6) {
            data = {23, 0, is.mode_flags, 0, 8, 18, 4};
            data.resize(24);
            return;
        }
        move(is, command, in, head, data);
    }
    void move(FakeUnit& is, const std::vector<u8>& command, const std::vector<u8>& in,
              std::vector<u8>& head, std::vector<u8>& data) {
        seen.push_back(command);
        const auto kind = static_cast<ScsiCommand>(command[0]);
        if (is.fails)
            return set_sense(head, is.fail);
        std::memcpy(&head[reply::residual], &is.residual, 4);
        if (kind == ScsiCommand::synchronize_cache_10) {
            ++flushes;
            return;
        }
        u64 first = big(&command[2], 8), count = big(&command[10], 4);
        if (kind == ScsiCommand::unmap) {
            first = big(&in[8], 8);
            count = big(&in[16], 4);
        }
        const u64 all = is.contents.size() >> is.shift;
        if (first > all || count > all - first)
            return set_sense(head, {SenseKey::illegal, sense_code::out_of_range});
        u8* at = is.contents.data() + (first << is.shift);
        const u64 bytes = count << is.shift;
        if (kind == ScsiCommand::read_16)
            data.assign(at, at + bytes);
        else if (kind == ScsiCommand::write_16 && in.size() == bytes)
            std::memcpy(at, in.data(), bytes);
        else if (kind == ScsiCommand::write_same_16 && in.size() == u64{1} << is.shift)
            std::memset(at, in[0], bytes);
        else if (kind == ScsiCommand::unmap)
            std::memset(at, 0xdd, bytes);
        else
            set_sense(head, {SenseKey::illegal, sense_code::invalid_command});
    }
};

void process(FakeHost& host) { host.process(request_queue); }

class VirtioScsi : public testing::TestWithParam<VirtioTransport> {
protected:
    void SetUp() override {
        host = std::make_unique<FakeHost>(memory, GetParam());
        host->units[{0, 0}] = {.serial = "ZERO"};
        make_home();
    }
    void make_home() {
        home = std::make_unique<Home>(pith_component_virtio_scsi, host.get(), memory);
        home->asleep = [this] { process(*host); };
    }
    component::BlockProperties properties(usize service = 0) {
        return properties_of(*home, service);
    }
    void run_device() {
        for (int i = 0; i < 60; ++i) {
            process(*host);
            home->interrupt(host->queue_line());
            home->time += 20'000'000;
            home->fire_timers();
        }
    }
    u64 transfer(Operation operation, u64 sector, std::vector<u8> data, u32 flags = 0,
                 u32 service = 0) {
        const u32 count = static_cast<u32>(data.size() / 512);
        return home->submit(static_cast<u16>(operation), range(sector, count, flags),
                            std::move(data), 4096, service);
    }
    i32 status(u64 id) { return home->answer(id).done ? home->answer(id).status : -1; }
    std::vector<u8>& contents(u8 target = 0, u16 unit = 0) {
        return host->units[{target, unit}].contents;
    }

    DeviceMemory memory;
    std::unique_ptr<FakeHost> host;
    std::unique_ptr<Home> home;
};

TEST_P(VirtioScsi, offersTheUnitsInTheOrderOfTheirAddresses) {
    host->units[{5, 0}] = {.serial = "FIVE"};
    host->units[{1, 3}] = {.serial = "ONE-3"};
    host->units[{1, 300}] = {.serial = "ONE-300"};
    host->units[{2, 0}] = {.type = 5}; // a drive for discs
    ASSERT_TRUE(home->start());
    ASSERT_EQ(home->offers.size(), 4u);
    EXPECT_EQ(home->offers[0].name, "sd0");
    EXPECT_EQ(home->offers[1].name, "sd65539");
    EXPECT_STREQ(properties(2).serial, "ONE-300");
    EXPECT_STREQ(properties(3).serial, "FIVE");
    EXPECT_EQ(properties().capacity, blocks);
    EXPECT_TRUE(properties().write_cache);
    EXPECT_TRUE(properties().discard);
    EXPECT_EQ(properties().max_discard_sectors, 64u);
    EXPECT_TRUE(properties().write_zeroes);
    const u64 one = transfer(Operation::write, 8, pattern(4096, 3), 0, 1);
    const u64 other = transfer(Operation::write, 8, pattern(4096, 4), 0, 3);
    run_device();
    EXPECT_EQ(status(one) | status(other), 0);
    EXPECT_EQ(contents(1, 3)[4097], pattern(4096, 3)[1]);
    EXPECT_EQ(contents(5, 0)[4097], pattern(4096, 4)[1]);
    EXPECT_LT(home->sleeps, 500u); // no attention costs a pause
}

TEST_P(VirtioScsi, writesAndReadsBack) {
    for (const bool counts_all : {true, false}) {
        for (const u32 shift : {9u, 12u}) {
            SetUp();
            host->counts_all = counts_all;
            host->units[{0, 0}].shift = shift;
            ASSERT_TRUE(home->start());
            EXPECT_EQ(properties().sector_size, 1u << shift);
            const std::vector<u8> data = pattern(32768, 7);
            const u64 write = transfer(Operation::write, 16, data);
            run_device();
            EXPECT_EQ(status(write), 0);
            EXPECT_EQ(home->answer(write).value, data.size());
            EXPECT_EQ(std::memcmp(&contents()[16 * 512], data.data(), data.size()), 0);
            const u64 read = transfer(Operation::read, 16, std::vector<u8>(data.size()));
            run_device();
            EXPECT_EQ(status(read), 0);
            EXPECT_EQ(home->data(read), data);
            EXPECT_EQ(memory.stray(), 0u);
            EXPECT_FALSE(home->ended()) << home->why();
        }
    }
}

TEST_P(VirtioScsi, flushZeroesAndDiscard) {
    ASSERT_TRUE(home->start());
    contents().assign(contents().size(), 1);
    const u64 flush = home->submit(static_cast<u16>(Operation::flush), {});
    const u64 zero = home->submit(static_cast<u16>(Operation::write_zeroes), range(8, 4));
    const u64 discard = home->submit(static_cast<u16>(Operation::discard), range(16, 4));
    run_device();
    EXPECT_EQ(status(flush) | status(zero) | status(discard), 0);
    EXPECT_EQ(host->flushes, 1u);
    EXPECT_EQ(contents()[8 * 512], 0);
    EXPECT_EQ(contents()[12 * 512], 1);
    EXPECT_EQ(contents()[16 * 512], 0xdd);
    EXPECT_EQ(contents()[20 * 512], 1);
}

TEST_P(VirtioScsi, forcedUnitAccessIsToldOrFlushed) {
    for (const u8 flags : {u8{0}, mode_data::forces_unit_access}) {
        SetUp();
        host->units[{0, 0}].mode_flags = flags;
        ASSERT_TRUE(home->start());
        const u64 id =
            transfer(Operation::write, 0, std::vector<u8>(512), Block::flag_force_unit_access);
        run_device();
        EXPECT_EQ(status(id), 0);
        EXPECT_EQ(host->flushes, flags ? 0u : 1u);
        EXPECT_EQ(host->seen[0][1], flags ? force_unit_access : 0);
    }
}

TEST_P(VirtioScsi, refusesWhatIsNotOnTheDisk) {
    host->units[{1, 0}] = {.mode_flags = mode_data::write_protected};
    ASSERT_TRUE(home->start());
    for (u64 sector : {blocks, blocks - 1, ~u64{0}})
        EXPECT_EQ(status(transfer(Operation::read, sector, std::vector<u8>(1024))),
                  static_cast<i32>(Errno::nospc));
    EXPECT_NE(status(home->submit(99, range(0, 1))), 0);
    EXPECT_NE(status(home->submit(0, range(0, 0))), 0);
    EXPECT_TRUE(properties(1).read_only);
    EXPECT_EQ(status(transfer(Operation::write, 0, std::vector<u8>(512), 0, 1)),
              static_cast<i32>(Errno::rofs));
    EXPECT_EQ(status(transfer(Operation::read, 0, std::vector<u8>(512), 0, 7)),
              static_cast<i32>(Errno::nodev));
}

TEST_P(VirtioScsi, senseBecomesAnError) {
    ASSERT_TRUE(home->start());
    struct Row {
        Sense sense;
        Errno error;
    };
    for (const Row& row : {Row{{SenseKey::medium, 0x1100}, Errno::io},
                           Row{{SenseKey::illegal, 0x2000}, Errno::opnotsupp},
                           Row{{SenseKey::illegal, 0x2100}, Errno::nospc},
                           Row{{SenseKey::protect, 0x2700}, Errno::rofs},
                           Row{{SenseKey::protect, 0x2707}, Errno::nospc}}) {
        host->units[{0, 0}].fails = true;
        host->units[{0, 0}].fail = row.sense;
        const u64 id = transfer(Operation::read, 3, std::vector<u8>(512));
        run_device();
        EXPECT_EQ(status(id), static_cast<i32>(row.error));
    }
    host->units[{0, 0}].fails = false;
    host->units[{0, 0}].residual = 100; // not all of it was moved
    const u64 less = transfer(Operation::read, 3, std::vector<u8>(512));
    run_device();
    EXPECT_EQ(status(less), static_cast<i32>(Errno::io));
}

TEST_P(VirtioScsi, aBusyUnitIsAskedAgainButNotForEver) {
    ASSERT_TRUE(home->start());
    host->units[{0, 0}].busy = 5;
    host->units[{0, 0}].attention = true;
    const u64 id = transfer(Operation::write, 3, pattern(512, 1));
    run_device();
    EXPECT_EQ(status(id), 0);
    host->units[{0, 0}].busy = ~u32{0};
    const u64 never = transfer(Operation::write, 3, pattern(512, 1));
    for (int i = 0; i < 10; ++i)
        run_device();
    EXPECT_EQ(status(never), static_cast<i32>(Errno::io));
}

TEST_P(VirtioScsi, saysBusyWhenFullAndEndsWithoutAnswers) {
    ASSERT_TRUE(home->start());
    host->stalled = true;
    std::vector<u64> ids;
    for (int i = 0; i < 64; ++i)
        ids.push_back(transfer(Operation::read, 1, std::vector<u8>(512)));
    EXPECT_EQ(home->kind(transfer(Operation::read, 1, std::vector<u8>(512))), Answer::Kind::busy);
    for (u16 head = 0; head < 64; ++head)
        host->complete(request_queue, head, 0); // without an answer in any
    home->interrupt(host->queue_line());
    EXPECT_TRUE(home->ended());
    EXPECT_FALSE(home->broke_contract());
}

TEST_P(VirtioScsi, unitsComeGoAndGrow) {
    ASSERT_TRUE(home->start());
    host->units[{3, 1}] = {.serial = "NEW"};
    host->tell(event::transport, event::rescan, 3, 1);
    run_device();
    ASSERT_EQ(home->offers.size(), 2u);
    EXPECT_STREQ(properties(1).serial, "NEW");
    contents(3, 1).resize(2 * blocks * 512);
    host->tell(event::parameters, 0x2a | 9 << 8, 3, 1);
    run_device();
    EXPECT_EQ(properties(1).capacity, 2 * blocks);
    host->units.erase({3, 1});
    host->tell(event::transport, event::removed, 3, 1);
    run_device();
    EXPECT_TRUE(home->offers[1].withdrawn);
    EXPECT_FALSE(home->offers[0].withdrawn);
    EXPECT_EQ(status(transfer(Operation::read, 0, std::vector<u8>(512), 0, 1)),
              static_cast<i32>(Errno::nodev));
    host->units[{4, 0}] = {.serial = "UNHEARD"};
    host->tell(event::missed, 0, 0, 0);
    run_device();
    EXPECT_EQ(home->offers.size(), 3u);
    EXPECT_FALSE(home->ended()) << home->why();
}

TEST_P(VirtioScsi, survivesAMoveWithRequestsInFlight) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    home->move();
    process(*host); // while nobody listened
    home->resume();
    EXPECT_EQ(status(id), 0);
}

TEST_P(VirtioScsi, findsRequestsWhoseInterruptWasLost) {
    ASSERT_TRUE(home->start());
    const u64 id = transfer(Operation::read, 5, std::vector<u8>(512));
    process(*host); // and no interrupt
    home->time += 3'000'000'000;
    home->fire_timers();
    EXPECT_EQ(status(id), 0);
    EXPECT_EQ(home->counters[3], 1u);
}

TEST_P(VirtioScsi, doesNotWaitForEver) {
    host->stalled = true;
    EXPECT_TRUE(home->start()); // it may answer yet
    EXPECT_LT(home->sleeps, 100'000u);
    make_home();
    home->lie = [](u64, u64, u32) { return ~u64{0}; }; // a dead bus
    EXPECT_FALSE(home->start());
}

// --- lies: the run that is repeated under each

void use_host(Home& home, FakeHost& host) {
    home.asleep = [&] { process(host); };
    if (!home.start())
        return;
    for (int round = 0; round < 3; ++round) {
        for (u64 i = 0; i < 5; ++i)
            home.submit(static_cast<u16>(i), range(i, i == 2 ? 0 : 8),
                        i < 2 ? std::vector<u8>(4096) : std::vector<u8>());
        if (round == 1)
            host.tell(event::transport, event::rescan, 1, 0);
        for (int i = 0; i < 4; ++i) {
            process(host);
            home.interrupt(host.queue_line());
            home.time += 60'000'000;
            home.fire_timers();
        }
        home.time += 2'000'000'000;
        home.fire_timers();
    }
    home.stop();
}

TEST_P(VirtioScsi, lyingRegisters) {
    use_host(*home, *host);
    const u64 reads = home->register_reads;
    ASSERT_FALSE(home->ended()) << home->why();
    u64 ended = 0;
    for (u64 target = 0; target < reads; ++target) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeHost liar(fresh, GetParam());
            liar.units[{0, 0}] = {};
            Home victim(pith_component_virtio_scsi, &liar, fresh);
            victim.lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            use_host(victim, liar);
            ended += victim.ended();
            EXPECT_LT(victim.sleeps, 1'000'000u);
            ASSERT_FALSE(victim.broke_contract())
                << victim.why() << ", read " << target << ", kind " << kind;
        }
    }
    EXPECT_GT(ended, 0u);
}

// Each word of the answers, with and without sense, and of what units tell of themselves.
TEST_P(VirtioScsi, lyingMemory) {
    use_host(*home, *host);
    const u64 words = host->words_written;
    ASSERT_GT(words, 300u);
    u64 ended = 0;
    for (u64 target = 0; target < 600 && target < words; target += 9) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            DeviceMemory fresh;
            FakeHost liar(fresh, GetParam());
            liar.units[{0, 0}] = {};
            liar.units[{1, 0}] = {};
            liar.memory_lie = lie_about(target + kind % 9, kind % lie_kinds, kind >= lie_kinds);
            Home victim(pith_component_virtio_scsi, &liar, fresh);
            use_host(victim, liar);
            ended += victim.ended();
            ASSERT_FALSE(victim.broke_contract())
                << victim.why() << ", word " << target << ", kind " << kind;
            ASSERT_EQ(fresh.stray(), 0u) << "word " << target << ", kind " << kind;
        }
    }
    EXPECT_GT(ended, 0u); // answers that are none
}

// The device gives chains back at random and tells of whatever comes to its mind.
TEST_P(VirtioScsi, scribblingDevice) {
    u32 ended = 0;
    for (u32 seed = 1; seed <= 200; ++seed) {
        DeviceMemory fresh;
        FakeHost liar(fresh, GetParam());
        liar.units[{0, 0}] = liar.units[{1, 1}] = {};
        Home victim(pith_component_virtio_scsi, &liar, fresh);
        victim.asleep = [&] { process(liar); };
        ASSERT_TRUE(victim.start());
        u64 random = seed * 0x9e37'79b9'7f4a'7c15;
        const auto next = [&] {
            random = random * 6364136223846793005u + 1442695040888963407u;
            return static_cast<u32>(random >> 33);
        };
        for (int round = 0; round < 20; ++round) {
            for (u32 i = next() % 6; i > 0; --i) {
                const bool data = next() % 2;
                victim.submit(static_cast<u16>(next() % 5), range(next() % 300, data ? 1 : 8),
                              std::vector<u8>(data ? 512 : 0), 4096, next() % 2);
            }
            liar.tell(next() % 4 | (next() % 2) << 31, next() % 4, static_cast<u8>(next()),
                      static_cast<u16>(next() % 3));
            if (next() % 2)
                process(liar);
            const u32 queue = event_queue + next() % 2;
            if (next() % 6 == 0)
                liar.complete(queue, static_cast<u16>(next() % 130), next() % 1000);
            if (next() % 6 == 0) {
                const auto ring = liar.ring(queue);
                for (u32 i = next() % 8; i > 0; --i)
                    ring[next() % ring.size()] = static_cast<u8>(next());
            }
            victim.interrupt(liar.queue_line());
            victim.time += next() % 2 ? 1'000'000'000 : 60'000'000;
            victim.fire_timers();
            ASSERT_FALSE(victim.broke_contract()) << victim.why() << ", seed " << seed;
        }
        ended += victim.ended();
    }
    EXPECT_GT(ended, 100u);
}

INSTANTIATE_TEST_SUITE_P(Transports, VirtioScsi,
                         testing::Values(VirtioTransport::pci, VirtioTransport::mmio));

} // namespace

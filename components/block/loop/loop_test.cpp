// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "abi/component/block.h"
#include "host/test/block_client.h"
#include "host/test/home.h"

extern "C" const component::Descriptor pith_component_loop;

namespace {

using namespace host_test;
using component::Answer;
using component::Block;
using component::BlockProperties;
using component::Reply;
using Operation = Block::Operation;

constexpr Reply failed(Errno why) { return {static_cast<i32>(why), 0, 0}; }

// A disk in memory. `lie` may answer instead of it.
class MemoryChild : public FakeChild {
public:
    MemoryChild() {
        says.capacity = 256;
        says.max_segments = 64;
        says.write_cache = says.discard = says.write_zeroes = 1;
        says.max_discard_sectors = says.max_write_zeroes_sectors = 4096;
    }
    u64 fingerprint() const override { return print; }
    std::vector<u8> properties() override {
        const auto bytes = std::bit_cast<std::array<u8, sizeof says>>(says);
        return {bytes.begin(), bytes.end()};
    }
    Reply call(const component::Request& request, std::span<u8> data) override {
        asked.push_back(request);
        if (lie)
            return lie(request, data);
        const auto range = request.payload<Block::Arguments>();
        const usize at = range.sector * 512, size = usize{range.count} * 512;
        if (at + size > bytes.size())
            return failed(Errno::nospc);
        switch (static_cast<Operation>(request.operation)) {
        case Operation::read: std::memcpy(data.data(), bytes.data() + at, size); break;
        case Operation::write: std::memcpy(bytes.data() + at, data.data(), size); break;
        case Operation::discard:
        case Operation::write_zeroes: std::memset(bytes.data() + at, 0, size); break;
        case Operation::flush: break;
        }
        return {0, 0, size};
    }
    BlockProperties says;
    u64 print = component::fingerprint_of<Block>();
    std::vector<u8> bytes = std::vector<u8>(256 * 512, 0xee);
    std::vector<component::Request> asked;
    std::function<Reply(const component::Request&, std::span<u8>)> lie;
};

class Loop : public testing::Test {
protected:
    void SetUp() override {
        home.children = {&child};
        ASSERT_TRUE(home.start());
    }
    Answered run(Operation operation, u64 sector, u32 count, std::vector<u8> data = {},
                 u32 flags = 0) {
        last = home.submit(static_cast<u16>(operation), range(sector, count, flags),
                           std::move(data), 4096);
        return home.answer(last);
    }
    i32 status(Operation operation, u64 sector, u32 count, std::vector<u8> data = {}) {
        return run(operation, sector, count, std::move(data)).status;
    }
    static i32 number(Errno why) { return static_cast<i32>(why); }

    DeviceMemory memory;
    MemoryChild child;
    Home home{pith_component_loop, nullptr, memory};
    u64 last = 0;
};

TEST_F(Loop, offersWhatItsChildIs) {
    const BlockProperties is = properties_of(home, 0);
    EXPECT_EQ(home.offers[0].name, "loop");
    EXPECT_EQ(is.capacity, 256u);
    EXPECT_EQ(is.sector_size, 512u);
    EXPECT_EQ(is.max_segments, 64u);
    EXPECT_EQ(is.max_request_bytes, 256u << 10);
    EXPECT_TRUE(is.write_cache && is.discard && is.write_zeroes && !is.read_only);
}

TEST_F(Loop, passesRequestsOn) {
    const auto data = pattern(10 * 512, 3);
    const Answered written = run(Operation::write, 5, 10, data, Block::flag_force_unit_access);
    EXPECT_EQ(written.status, 0);
    EXPECT_EQ(written.value, data.size());
    EXPECT_EQ(child.asked[0].payload<Block::Arguments>().flags, Block::flag_force_unit_access);
    EXPECT_EQ(std::memcmp(child.bytes.data() + 5 * 512, data.data(), data.size()), 0);
    EXPECT_EQ(status(Operation::read, 5, 10, std::vector<u8>(data.size())), 0);
    EXPECT_EQ(home.data(last), data);
    EXPECT_EQ(status(Operation::discard, 5, 1), 0);
    EXPECT_EQ(status(Operation::write_zeroes, 6, 1), 0);
    EXPECT_EQ(child.bytes[6 * 512], 0);
    EXPECT_EQ(status(Operation::flush, 0, 0), 0);
    EXPECT_EQ(child.asked.back().operation, static_cast<u16>(Operation::flush));
    EXPECT_EQ(home.counters[0], child.asked.size());
}

TEST_F(Loop, refusesWhatCannotBe) {
    EXPECT_EQ(status(Operation::read, 255, 2, std::vector<u8>(1024)), number(Errno::nospc));
    EXPECT_EQ(status(Operation::read, ~u64{0}, 1, std::vector<u8>(512)), number(Errno::nospc));
    EXPECT_EQ(status(Operation::read, 0, 2, std::vector<u8>(512)), number(Errno::inval));
    EXPECT_EQ(status(Operation::read, 0, 0), number(Errno::inval));
    EXPECT_EQ(status(static_cast<Operation>(9), 0, 1), number(Errno::opnotsupp));
    EXPECT_TRUE(child.asked.empty());
}

TEST_F(Loop, readOnlyIsReadOnly) {
    child.says.read_only = 1;
    EXPECT_EQ(status(Operation::write, 0, 1, std::vector<u8>(512)), number(Errno::rofs));
    EXPECT_EQ(status(Operation::write_zeroes, 0, 1), number(Errno::rofs));
    EXPECT_EQ(status(Operation::read, 0, 1, std::vector<u8>(512)), 0);
    EXPECT_TRUE(properties_of(home, 0).read_only);
}

// Seen with the first request after it.
TEST_F(Loop, aChildThatChangesIsSeen) {
    child.says.capacity = 0; // detached
    EXPECT_EQ(status(Operation::read, 0, 1, std::vector<u8>(512)), number(Errno::nospc));
    EXPECT_EQ(properties_of(home, 0).capacity, 0u);
    child.says = {.capacity = 128, .sector_size = 4096, .physical_sector_size = 4096};
    EXPECT_EQ(status(Operation::flush, 0, 0), 0);
    EXPECT_EQ(properties_of(home, 0).capacity, 128u);
    EXPECT_EQ(properties_of(home, 0).sector_size, 4096u);
    EXPECT_EQ(status(Operation::read, 1, 8, std::vector<u8>(4096)), number(Errno::inval));
    EXPECT_EQ(status(Operation::read, 8, 8, std::vector<u8>(4096)), 0);
    EXPECT_EQ(status(Operation::discard, 0, 8), number(Errno::opnotsupp));
}

TEST_F(Loop, aMoveChangesNothing) {
    home.move();
    home.resume();
    EXPECT_EQ(status(Operation::read, 0, 1, std::vector<u8>(512)), 0);
    EXPECT_EQ(home.data(last)[0], 0xee);
}

// --- children that are not what they say

TEST_F(Loop, asksForTheRestOfAShortAnswer) {
    const auto data = pattern(8 * 512, 9);
    child.lie = [this](const component::Request& request, std::span<u8> bytes) -> Reply {
        const u64 at = request.payload<Block::Arguments>().sector * 512;
        const u64 here = std::min<u64>(bytes.size(), 3 * 512);
        std::memcpy(child.bytes.data() + at, bytes.data(), here);
        return {0, 0, here};
    };
    const Answered written = run(Operation::write, 4, 8, data);
    EXPECT_EQ(written.status, 0);
    EXPECT_EQ(written.value, data.size());
    EXPECT_EQ(child.asked.size(), 3u);
    EXPECT_EQ(std::memcmp(child.bytes.data() + 4 * 512, data.data(), data.size()), 0);
    EXPECT_EQ(home.counters[1], 2u);
}

TEST_F(Loop, falseAnswersAreIoErrors) {
    for (const u64 count : {u64{0}, u64{1}, u64{511}, u64{4 * 512 + 512}, ~u64{0}}) {
        child.lie = [count](const component::Request&, std::span<u8>) {
            return Reply{0, 0, count};
        };
        EXPECT_EQ(status(Operation::read, 0, 4, std::vector<u8>(4 * 512)), number(Errno::io))
            << count;
        EXPECT_EQ(status(Operation::write_zeroes, 0, 4), number(Errno::io)) << count;
    }
    EXPECT_EQ(home.counters[2], 10u);
    EXPECT_FALSE(home.ended());
}

TEST_F(Loop, errorsOfTheChild) {
    const auto answer_to = [this](Errno why) {
        child.lie = [why](const component::Request&, std::span<u8>) { return failed(why); };
        return status(Operation::write, 0, 1, std::vector<u8>(512));
    };
    for (const Errno kept : {Errno::io, Errno::nospc, Errno::rofs, Errno::opnotsupp})
        EXPECT_EQ(answer_to(kept), number(kept));
    for (const Errno strange : {Errno::nomem, Errno::perm, Errno::again, static_cast<Errno>(4000)})
        EXPECT_EQ(answer_to(strange), number(Errno::io));
    child.lie = [](const component::Request&, std::span<u8>) { return failed(Errno::io); };
    EXPECT_EQ(status(Operation::flush, 0, 0), number(Errno::io));
}

TEST_F(Loop, propertiesThatCannotBe) {
    const BlockProperties before = properties_of(home, 0);
    const auto says = [this](u32 sector, u64 capacity) {
        child.says.sector_size = sector;
        child.says.capacity = capacity;
        return status(Operation::read, 0, 8, std::vector<u8>(4096));
    };
    for (const u32 sector : {0u, 1u, 256u, 513u, 8192u, ~0u})
        EXPECT_EQ(says(sector, 256), number(Errno::io)) << sector;
    EXPECT_EQ(says(4096, 257), number(Errno::io));
    EXPECT_EQ(says(512, ~u64{0}), number(Errno::io));
    EXPECT_EQ(properties_of(home, 0).sector_size, before.sector_size);
    EXPECT_EQ(says(512, 256), 0);
    EXPECT_FALSE(home.ended());
}

TEST_F(Loop, startsOnASoundBlockServiceOnly) {
    const auto start_on = [&](auto change) {
        MemoryChild strange;
        change(strange);
        Home other{pith_component_loop, nullptr, memory};
        other.children = {&strange};
        return other.start().has_value();
    };
    EXPECT_TRUE(start_on([](MemoryChild&) {}));
    EXPECT_FALSE(start_on([](MemoryChild& c) { c.print ^= 1; }));
    EXPECT_FALSE(start_on([](MemoryChild& c) { c.says.sector_size = 3; }));
    Home alone{pith_component_loop, nullptr, memory};
    EXPECT_FALSE(alone.start());
}

} // namespace

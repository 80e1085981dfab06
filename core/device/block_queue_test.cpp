// SPDX-License-Identifier: BSD-2-Clause
// The core's side of a disk against a pretended driver that answers when it is told to.
#include "core/device/block_queue.h"

#include <deque>

#include <gtest/gtest.h>

#include "core/gate/services.h"

namespace core {
namespace {

using component::Answer;
using component::Block;
using component::Env;
using component::Request;
using Operation = Block::Operation;

struct Driver : Env {
    struct Seen {
        u64 id;
        Operation operation;
        u64 sector;
        u32 count;
        u64 bytes;
        usize pieces;
    };
    Strand* strand = nullptr;
    std::deque<Seen> pending;
    std::vector<Seen> seen;
};

Answer submit(Env& env, const Request& request) {
    Driver& driver = static_cast<Driver&>(env);
    const auto arguments = request.payload<Block::Arguments>();
    const Driver::Seen seen{request.id,
                            static_cast<Operation>(request.operation),
                            arguments.sector,
                            arguments.count,
                            request.buffer.length,
                            driver.strand->find(request.id)->pieces.size()};
    driver.seen.push_back(seen);
    driver.pending.push_back(seen);
    return Answer::pending();
}

// Line n: the n-th pending request ends; line 31: the first one fails.
void interrupt(Env& env, u32 line) {
    Driver& driver = static_cast<Driver&>(env);
    const usize index = line == 31 ? 0 : line;
    ASSERT_LT(index, driver.pending.size());
    const u64 id = driver.pending[index].id;
    driver.pending.erase(driver.pending.begin() + static_cast<long>(index));
    (void)driver.strand->complete(id, {line == 31 ? static_cast<i32>(Errno::io) : 0, 0, 0});
}

struct Transfer : BlockRequest {
    Transfer(Operation what, u64 at, u32 count, u32 pieces_wanted = 1) {
        operation = what;
        sector = at;
        sectors = count;
        if (what <= Operation::write) {
            for (u32 i = 0; i < pieces_wanted; ++i)
                list.push_back({PhysAddr(0x10000 * (i + 1)), u64{count} * 512 / pieces_wanted});
        }
        pieces = list;
        completed = [](BlockRequest& r, Result<> outcome) {
            auto& self = static_cast<Transfer&>(r);
            self.ends++;
            self.outcome = outcome;
        };
    }
    std::vector<BufferPiece> list;
    int ends = 0;
    Result<> outcome;
};

class BlockQueueTest : public testing::Test, public Strand::Observer {
protected:
    BlockQueueTest() {
        crashed = [](Observer&, Strand&, Errno) {};
    }
    void SetUp() override {
        MUST(start_gate_services(), "memory is there");
        driver.strand = &strand;
        component::Handlers handlers;
        handlers.submit = core::submit;
        handlers.interrupt = core::interrupt;
        strand.rebind({&driver, handlers});
        strand.release();
        component::BlockProperties properties;
        properties.capacity = 100'000;
        properties.max_segments = 4;
        properties.max_request_bytes = 64 * 512;
        properties.queue_depth = 2;
        queue = std::make_unique<BlockQueue>(gate, properties);
    }
    void TearDown() override {
        strand.crash(Errno::canceled);
        strand.give_up(Strand::DeviceIs::quiet);
    }
    void submit(BlockRequest& request) { queue->submit_at(request, request.sector); }
    void finish(u32 index = 0) { strand.post_interrupt(index); }

    Driver driver;
    Strand strand{*this, true};
    Gate gate{strand, 0, Block::operations};
    std::unique_ptr<BlockQueue> queue;
};

TEST_F(BlockQueueTest, oneRequest) {
    Transfer a(Operation::read, 10, 8);
    submit(a);
    ASSERT_EQ(driver.seen.size(), 1u);
    EXPECT_EQ(driver.seen[0].sector, 10u);
    EXPECT_EQ(driver.seen[0].bytes, 8u * 512);
    finish();
    EXPECT_EQ(a.ends, 1);
    EXPECT_TRUE(a.outcome);
}

TEST_F(BlockQueueTest, depthIsKeptAndFollowersMerge) {
    Transfer a(Operation::read, 1000, 8), b(Operation::read, 2000, 8);
    std::deque<Transfer> rest;
    submit(a);
    submit(b);
    for (u64 i = 0; i < 3; ++i)
        submit(rest.emplace_back(Operation::write, 100 + 8 * i, 8u));
    EXPECT_EQ(driver.seen.size(), 2u);
    finish();
    ASSERT_EQ(driver.seen.size(), 3u);
    EXPECT_EQ(driver.seen[2].sector, 100u);
    EXPECT_EQ(driver.seen[2].count, 24u);
    EXPECT_EQ(driver.seen[2].pieces, 3u);
    finish();
    finish();
    for (Transfer& t : rest)
        EXPECT_EQ(t.ends, 1);
    EXPECT_EQ(queue->statistics().merged[1], 2u);
    EXPECT_EQ(queue->statistics().requests[1], 3u);
}

TEST_F(BlockQueueTest, mergeStopsAtTheDevicesLimits) {
    Transfer a(Operation::read, 1000, 8), b(Operation::read, 2000, 8);
    std::deque<Transfer> rest;
    submit(a);
    submit(b);
    for (u64 i = 0; i < 6; ++i)
        submit(rest.emplace_back(Operation::read, 100 + 8 * i, 8u));
    finish();
    EXPECT_EQ(driver.seen[2].pieces, 4u); // max_segments
    while (!driver.pending.empty())
        finish();
}

TEST_F(BlockQueueTest, aFailureOfAMergedTransferReachesAll) {
    Transfer a(Operation::read, 1000, 8), b(Operation::read, 2000, 8);
    Transfer c(Operation::write, 100, 8), d(Operation::write, 108, 8);
    submit(a);
    submit(b);
    submit(c);
    submit(d);
    finish();
    finish();
    finish(31);
    EXPECT_EQ(c.ends + d.ends, 2);
    EXPECT_EQ(c.outcome.error(), Errno::io);
    EXPECT_EQ(d.outcome.error(), Errno::io);
}

TEST_F(BlockQueueTest, overlappingWritesKeepTheirOrder) {
    Transfer a(Operation::write, 100, 8), b(Operation::write, 104, 8), c(Operation::read, 200, 8);
    submit(a);
    submit(b);
    submit(c);
    ASSERT_EQ(driver.seen.size(), 1u); // b excludes itself; c waits behind it in the queue
    finish();
    ASSERT_EQ(driver.seen.size(), 3u);
    EXPECT_EQ(driver.seen[1].sector, 104u);
    finish();
    finish();
    EXPECT_EQ(a.ends + b.ends + c.ends, 3);
}

TEST_F(BlockQueueTest, readsOvertakeWhatTheyDoNotTouch) {
    Transfer a(Operation::write, 100, 8), b(Operation::write, 104, 8), c(Operation::read, 106, 2),
        d(Operation::read, 300, 2);
    submit(a);
    submit(b);
    submit(c); // touches b
    submit(d);
    finish(); // a
    ASSERT_EQ(driver.seen.size(), 3u);
    EXPECT_EQ(driver.seen[1].sector, 104u);
    EXPECT_EQ(driver.seen[2].sector, 300u);
    finish();
    finish();
    finish();
    EXPECT_EQ(c.ends, 1);
}

TEST_F(BlockQueueTest, largeRequestsGoInParts) {
    Transfer a(Operation::write, 100, 80, 10); // 10 pieces of 8 sectors; 4 pieces at once
    submit(a);
    ASSERT_EQ(driver.seen.size(), 1u);
    EXPECT_EQ(driver.seen[0].count, 32u);
    finish();
    EXPECT_EQ(a.ends, 0);
    finish();
    finish();
    ASSERT_EQ(driver.seen.size(), 3u);
    EXPECT_EQ(driver.seen[1].sector, 132u);
    EXPECT_EQ(driver.seen[2].sector, 164u);
    EXPECT_EQ(driver.seen[2].count, 16u);
    EXPECT_EQ(a.ends, 1);
    EXPECT_TRUE(a.outcome);
}

TEST_F(BlockQueueTest, aFailedPartEndsTheRequest) {
    Transfer a(Operation::read, 100, 80, 10);
    submit(a);
    finish(31);
    EXPECT_EQ(a.ends, 1);
    EXPECT_EQ(a.outcome.error(), Errno::io);
    EXPECT_EQ(driver.seen.size(), 1u);
}

TEST_F(BlockQueueTest, flushPasses) {
    Transfer a(Operation::flush, 0, 0);
    submit(a);
    ASSERT_EQ(driver.seen.size(), 1u);
    EXPECT_EQ(driver.seen[0].operation, Operation::flush);
    finish();
    EXPECT_EQ(a.ends, 1);
    EXPECT_EQ(queue->statistics().flushes, 1u);
}

} // namespace
} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// Strands whose handlers run on threads of a home alone.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "core/gate/gate.h"
#include "core/gate/services.h"
#include "core/gate/worker.h"

namespace core {
namespace {

using component::Answer;
using component::Env;
using component::OperationFlags;
using component::OperationInfo;
using component::Request;

constexpr std::array<OperationInfo, 1> operations = {{{"serve", OperationFlags::idempotent}}};

// Remembers which thread its handlers ran on.
struct Life : Env {
    Strand* strand = nullptr;
    std::thread::id last_thread;
    u64 served = 0;
    u64 interrupts = 0;
    bool condemn = false;
};

Answer submit(Env& env, const Request& request) {
    auto& life = static_cast<Life&>(env);
    life.last_thread = std::this_thread::get_id();
    ++life.served;
    if (life.condemn)
        life.strand->condemn(Errno::fault);
    return Answer::done(request.arguments[0] + 1);
}
void interrupt(Env& env, u32) {
    auto& life = static_cast<Life&>(env);
    life.last_thread = std::this_thread::get_id();
    ++life.interrupts;
}

// A home with one thread, and a strand that never waits.
class CrewTest : public testing::Test, public Strand::Observer {
protected:
    void SetUp() override {
        MUST(start_gate_services(), "memory is there");
        kick = [](Observer& o, Strand&) { static_cast<CrewTest&>(o).worker->kick(); };
        crashed = [](Observer& o, Strand&, Errno) { ++static_cast<CrewTest&>(o).crashes; };
        worker = MUST(Worker::create("crew",
                                     [](void* self) {
                                         auto& test = *static_cast<CrewTest*>(self);
                                         test.strand.run_queue(test.crew.load());
                                     },
                                     this),
                      "threads are there")
                     .release();
        life.strand = kernel.strand = &strand;
        strand.rebind(target(life, this));
        strand.release();
    }
    void TearDown() override { delete worker; }

    static StrandTarget target(Life& life, const void* crew) {
        component::Handlers handlers;
        handlers.submit = submit;
        handlers.interrupt = interrupt;
        return {&life, handlers, crew};
    }
    u64 call(u64 argument) {
        GateCall call;
        call.request.arguments[0] = argument;
        const Result<u64> answer = gate.call(call);
        return answer ? *answer : 0;
    }

    Worker* worker = nullptr;
    std::atomic<const void*> crew{this};
    std::atomic<int> crashes{0};
    Life life, kernel;
    Strand strand{*this, true};
    Gate gate{strand, 0, operations};
};

TEST_F(CrewTest, requestsRunOnItsThread) {
    EXPECT_TRUE(strand.runs_elsewhere());
    for (u64 i = 0; i < 100; ++i)
        EXPECT_EQ(call(i), i + 1);
    EXPECT_NE(life.last_thread, std::this_thread::get_id());
    EXPECT_EQ(life.served, 100u);
}

TEST_F(CrewTest, submitNeverRunsInline) {
    struct Submitted : GateCall {
        std::atomic<bool> ended{false};
    } submitted;
    submitted.completed = [](GateCall& c) { static_cast<Submitted&>(c).ended = true; };
    EXPECT_EQ(gate.submit(submitted), SubmitOutcome::pending);
    while (!submitted.ended)
        std::this_thread::yield();
    EXPECT_TRUE(submitted.reply.ok());
}

TEST_F(CrewTest, eventsRunThere) {
    strand.post_interrupt(3);
    strand.run_exclusively([](Env&) { return 0; }); // after the handler, or before
    while (strand.run_exclusively([](Env& env) { return static_cast<Life&>(env).interrupts; }) == 0)
        std::this_thread::yield();
    EXPECT_NE(life.last_thread, std::this_thread::get_id());
}

TEST_F(CrewTest, anotherCrewsThreadLeavesTheQueueAlone) {
    crew = &kernel; // a home that was left
    GateCall waiting;
    waiting.completed = [](GateCall&) {};
    EXPECT_EQ(gate.submit(waiting), SubmitOutcome::pending);
    EXPECT_FALSE(strand.run_queue(&kernel)); // there is work, but it is not theirs
    EXPECT_EQ(strand.queued(), 1u);
    EXPECT_TRUE(strand.run_queue(this));
    EXPECT_TRUE(strand.run_queue(&kernel)); // nothing is left for anyone
    EXPECT_EQ(strand.queued(), 0u);
}

TEST_F(CrewTest, movesBackAndForth) {
    for (u64 round = 0; round < 50; ++round) {
        ASSERT_TRUE(strand.hold());
        strand.rebind(target(kernel, nullptr));
        strand.release();
        EXPECT_EQ(call(round), round + 1);
        EXPECT_EQ(kernel.last_thread, std::this_thread::get_id());
        ASSERT_TRUE(strand.hold());
        strand.rebind(target(life, this));
        strand.release();
        EXPECT_EQ(call(round), round + 1);
    }
    EXPECT_EQ(life.served, 50u);
}

TEST_F(CrewTest, anUntrackedRequestIsRefused) {
    component::Request request;
    const Answer answer = gate.call_untracked(request);
    EXPECT_EQ(answer.status, static_cast<i32>(Errno::opnotsupp));
}

TEST_F(CrewTest, whatItsHandlerEndedIsServedByTheNextLife) {
    life.condemn = true;
    GateCall first;
    std::thread client([&] { (void)gate.call(first); });
    while (crashes == 0)
        std::this_thread::yield();
    client.join(); // the answer came before the end, so it counts
    EXPECT_TRUE(first.reply.ok());
    EXPECT_EQ(strand.phase(), GatePhase::broken);
    life.condemn = false;
    strand.restart(target(life, this));
    strand.release();
    EXPECT_EQ(call(7), 8u);
}

} // namespace
} // namespace core

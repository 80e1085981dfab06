// SPDX-License-Identifier: BSD-2-Clause
// Strands and gates with threads: run under AddressSanitizer and ThreadSanitizer.
#include "core/gate/gate.h"

#include <atomic>
#include <deque>
#include <map>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/gate/services.h"
#include "core/gate/worker.h"

namespace core {
namespace {

using component::Answer;
using component::Env;
using component::OperationFlags;
using component::OperationInfo;
using component::Request;

constexpr std::array<OperationInfo, 3> operations = {{
    {"immediate", OperationFlags::idempotent},
    {"later", OperationFlags::idempotent},
    {"once", OperationFlags::none},
}};
enum Operation : u16 { immediate, later, once };

// A pretended instance: its state is plain, so that the thread sanitizer sees a strand that leaks.
struct Life : Env {
    Strand* strand = nullptr;
    std::deque<u64> pending;
    std::vector<u64> served;
    u64 capacity = 8;
    u64 crash_at = ~u64{0};
    u64 poison = ~u64{0};              // ends the life in submit
    u64 poison_in_interrupt = ~u64{0}; // ends it when the device has finished
    std::map<u64, u64> arguments;      // of what is pending, by id
    bool complete_twice = false;
    bool complete_others = false;      // in submit, before it answers
    bool park_in_submit = false;
    std::atomic<bool> in_park{false};
    WaitQueue* park_queue = nullptr;
    std::atomic<bool>* let_go = nullptr;
};

Answer submit(Env& env, const Request& request) {
    Life& life = static_cast<Life&>(env);
    if (life.park_in_submit) {
        Strand::Activation* parking = life.strand->park();
        life.in_park = true;
        (void)life.park_queue->wait([&] { return life.let_go->load(); }, Sleep::uninterruptible);
        life.strand->unpark(parking);
    }
    life.served.push_back(request.arguments[0]);
    if (life.served.size() >= life.crash_at || request.arguments[0] == life.poison) {
        life.strand->condemn(Errno::io);
        return Answer::pending();
    }
    if (life.complete_twice) {
        (void)life.strand->complete(request.id, {0, 0, 1});
        return Answer::done(2);
    }
    while (life.complete_others && !life.pending.empty()) {
        (void)life.strand->complete(life.pending.front(), {0, 0, 7});
        life.pending.pop_front();
    }
    if (request.operation == immediate)
        return Answer::done(request.arguments[0] + 1);
    if (life.pending.size() == life.capacity) {
        life.served.pop_back();
        return Answer::busy();
    }
    life.pending.push_back(request.id);
    life.arguments[request.id] = request.arguments[0];
    return Answer::pending();
}

// The device has finished everything.
void interrupt(Env& env, u32) {
    Life& life = static_cast<Life&>(env);
    while (!life.pending.empty()) {
        if (life.arguments[life.pending.front()] == life.poison_in_interrupt)
            return life.strand->condemn(Errno::io);
        (void)life.strand->complete(life.pending.front(), {0, 0, 7});
        life.pending.pop_front();
    }
}

struct Watcher : Strand::Observer {
    Watcher() {
        crashed = [](Observer& o, Strand&, Errno) { static_cast<Watcher&>(o).crashes++; };
        kick = [](Observer& o, Strand&) { static_cast<Watcher&>(o).worker->kick(); };
    }
    std::atomic<int> crashes{0};
    Worker* worker = nullptr;
};

struct Call : GateCall {
    Call(u16 operation, u64 number) {
        request.operation = operation;
        request.arguments[0] = number;
        completed = [](GateCall& c) { static_cast<Call&>(c).ends++; };
    }
    std::atomic<int> ends{0};
};

class GateTest : public testing::Test {
protected:
    void SetUp() override {
        MUST(start_gate_services(), "memory is there");
        bind(life);
        strand.rebind(target(life));
        strand.release();
    }
    void TearDown() override {
        if (next_phase(strand.phase(), GateEvent::crash) && strand.in_flight() != 0)
            strand.crash(Errno::canceled);
        if (strand.phase() == GatePhase::broken)
            strand.give_up(Strand::DeviceIs::quiet);
    }
    void bind(Life& l) { l.strand = &strand; }
    static StrandTarget target(Life& l) {
        component::Handlers handlers;
        handlers.submit = submit;
        handlers.interrupt = interrupt;
        return {&l, handlers};
    }

    Watcher watcher;
    Life life, second;
    Strand strand{watcher, true};
    Gate gate{strand, 0, operations};
};

// Places in the table come back while the first of the free ones is in use.
TEST_F(GateTest, handlerAnswersOthersBeforeItself) {
    constexpr u32 rounds = 2 * Strand::slot_count;
    std::deque<Call> pending;
    for (u32 round = 0; round < rounds; ++round) {
        life.complete_others = false;
        for (u64 number : {1, 2})
            EXPECT_EQ(gate.submit(pending.emplace_back(later, number)), SubmitOutcome::pending);
        EXPECT_EQ(strand.in_flight(), 2u);
        life.complete_others = true;
        const bool is_done = round % 2 == 0;
        Call now(immediate, 3);
        if (is_done)
            EXPECT_EQ(gate.submit(now), SubmitOutcome::done);
        else
            EXPECT_EQ(gate.submit(pending.emplace_back(later, 3)), SubmitOutcome::pending);
        EXPECT_EQ(strand.in_flight(), is_done ? 0u : 1u);
        strand.post_interrupt(0);
        EXPECT_EQ(strand.in_flight(), 0u);
        EXPECT_EQ(strand.answered(), 3 * (round + 1));
    }
    for (Call& call : pending) {
        while (!call.ends)
            std::this_thread::yield();
    }
    EXPECT_EQ(watcher.crashes, 0);
}

TEST_F(GateTest, immediateAnswerComesBackInline) {
    Call call(immediate, 41);
    EXPECT_EQ(gate.submit(call), SubmitOutcome::done);
    EXPECT_EQ(call.reply.value, 42u);
    EXPECT_EQ(call.ends, 0);
    EXPECT_EQ(call.state(), CallState::client);
    EXPECT_EQ(strand.in_flight(), 0u);
}

TEST_F(GateTest, pendingAnswerCompletesOnInterrupt) {
    Call call(later, 1);
    EXPECT_EQ(gate.submit(call), SubmitOutcome::pending);
    EXPECT_EQ(call.ends, 0);
    strand.post_interrupt(0);
    EXPECT_EQ(call.ends, 1);
    EXPECT_EQ(call.reply.value, 7u);
}

TEST_F(GateTest, busyDeviceGetsTheRequestAgainInOrder) {
    life.capacity = 2;
    std::deque<Call> calls;
    for (u64 i = 0; i < 5; ++i)
        EXPECT_EQ(gate.submit(calls.emplace_back(later, i)), SubmitOutcome::pending);
    for (int round = 0; round < 3; ++round)
        strand.post_interrupt(0);
    for (Call& call : calls)
        EXPECT_EQ(call.ends, 1);
    EXPECT_EQ(life.served, (std::vector<u64>{0, 1, 2, 3, 4}));
}

TEST_F(GateTest, moreThanTheTableHoldsWaitsInTheQueue) {
    life.capacity = 10'000;
    std::deque<Call> calls;
    for (u64 i = 0; i < Strand::slot_count + 50; ++i)
        gate.submit(calls.emplace_back(later, i));
    EXPECT_EQ(strand.queued(), 50u);
    strand.post_interrupt(0);
    strand.post_interrupt(0);
    for (Call& call : calls)
        EXPECT_EQ(call.ends, 1);
}

TEST_F(GateTest, holdKeepsRequestsAndReleaseRunsThemInOrder) {
    ASSERT_TRUE(strand.hold());
    Call a(immediate, 1), b(immediate, 2);
    EXPECT_EQ(gate.submit(a), SubmitOutcome::pending);
    EXPECT_EQ(gate.submit(b), SubmitOutcome::pending);
    strand.post_interrupt(0);
    EXPECT_TRUE(life.served.empty());
    strand.release();
    EXPECT_EQ(a.ends + b.ends, 2);
    EXPECT_EQ(life.served, (std::vector<u64>{1, 2}));
}

TEST_F(GateTest, moveKeepsWhatIsInFlight) {
    Call call(later, 1);
    gate.submit(call);
    ASSERT_TRUE(strand.hold());
    bind(second);
    second.pending = life.pending; // the arena
    strand.rebind(target(second));
    strand.release();
    strand.post_interrupt(0);
    EXPECT_EQ(call.ends, 1);
    EXPECT_EQ(call.repeats(), 0);
    EXPECT_TRUE(second.served.empty());
}

TEST_F(GateTest, crashReplaysIdempotentRequestsInOrderAndFailsOthers) {
    Call a(later, 1), b(once, 2), c(later, 3), d(later, 4);
    gate.submit(a);
    gate.submit(b);
    gate.submit(c);
    strand.crash(Errno::canceled);
    EXPECT_EQ(watcher.crashes, 1);
    EXPECT_EQ(gate.submit(d), SubmitOutcome::pending);
    bind(second);
    strand.restart(target(second));
    EXPECT_EQ(b.ends, 0); // its device may still write to its buffer
    strand.release();
    EXPECT_EQ(b.ends, 1);
    EXPECT_EQ(b.reply.error(), Errno::io);
    strand.post_interrupt(0);
    EXPECT_EQ(second.served, (std::vector<u64>{1, 3, 4}));
    EXPECT_EQ(a.ends + c.ends + d.ends, 3);
    EXPECT_EQ(a.repeats(), 1);
    EXPECT_EQ(strand.repeated(), 2u);
}

// When nobody knows over which of several requests a life ended, they go one by one.
TEST_F(GateTest, afterAnEndOutOfTheBlueRequestsGoOneByOne) {
    std::deque<Call> calls;
    for (u64 i = 0; i < 3; ++i)
        gate.submit(calls.emplace_back(later, i));
    strand.crash(Errno::io);
    bind(second);
    strand.restart(target(second));
    strand.release();
    for (u64 served = 1; served <= 3; ++served) {
        EXPECT_EQ(second.served.size(), served);
        EXPECT_EQ(strand.in_flight(), 1u);
        strand.post_interrupt(0);
    }
    for (Call& call : calls)
        EXPECT_TRUE(call.ends == 1 && call.reply.ok());
    Call more(later, 7), again(later, 8);
    gate.submit(more);
    gate.submit(again);
    EXPECT_EQ(strand.in_flight(), 2u); // trusted again
    strand.post_interrupt(0);
}

// A request that ends every life is answered with io; those beside it are served.
TEST_F(GateTest, aPoisonousRequestIsGivenUpAlone) {
    life.poison = second.poison = 13;
    std::deque<Call> calls;
    for (u64 argument : {u64{1}, u64{13}, u64{2}})
        gate.submit(calls.emplace_back(later, argument));
    EXPECT_EQ(strand.phase(), GatePhase::broken);
    Call late(later, 3);
    gate.submit(late);
    int lives = 1;
    while (strand.phase() == GatePhase::broken) {
        ASSERT_LE(++lives, 8);
        second.pending.clear();
        bind(second);
        strand.restart(target(second));
        strand.release();
        for (int i = 0; i < 8 && strand.phase() == GatePhase::open; ++i)
            strand.post_interrupt(0);
    }
    EXPECT_EQ(calls[1].reply.error(), Errno::io);
    EXPECT_EQ(strand.convicted(), 1u);
    EXPECT_EQ(lives, 1 + Strand::maximum_deaths);
    for (const Call* call : {&calls[0], &calls[2], &late}) {
        EXPECT_EQ(call->ends, 1);
        EXPECT_TRUE(call->reply.ok());
    }
}

// The culprit does its harm later, in the interrupt, with others in flight.
TEST_F(GateTest, aRequestThatPoisonsTheInterruptIsFound) {
    second.poison_in_interrupt = 13;
    life.poison_in_interrupt = 13;
    std::deque<Call> calls;
    for (u64 argument : {u64{1}, u64{13}, u64{2}})
        gate.submit(calls.emplace_back(later, argument));
    strand.post_interrupt(0);
    int lives = 1;
    while (strand.phase() == GatePhase::broken) {
        ASSERT_LE(++lives, 8);
        second.pending.clear();
        second.arguments.clear();
        bind(second);
        strand.restart(target(second));
        strand.release();
        for (int i = 0; i < 8 && strand.phase() == GatePhase::open; ++i)
            strand.post_interrupt(0);
    }
    EXPECT_EQ(calls[1].reply.error(), Errno::io);
    for (const Call* call : {&calls[0], &calls[2]})
        EXPECT_TRUE(call->ends == 1 && call->reply.ok());
}

// The client of a hopeless request is told once, and its memory is its own again.
TEST_F(GateTest, blameDoesNotOutliveTheRequest) {
    life.poison = second.poison = 13;
    Call call(later, 13);
    gate.submit(call);
    for (int i = 0; i < Strand::maximum_deaths; ++i) {
        bind(second);
        strand.restart(target(second));
        strand.release();
    }
    ASSERT_EQ(call.ends, 1);
    call.request.arguments[0] = 1; // the same memory, another request
    gate.submit(call);
    strand.crash(Errno::io);
    second.pending.clear();
    strand.restart(target(second));
    strand.release();
    strand.post_interrupt(0);
    EXPECT_EQ(call.ends, 2);
    EXPECT_TRUE(call.reply.ok());
}

TEST_F(GateTest, answersOfADeadLifeAreRefused) {
    Call call(later, 1);
    gate.submit(call);
    const u64 old_id = life.pending.front();
    strand.crash(Errno::io);
    bind(second);
    strand.restart(target(second));
    strand.release();
    EXPECT_EQ(strand.find(old_id), nullptr);
    strand.post_interrupt(0);
    EXPECT_EQ(call.ends, 1);
}

TEST_F(GateTest, doubleCompletionEndsTheInstanceAndTellsTheClientOnce) {
    life.complete_twice = true;
    Call call(immediate, 1);
    EXPECT_EQ(gate.submit(call), SubmitOutcome::pending);
    EXPECT_EQ(strand.phase(), GatePhase::broken);
    while (call.ends == 0)
        std::this_thread::yield();
    EXPECT_EQ(call.ends, 1);
    EXPECT_EQ(watcher.crashes, 1);
}

TEST_F(GateTest, inventedIdEndsTheInstance) {
    strand.run_exclusively([&](Env&) {
        EXPECT_FALSE(strand.complete(0x1234'0000'0001, {}));
        return 0;
    });
    EXPECT_EQ(strand.phase(), GatePhase::broken);
}

TEST_F(GateTest, givenUpAnswersEverythingWithIo) {
    Call a(later, 1), b(later, 2);
    gate.submit(a);
    strand.crash(Errno::io);
    gate.submit(b);
    strand.give_up(Strand::DeviceIs::quiet);
    EXPECT_EQ(a.reply.error(), Errno::io);
    EXPECT_EQ(b.reply.error(), Errno::io);
    Call c(immediate, 3);
    EXPECT_EQ(gate.submit(c), SubmitOutcome::done);
    EXPECT_EQ(c.reply.error(), Errno::io);
}

TEST_F(GateTest, untrackedCallLeavesNoTrace) {
    Request request;
    request.arguments[0] = 5;
    EXPECT_EQ(gate.call_untracked(request).value, 6u);
    EXPECT_EQ(strand.in_flight(), 0u);
}

// Clients, a device, a mover and a killer at once; every request is answered exactly once.
TEST_F(GateTest, storm) {
    constexpr int clients = 3;
    constexpr int rounds = 1500;
    std::atomic<bool> stop{false};
    std::atomic<u64> good{0};
    life.capacity = second.capacity = 4;
    std::vector<std::thread> threads;
    for (int c = 0; c < clients; ++c) {
        threads.emplace_back([&, c] {
            for (int i = 0; i < rounds; ++i) {
                Call call(i % 2 ? immediate : later, static_cast<u64>(c * rounds + i));
                if (i % 7 == 0) {
                    GateCall blocking;
                    blocking.request = call.request;
                    good += gate.call(blocking).has_value();
                    continue;
                }
                if (gate.submit(call) == SubmitOutcome::pending) {
                    while (call.ends == 0)
                        std::this_thread::yield();
                }
                good += call.reply.ok();
            }
        });
    }
    std::thread device([&] {
        while (!stop) {
            strand.post_interrupt(0);
            std::this_thread::yield();
        }
    });
    std::thread manager([&] {
        Life* lives[] = {&life, &second};
        for (int i = 0; !stop; ++i) {
            Life& next = *lives[(i + 1) % 2];
            bind(next);
            if (i % 2 == 0) {
                if (!strand.hold())
                    continue;
                next.pending = lives[i % 2]->pending;
                lives[i % 2]->pending.clear();
                strand.rebind(target(next));
            } else {
                strand.crash(Errno::canceled); // nobody's fault
                lives[i % 2]->pending.clear();
                next.pending.clear();
                strand.restart(target(next));
            }
            strand.release();
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
    });
    for (std::thread& thread : threads)
        thread.join();
    stop = true;
    manager.join();
    device.join();
    EXPECT_EQ(good, u64{clients * rounds});
    EXPECT_EQ(strand.in_flight() + strand.queued(), 0u);
}

// Handlers that wait.
class WaitingGateTest : public testing::Test {
protected:
    void SetUp() override {
        MUST(start_gate_services(), "memory is there");
        worker = MUST(Worker::create(
                          "test", [](void* s) { static_cast<Strand*>(s)->run_queue(); }, &strand),
                      "memory is there")
                     .release();
        watcher.worker = worker;
        for (Life* l : {&life, &second}) {
            l->strand = &strand;
            l->park_queue = &park_queue;
            l->let_go = &let_go;
        }
        strand.rebind(target(life));
        strand.release();
    }
    void TearDown() override { delete worker; }
    static StrandTarget target(Life& l) {
        component::Handlers handlers;
        handlers.submit = submit;
        handlers.interrupt = interrupt;
        return {&l, handlers};
    }

    WaitQueue park_queue;
    std::atomic<bool> let_go{false};
    Watcher watcher;
    Life life, second;
    Strand strand{watcher, false};
    Gate gate{strand, 0, operations};
    Worker* worker = nullptr;
};

TEST_F(WaitingGateTest, aWaitingHandlerLetsOthersIn) {
    life.park_in_submit = true;
    std::atomic<u64> first_value{0};
    std::thread first([&] {
        GateCall call;
        call.request.arguments[0] = 1;
        first_value = MUST(gate.call(call), "served");
    });
    while (!life.in_park)
        std::this_thread::yield();
    strand.run_exclusively([&](Env&) { return life.park_in_submit = false; });
    GateCall call;
    call.request.arguments[0] = 10;
    EXPECT_EQ(MUST(gate.call(call), "served"), 11u);
    let_go = true;
    park_queue.wake_all();
    first.join();
    EXPECT_EQ(first_value, 2u);
    EXPECT_EQ(life.served, (std::vector<u64>{10, 1}));
}

TEST_F(WaitingGateTest, asynchronousRequestsRunOnTheWorker) {
    std::deque<Call> calls;
    for (u64 i = 0; i < 20; ++i)
        EXPECT_EQ(gate.submit(calls.emplace_back(immediate, i)), SubmitOutcome::pending);
    for (Call& call : calls) {
        while (call.ends == 0)
            std::this_thread::yield();
        EXPECT_TRUE(call.reply.ok());
    }
}

TEST_F(WaitingGateTest, holdAbandonsAParkedHandlerAndReplaysItsRequest) {
    life.park_in_submit = true;
    std::atomic<u64> value{0};
    std::thread client([&] {
        GateCall call;
        call.request.arguments[0] = 1;
        value = MUST(gate.call(call), "served by the second life");
    });
    while (!life.in_park)
        std::this_thread::yield();
    ASSERT_TRUE(strand.hold(base::milliseconds(1)));
    strand.rebind(target(second));
    strand.release();
    while (strand.queued() + strand.in_flight() != 0)
        std::this_thread::yield();
    let_go = true;
    park_queue.wake_all();
    client.join();
    EXPECT_EQ(value, 2u);
    EXPECT_TRUE(life.served.empty());
    EXPECT_EQ(second.served, (std::vector<u64>{1}));
}

TEST_F(WaitingGateTest, crashWhileParked) {
    life.park_in_submit = true;
    std::atomic<u64> value{0};
    std::thread client([&] {
        GateCall call;
        call.request.arguments[0] = 1;
        value = MUST(gate.call(call), "served by the second life");
    });
    while (!life.in_park)
        std::this_thread::yield();
    strand.crash(Errno::io);
    strand.restart(target(second));
    strand.release();
    let_go = true;
    park_queue.wake_all();
    client.join();
    EXPECT_EQ(value, 2u);
}

} // namespace
} // namespace core

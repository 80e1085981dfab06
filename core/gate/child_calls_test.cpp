// SPDX-License-Identifier: BSD-2-Clause
// Handlers that wait for a child and are abandoned: the child's call goes on with the pieces of
// their requests, which nobody may have before it is over. Under AddressSanitizer the buffers are
// freed as soon as a request is answered; under ThreadSanitizer they are plain.
#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

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

constexpr std::array<OperationInfo, 2> operations = {
    {{"fill", OperationFlags::idempotent | OperationFlags::timed}, {"once", OperationFlags::none}}};
enum Operation : u16 { fill, once };

// A call whose buffer is the test's own memory, freed with it.
struct Call : GateCall {
    Call(u16 operation, u8 value) : buffer(new u8[size]{}) {
        request.operation = operation;
        request.arguments[0] = value;
        piece = {PhysAddr(reinterpret_cast<u64>(buffer.get())), size};
        pieces = {&piece, 1};
        completed = [](GateCall& c) { ++static_cast<Call&>(c).ends; };
    }
    static constexpr usize size = 64;
    bool holds(u8 value) const {
        for (usize i = 0; i < size; ++i) {
            if (buffer[i] != value)
                return false;
        }
        return true;
    }
    std::unique_ptr<u8[]> buffer;
    BufferPiece piece{};
    std::atomic<int> ends{0};
};

// The child: fills the buffer, when it is let go.
class Child : public Strand::Observer {
public:
    Child() {
        crashed = [](Observer&, Strand&, Errno) {};
        kick = [](Observer&, Strand&) {};
        component::Handlers handlers;
        handlers.submit = [](Env& env, const Request& request) {
            return static_cast<Life&>(env).owner.serve(request);
        };
        strand.rebind({&life, handlers});
        strand.release();
    }
    Answer serve(const Request& request) {
        const BufferPiece piece = strand.find(request.id)->pieces[0];
        is_inside = true;
        while (is_held)
            std::this_thread::yield();
        auto* bytes = reinterpret_cast<u8*>(piece.address.value);
        for (usize i = 0; i < piece.length; ++i)
            bytes[i] = static_cast<u8>(request.arguments[0]);
        is_inside = false;
        ++served;
        return Answer::done(piece.length);
    }
    struct Life : Env {
        explicit Life(Child& child) : owner(child) {}
        Child& owner;
    } life{*this};
    std::atomic<bool> is_held{false}, is_inside{false};
    std::atomic<u64> served{0};
    Strand strand{*this, false};
    Gate gate{strand, 0, operations};
};

// The parent's handler passes every request on, as Env::call_child does.
struct Life : Env {
    Strand* strand = nullptr;
    Child* child = nullptr;
    std::atomic<u64> handled{0};
    std::atomic<u64> interrupts{0};
    std::atomic<u64> complete{0}; // in the interrupt: this request
};

Answer pass_on(Env& env, const Request& request) {
    auto& life = static_cast<Life&>(env);
    Strand& strand = *life.strand;
    EXPECT_EQ(strand.served_request(), request.id);
    GateCall call;
    call.request = request;
    call.pieces = strand.find(request.id)->pieces;
    Strand::Activation* parked = strand.park(Strand::WaitsFor::child);
    (void)life.child->gate.call(call);
    strand.unpark(parked);
    ++life.handled;
    return Answer::done(call.reply.value);
}

void interrupt(Env& env, u32) {
    auto& life = static_cast<Life&>(env);
    ++life.interrupts;
    if (life.complete != 0)
        (void)life.strand->complete(life.complete, {0, 0, 1});
}

class ChildCallsTest : public testing::Test, public Strand::Observer {
protected:
    void SetUp() override {
        MUST(start_gate_services(), "memory is there");
        kick = [](Observer& o, Strand&) { static_cast<ChildCallsTest&>(o).worker->kick(); };
        crashed = [](Observer& o, Strand&, Errno) { ++static_cast<ChildCallsTest&>(o).crashes; };
        worker = MUST(Worker::create(
                          "test", [](void* s) { static_cast<Strand*>(s)->run_queue(); }, &strand),
                      "memory is there")
                     .release();
        for (Life* life : {&first, &second}) {
            life->strand = &strand;
            life->child = &child;
        }
        strand.rebind(target(first));
        strand.release();
    }
    void TearDown() override { delete worker; }
    static StrandTarget target(Life& life) {
        component::Handlers handlers;
        handlers.submit = pass_on;
        handlers.interrupt = interrupt;
        return {&life, handlers};
    }
    // A request whose child call is under way.
    std::unique_ptr<Call> begin(u16 operation, u8 value) {
        child.is_held = true;
        auto call = std::make_unique<Call>(operation, value);
        EXPECT_EQ(gate.submit(*call), SubmitOutcome::pending);
        wait_until([&] { return child.is_inside.load(); });
        return call;
    }
    template <typename Condition>
    static void wait_until(Condition condition) {
        while (!condition())
            std::this_thread::yield();
    }
    static void pass_time() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

    Child child;
    Life first, second;
    std::atomic<int> crashes{0};
    Strand strand{*this, false};
    Gate gate{strand, 0, operations};
    Worker* worker = nullptr;
};

TEST_F(ChildCallsTest, aRequestIsRepeatedWhenItsOrphanIsOver) {
    auto call = begin(fill, 7);
    ASSERT_TRUE(strand.hold(base::milliseconds(1)));
    EXPECT_EQ(strand.orphans(), 1u);
    strand.rebind(target(second));
    strand.release();
    // Others wait, too: they might have been ordered behind what still goes on.
    Call other(fill, 8);
    EXPECT_EQ(gate.submit(other), SubmitOutcome::pending);
    std::thread client([&] {
        Call blocking(fill, 9);
        EXPECT_EQ(MUST(gate.call(blocking), "served"), Call::size);
        EXPECT_TRUE(blocking.holds(9));
    });
    pass_time();
    EXPECT_EQ(call->ends + other.ends, 0);
    EXPECT_EQ(child.served + second.handled, 0u);
    child.is_held = false;
    wait_until([&] { return call->ends == 1 && other.ends == 1; });
    client.join();
    EXPECT_TRUE(call->holds(7));
    EXPECT_TRUE(other.holds(8));
    EXPECT_EQ(strand.orphans(), 0u);
    EXPECT_EQ(first.handled, 0u);
    EXPECT_EQ(second.handled, 3u);
    EXPECT_EQ(child.served, 4u);
}

TEST_F(ChildCallsTest, whatIsGivenUpIsToldWhenTheOrphanIsOver) {
    auto call = begin(fill, 7);
    strand.crash(Errno::io);
    strand.give_up(Strand::DeviceIs::quiet);
    Call late(fill, 1); // it is nobody's
    EXPECT_EQ(gate.submit(late), SubmitOutcome::done);
    pass_time();
    EXPECT_EQ(call->ends, 0);
    child.is_held = false;
    wait_until([&] { return call->ends == 1; });
    EXPECT_EQ(call->reply.error(), Errno::io);
    EXPECT_TRUE(call->holds(7)); // the call was the child's to the end
    strand.revive();
    strand.restart(target(second));
    strand.release();
    Call again(fill, 3);
    EXPECT_EQ(gate.submit(again), SubmitOutcome::pending);
    wait_until([&] { return again.ends == 1; });
    EXPECT_TRUE(again.reply.ok());
}

TEST_F(ChildCallsTest, severalLivesMayEndOverOneOrphan) {
    auto call = begin(fill, 7);
    for (int round = 0; round < 5; ++round) {
        strand.crash(Errno::canceled);
        strand.restart(target(round % 2 ? first : second));
        strand.release();
    }
    EXPECT_EQ(strand.orphans(), 1u);
    EXPECT_EQ(call->ends, 0);
    child.is_held = false;
    wait_until([&] { return call->ends == 1; });
    EXPECT_TRUE(call->reply.ok());
    EXPECT_EQ(child.served, 2u);
}

TEST_F(ChildCallsTest, aRequestThatIsWithAChildIsNotCompleted) {
    child.is_held = true;
    Call call(fill, 7);
    std::atomic<bool> is_over{false};
    std::thread client([&] { // so that the worker is free for the interrupt
        (void)gate.call(call);
        is_over = true;
    });
    wait_until([&] { return child.is_inside.load(); });
    first.complete = call.request.id;
    strand.post_interrupt(0);
    wait_until([&] { return crashes == 1; });
    strand.restart(target(second));
    strand.release();
    strand.post_interrupt(0); // what serves no request goes on
    wait_until([&] { return second.interrupts == 1; });
    EXPECT_FALSE(is_over);
    child.is_held = false;
    client.join();
    EXPECT_TRUE(call.reply.ok());
    EXPECT_EQ(second.handled, 1u);
}

// The child's time is not the parent's.
TEST_F(ChildCallsTest, aSlowChildEndsNobody) {
    strand.set_answer_limit(base::milliseconds(5));
    auto call = begin(fill, 7);
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    EXPECT_EQ(crashes, 0);
    child.is_held = false;
    wait_until([&] { return call->ends == 1; });
    EXPECT_TRUE(call->reply.ok());
}

// Clients free their buffers as soon as they are told; a manager moves and kills.
TEST_F(ChildCallsTest, storm) {
    constexpr int clients = 3;
    constexpr u32 rounds = 400;
    std::atomic<bool> stop{false};
    std::atomic<u64> good{0};
    std::vector<std::thread> threads;
    for (int c = 0; c < clients; ++c) {
        threads.emplace_back([&, c] {
            for (u32 i = 0; i < rounds; ++i) {
                const u8 value = static_cast<u8>(1 + i % 200);
                Call call(fill, value);
                if ((i + static_cast<u32>(c)) % 3 == 0) {
                    (void)gate.call(call);
                } else if (gate.submit(call) == SubmitOutcome::pending) {
                    wait_until([&] { return call.ends == 1; });
                }
                good += call.reply.ok() && call.holds(value);
            }
        });
    }
    std::thread manager([&] {
        Life* lives[] = {&first, &second};
        for (u32 i = 0; !stop; ++i) {
            child.is_held = i % 3 != 0;
            std::this_thread::sleep_for(std::chrono::microseconds(300));
            if (i % 2 == 0) {
                if (!strand.hold(base::microseconds(100)))
                    continue;
                strand.rebind(target(*lives[(i / 2) % 2]));
            } else {
                strand.crash(Errno::canceled);
                strand.restart(target(*lives[(i / 2) % 2]));
            }
            strand.release();
            child.is_held = false;
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
        child.is_held = false;
    });
    for (std::thread& thread : threads)
        thread.join();
    stop = true;
    manager.join();
    EXPECT_EQ(good, u64{clients * rounds});
    EXPECT_EQ(strand.in_flight() + strand.queued() + strand.orphans(), 0u);
}

} // namespace
} // namespace core

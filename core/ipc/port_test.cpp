// SPDX-License-Identifier: BSD-2-Clause
// Ports with threads: run under AddressSanitizer and ThreadSanitizer.
// links: core/ipc/port.cpp core/ipc/message.cpp core/object/object.cpp
// links: host/test/kernel_port.cpp base/format.cpp
// kinds: address thread
#include "core/ipc/port.h"

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/time/clock.h"

namespace core {

// Object's destructor asks for it; nobody reads without references here.
void retire(Retired&, void (*)(Retired&)) { std::abort(); }

namespace {

std::atomic<int> g_things{0};
struct Thing : Object {
    Thing() : Object(ObjectKind::event) { ++g_things; }
    ~Thing() override { --g_things; }
};

constexpr MessageRoom everything{message_bytes_maximum, message_handles_maximum};

Nanos soon() { return now() + base::milliseconds(20); }

// A port that one handle may receive from.
struct Served {
    Ref<Port> port = *Ref<Port>::create();
    Served() { port->add_receiver(); }
};

// Threads that live until all of them are done (see kernel_port.cpp).
class Threads {
public:
    template <typename Body>
    void add(Body body) {
        threads_.emplace_back([this, body] {
            body();
            ++done_;
            while (done_ != static_cast<int>(threads_.size()) || !complete_)
                std::this_thread::yield();
        });
    }
    ~Threads() {
        complete_ = true;
        for (auto& thread : threads_)
            thread.join();
    }

private:
    std::vector<std::thread> threads_ = [] {
        std::vector<std::thread> room;
        room.reserve(64);
        return room;
    }();
    std::atomic<int> done_{0};
    std::atomic<bool> complete_{false};
};

Ref<MessageBody> body_of(u32 bytes, u32 things) {
    Ref<MessageBody> body = *MessageBody::create(bytes);
    for (u32 i = 0; i < things; ++i)
        body->add(*Ref<Thing>::create());
    return body;
}

TEST(Port, AnswersACall) {
    Served served;
    Threads threads;
    threads.add([&] {
        PortReceive receive(1, everything);
        ASSERT_TRUE(served.port->receive(receive));
        EXPECT_EQ(receive.badge, 9u);
        Message reply{{receive.message.words[0] + 1}, nullptr};
        EXPECT_TRUE(served.port->reply(receive.token, reply));
        EXPECT_EQ(served.port->reply(receive.token, reply).error(), Errno::srch); // once
    });
    threads.add([&] {
        PortCall call(9, {});
        call.message.words[0] = 4;
        EXPECT_TRUE(served.port->call(call));
        EXPECT_EQ(call.message.words[0], 5u);
        EXPECT_TRUE(call.was_accepted());
    });
}

TEST(Port, GivesNobodyTheTimeOfDay) {
    Served served;
    PortCall call(0, {});
    call.deadline = soon();
    EXPECT_EQ(served.port->call(call).error(), Errno::timedout);
    EXPECT_FALSE(call.was_accepted());
    PortReceive receive(1, {});
    receive.deadline = soon();
    EXPECT_EQ(served.port->receive(receive).error(), Errno::timedout);
    PortReceive impatient(1, {});
    impatient.may_wait = false;
    EXPECT_EQ(served.port->receive(impatient).error(), Errno::again); // nothing was left behind
    EXPECT_FALSE(served.port->has_calls());
}

TEST(Port, TellsAReplyThatComesTooLate) {
    Served served;
    std::barrier given_up(2);
    Threads threads;
    threads.add([&] {
        PortReceive receive(1, everything);
        ASSERT_TRUE(served.port->receive(receive));
        given_up.arrive_and_wait();
        Message reply{{}, body_of(8, 2)};
        EXPECT_EQ(served.port->reply(receive.token, reply).error(), Errno::srch);
        EXPECT_TRUE(reply.body); // still ours
    });
    threads.add([&] {
        PortCall call(0, everything);
        call.deadline = soon();
        EXPECT_EQ(served.port->call(call).error(), Errno::timedout);
        EXPECT_TRUE(call.was_accepted());
        given_up.arrive_and_wait();
    });
    EXPECT_FALSE(served.port->has_calls());
}

TEST(Port, CarriesBytesAndObjectsOrNothing) {
    Served served;
    {
        Threads threads;
        threads.add([&] {
            PortReceive small(1, {16, 1});
            small.deadline = soon();
            EXPECT_EQ(served.port->receive(small).error(), Errno::timedout); // it did not fit
            PortReceive receive(1, everything);
            ASSERT_TRUE(served.port->receive(receive));
            ASSERT_TRUE(receive.message.body);
            EXPECT_EQ(receive.message.body->bytes().size(), 16u);
            EXPECT_EQ(receive.message.body->handle_count(), 2u);
            Message reply{{}, body_of(17, 0)};
            EXPECT_EQ(served.port->reply(receive.token, reply).error(), Errno::msgsize);
            reply.body = body_of(16, 1);
            EXPECT_TRUE(served.port->reply(receive.token, reply));
            EXPECT_FALSE(reply.body);
        });
        threads.add([&] {
            PortCall first(0, {});
            first.message.body = body_of(16, 2);
            EXPECT_EQ(served.port->call(first).error(), Errno::msgsize);
            EXPECT_FALSE(first.was_accepted());
            while (true) { // until the other receive is there
                PortCall call(0, {16, 1});
                call.message.body = body_of(16, 2);
                const auto outcome = served.port->call(call);
                if (!outcome && outcome.error() == Errno::msgsize)
                    continue;
                EXPECT_TRUE(outcome);
                EXPECT_EQ(call.message.body->handle_count(), 1u);
                break;
            }
        });
    }
    EXPECT_EQ(g_things, 0);
}

TEST(Port, EndsAllCallsWhenItCloses) {
    Served served;
    std::barrier received(2);
    Threads threads;
    threads.add([&] {
        PortReceive receive(1, everything);
        ASSERT_TRUE(served.port->receive(receive));
        received.arrive_and_wait();
        while (!served.port->has_calls())
            std::this_thread::yield();
        served.port->drop_receiver();
        PortCall late(0, {});
        EXPECT_EQ(served.port->call(late).error(), Errno::pipe);
        EXPECT_TRUE(served.port->is_closed());
    });
    threads.add([&] {
        PortCall accepted(0, {});
        EXPECT_EQ(served.port->call(accepted).error(), Errno::connreset);
        EXPECT_TRUE(accepted.was_accepted());
    });
    threads.add([&] {
        received.arrive_and_wait(); // so that this one stays in the queue
        PortCall queued(0, {});
        EXPECT_EQ(served.port->call(queued).error(), Errno::pipe);
        EXPECT_FALSE(queued.was_accepted());
    });
}

TEST(Port, EndsTheCallsOfOneServerOnly) {
    Served served;
    Threads threads;
    std::atomic<u32> received{0};
    for (u64 server : {1, 2})
        threads.add([&, server] {
            PortReceive receive(server, everything);
            ASSERT_TRUE(served.port->receive(receive));
            ++received;
            while (received != 2)
                std::this_thread::yield();
            if (server == 1) {
                served.port->server_ended(1);
                return;
            }
            Message reply{{2}, nullptr};
            EXPECT_TRUE(served.port->reply(receive.token, reply));
        });
    std::atomic<u32> answered{0}, reset{0};
    {
        Threads callers;
        for (int i = 0; i < 2; ++i)
            callers.add([&] {
                PortCall call(0, {});
                const Result<> outcome = served.port->call(call);
                ++(outcome ? answered : reset);
                EXPECT_EQ(outcome ? Errno::connreset : outcome.error(), Errno::connreset);
            });
    }
    EXPECT_EQ(answered, 1u);
    EXPECT_EQ(reset, 1u);
}

TEST(Port, RefusesWhatCouldNotBeDelivered) {
    Served served;
    Threads threads;
    threads.add([&] {
        PortReceive receive(1, everything);
        ASSERT_TRUE(served.port->receive(receive));
        served.port->refuse(receive.token, Errno::comm);
        served.port->refuse(receive.token, Errno::comm);
    });
    threads.add([&] {
        PortCall call(0, {});
        EXPECT_EQ(served.port->call(call).error(), Errno::comm);
    });
}

// Many of both, some impatient: each call is answered with its own number or given up.
TEST(Port, HoldsUnderAStorm) {
    constexpr u64 callers = 6, servers = 3, rounds = 2000;
    Served served;
    std::atomic<u64> answered{0}, given_up{0}, finished{0};
    {
        Threads threads;
        for (u64 s = 1; s <= servers; ++s)
            threads.add([&, s] {
                u32 token = 0;
                Message reply;
                while (finished != callers) {
                    PortReceive receive(s, everything);
                    receive.deadline = soon();
                    const Result<> outcome =
                        token == 0 ? served.port->receive(receive)
                                   : served.port->reply_and_receive(token, reply, receive);
                    token = 0;
                    if (!outcome)
                        continue;
                    token = receive.token;
                    reply = Message{{receive.message.words[0] ^ 1, receive.badge},
                                    std::move(receive.message.body)};
                    if (receive.message.words[1] % 7 == 0)
                        std::this_thread::sleep_for(std::chrono::microseconds(200));
                }
                if (token != 0)
                    (void)served.port->reply(token, reply);
            });
        for (u64 c = 0; c < callers; ++c)
            threads.add([&, c] {
                for (u64 round = 0; round < rounds; ++round) {
                    PortCall call(c, everything);
                    call.message.words[0] = c << 32 | round;
                    call.message.words[1] = round;
                    if (round % 3 == 0)
                        call.message.body = body_of(8, 1);
                    if (round % 5 == 0)
                        call.deadline = now() + Nanos(100'000);
                    const Result<> outcome = served.port->call(call);
                    if (!outcome) {
                        EXPECT_EQ(outcome.error(), Errno::timedout);
                        ++given_up;
                        continue;
                    }
                    EXPECT_EQ(call.message.words[0], (c << 32 | round) ^ 1);
                    EXPECT_EQ(call.message.words[1], c);
                    ++answered;
                }
                ++finished;
            });
    }
    EXPECT_EQ(answered + given_up, callers * rounds);
    EXPECT_GT(answered, 0u);
    EXPECT_EQ(g_things, 0);
}

} // namespace
} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// Strands whose home takes several requests at once.
#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include "core/gate/gate.h"
#include "core/gate/services.h"

namespace core {
namespace {

using component::Answer;
using component::Env;
using component::OperationFlags;
using component::OperationInfo;

constexpr std::array<OperationInfo, 3> operations = {
    {{"read", OperationFlags::idempotent},
     {"print", OperationFlags::repeatable},
     {"discard", OperationFlags::idempotent | OperationFlags::ordered_on_range}}};

struct Submitted : GateCall {
    bool ended = false;
};

enum class Do : u8 { answer, stay_pending, refuse, die, answer_the_first, stop_without_reason };

// A home whose thread is the test's: what each request does is in `acts`, by its first argument.
class BatchTest : public testing::Test, public Strand::Observer {
public:
    struct Life : Env {
        BatchTest* test = nullptr;
    };

    void SetUp() override {
        MUST(start_gate_services(), "memory is there");
        kick = [](Observer&, Strand&) {};
        crashed = [](Observer& o, Strand&, Errno why) {
            static_cast<BatchTest&>(o).ends.push_back(why);
        };
        life.test = this;
        strand.rebind(target());
        strand.release();
    }

    StrandTarget target() {
        component::Handlers handlers;
        handlers.submit = [](Env& env, const component::Request& request) {
            BatchTest& test = *static_cast<Life&>(env).test;
            test.batches.push_back(1);
            return test.serve(request.arguments[0], request.id);
        };
        return {&life, handlers, this, &run_batch};
    }
    static void run_batch(Env& env, Batch* batch) {
        BatchTest& test = *static_cast<Life&>(env).test;
        test.batches.push_back(batch->count);
        batch->running = &test.running;
        test.first_id = batch->ids[0];
        u32 done = 0;
        while (done < batch->count) {
            test.running = done;
            const component::Request& request = batch->calls[done]->request;
            if (test.act(request.arguments[0]) == Do::stop_without_reason)
                break;
            batch->answers[done] = test.serve(request.arguments[0], request.id);
            if (batch->answers[done++].kind == Answer::Kind::busy)
                break;
        }
        batch->answered = done;
    }

    Do act(u64 request) const { return request < acts.size() ? acts[request] : Do::answer; }
    Answer serve(u64 request, u64 id) {
        served.push_back(request);
        switch (act(request)) {
        case Do::stay_pending: pending.push_back(id); return Answer::pending();
        case Do::refuse: acts[request] = Do::answer; return Answer::busy();
        case Do::die: strand.condemn(Errno::fault); leave_component(strand.landing());
        case Do::answer_the_first: (void)strand.complete(first_id, {0, 0, 99}); break;
        default: break;
        }
        return Answer::done(request + 1);
    }

    Submitted& submit(u64 argument, u16 operation = 0, u64 bytes = 0) {
        Submitted& call = calls.emplace_back();
        call.request.operation = operation;
        call.request.arguments[0] = argument;
        call.request.buffer.length = bytes;
        call.completed = [](GateCall& c) { static_cast<Submitted&>(c).ended = true; };
        EXPECT_EQ(gate.submit(call), SubmitOutcome::pending);
        return call;
    }
    void submit_many(u64 count) {
        for (u64 i = 0; i < count; ++i)
            submit(i);
    }
    void expect_answers(std::vector<u64> values) {
        ASSERT_EQ(values.size(), calls.size());
        for (usize i = 0; i < values.size(); ++i) {
            EXPECT_TRUE(calls[i].ended) << i;
            EXPECT_TRUE(calls[i].reply.ok()) << i;
            EXPECT_EQ(calls[i].reply.value, values[i]) << i;
        }
    }
    void restart() {
        strand.restart(target());
        strand.release();
        strand.run_queue(this);
    }

    using Numbers = std::vector<u64>;
    std::vector<Do> acts;
    std::vector<Errno> ends;
    std::vector<u32> batches;
    Numbers served, pending;
    u64 first_id = 0;
    u32 running = 0;
    std::deque<Submitted> calls;
    Life life;
    Strand strand{*this, true};
    Gate gate{strand, 0, operations};
};

TEST_F(BatchTest, takesWhatWaitsInOneGo) {
    submit_many(40);
    strand.run_queue(this);
    EXPECT_EQ(batches, (std::vector<u32>{32, 8}));
    Numbers values;
    for (u64 i = 0; i < 40; ++i)
        values.push_back(i + 1);
    expect_answers(values);
    EXPECT_EQ(strand.answered(), 40u);
    EXPECT_EQ(strand.in_flight(), 0u);
}

TEST_F(BatchTest, doesNotTakeWhatMayNotBeRepeated) {
    submit(0);
    submit(1, 1);
    submit(2);
    submit(3);
    strand.run_queue(this);
    EXPECT_EQ(batches, (std::vector<u32>{1, 1, 2}));
    expect_answers({1, 2, 3, 4});
}

TEST_F(BatchTest, doesNotTakeWorkWithoutABound) {
    submit(0, 2);
    submit(1, 2);
    submit(2, 2, 512); // its buffer is its range
    submit(3);
    strand.run_queue(this);
    EXPECT_EQ(batches, (std::vector<u32>{1, 1, 2}));
    expect_answers({1, 2, 3, 4});
}

TEST_F(BatchTest, isNoLongerThanAHoldMayWait) {
    for (u64 i = 0; i < 3; ++i)
        submit(i, 0, Batch::most_bytes / 2);
    submit(3, 0, Batch::most_bytes * 2); // alone it may be as long as it likes
    strand.run_queue(this);
    EXPECT_EQ(batches, (std::vector<u32>{2, 1, 1}));
    expect_answers({1, 2, 3, 4});
}

TEST_F(BatchTest, keepsTheOrderOfWhatTheDeviceHadNoRoomFor) {
    acts = {Do::answer, Do::stay_pending, Do::refuse, Do::answer, Do::answer};
    submit_many(5);
    strand.run_queue(this);
    EXPECT_EQ(served, (Numbers{0, 1, 2}));
    EXPECT_EQ(strand.queued(), 3u);
    EXPECT_EQ(strand.in_flight(), 1u);
    strand.run_exclusively([&](Env&) { return strand.complete(pending[0], {0, 0, 7}); });
    strand.run_queue(this);
    EXPECT_EQ(served, (Numbers{0, 1, 2, 2, 3, 4}));
    expect_answers({1, 7, 3, 4, 5});
    EXPECT_TRUE(ends.empty());
}

TEST_F(BatchTest, mayCompleteOneOfItsOwn) {
    acts = {Do::stay_pending, Do::answer_the_first};
    submit_many(3);
    strand.run_queue(this);
    expect_answers({99, 2, 3});
    EXPECT_EQ(strand.in_flight(), 0u);
    EXPECT_TRUE(ends.empty());
}

TEST_F(BatchTest, isRepeatedInOrderWhenItEnds) {
    acts = {Do::answer, Do::answer, Do::die, Do::answer};
    submit_many(4);
    strand.run_queue(this);
    EXPECT_EQ(ends, (std::vector<Errno>{Errno::fault}));
    EXPECT_EQ(strand.in_flight(), 4u); // the first two were not answered to anyone
    acts[2] = Do::answer;
    served.clear();
    restart();
    EXPECT_EQ(served, (Numbers{0, 1, 2, 3})); // one by one, for any may have been to blame
    EXPECT_EQ(batches, (std::vector<u32>{4, 1, 1, 1, 1}));
    expect_answers({1, 2, 3, 4});
}

TEST_F(BatchTest, onlyTheRequestThatRanIsToBlame) {
    acts = {Do::answer, Do::die, Do::answer};
    submit_many(3);
    strand.run_queue(this);
    while (strand.phase() == GatePhase::broken)
        restart();
    EXPECT_EQ(ends.size(), usize{Strand::maximum_deaths});
    EXPECT_EQ(strand.convicted(), 1u);
    EXPECT_EQ(calls[1].reply.error(), Errno::io);
    EXPECT_EQ(calls[0].reply.value, 1u);
    EXPECT_EQ(calls[2].reply.value, 3u);
}

TEST_F(BatchTest, endsAHomeThatStopsWithoutReason) {
    acts = {Do::answer, Do::stop_without_reason, Do::answer};
    submit_many(3);
    strand.run_queue(this);
    EXPECT_EQ(ends, (std::vector<Errno>{Errno::proto}));
    EXPECT_TRUE(calls[0].ended);
    acts.clear();
    restart();
    expect_answers({1, 2, 3});
}

TEST_F(BatchTest, anIndexOutOfItsRangeBlamesNobody) {
    acts = {Do::answer, Do::die};
    submit_many(2);
    static u32 wrong = 77;
    StrandTarget liar = target();
    liar.submit_batch = [](Env& env, Batch* batch) {
        BatchTest& test = *static_cast<Life&>(env).test;
        batch->running = &wrong;
        test.strand.condemn(Errno::fault);
    };
    ASSERT_TRUE(strand.hold());
    strand.rebind(liar);
    strand.release();
    strand.run_queue(this);
    EXPECT_EQ(ends, (std::vector<Errno>{Errno::fault}));
    acts.clear();
    restart();
    expect_answers({1, 2});
    EXPECT_EQ(strand.convicted(), 0u);
}

} // namespace
} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// Requests whose buffers were lent to a device: they are taken back before their clients have them,
// whichever way the answer takes.
#include <set>

#include <gtest/gtest.h>

#include "core/gate/gate.h"
#include "core/gate/services.h"

namespace core {
namespace {

using component::Answer;
using component::Env;
using component::OperationFlags;
using component::OperationInfo;
using component::Request;

constexpr std::array<OperationInfo, 2> operations = {
    {{"immediate", OperationFlags::idempotent}, {"later", OperationFlags::idempotent}}};
enum Operation : u16 { immediate, later };

struct Life : Env {
    Strand* strand = nullptr;
    std::set<u64> loans, pending;
    bool is_full = false;
};

Answer submit(Env& env, const Request& request) {
    Life& life = static_cast<Life&>(env);
    life.loans.insert(request.id);
    life.strand->note_loan();
    if (life.is_full)
        return Answer::busy();
    if (request.operation == immediate)
        return Answer::done(1);
    life.pending.insert(request.id);
    return Answer::pending();
}

void interrupt(Env& env, u32) {
    Life& life = static_cast<Life&>(env);
    for (const u64 id : std::exchange(life.pending, {}))
        (void)life.strand->complete(id, {0, 0, 2});
}

class LoansTest : public testing::Test, public Strand::Observer {
protected:
    LoansTest() {
        crashed = [](Observer&, Strand&, Errno) {};
        end_loans = [](Observer& observer, Strand& strand) {
            auto& test = static_cast<LoansTest&>(observer);
            ++test.looks;
            std::erase_if(test.life.loans, [&](u64 id) { return strand.find(id) == nullptr; });
            return !test.life.loans.empty();
        };
    }
    void SetUp() override {
        MUST(start_gate_services(), "memory is there");
        life.strand = &strand;
        component::Handlers handlers;
        handlers.submit = submit;
        handlers.interrupt = interrupt;
        strand.rebind({&life, handlers, nullptr});
        strand.release();
    }

    Life life;
    int looks = 0;
    Strand strand{*this, true};
    Gate gate{strand, 0, operations};
};

struct Call : GateCall {
    Call(Life& of, u16 operation) : life(of) {
        request.operation = operation;
        completed = [](GateCall& call) {
            auto& self = static_cast<Call&>(call);
            self.lent_at_end = self.life.loans.size();
            ++self.ends;
        };
    }
    Life& life;
    int ends = 0;
    usize lent_at_end = ~usize{0};
};

TEST_F(LoansTest, OfAnAnswerInTheHandler) {
    Call call(life, immediate);
    ASSERT_EQ(gate.submit(call), SubmitOutcome::done);
    EXPECT_EQ(looks, 1);
    EXPECT_TRUE(life.loans.empty());
}

TEST_F(LoansTest, OfAnAnswerInAnInterrupt) {
    Call first(life, later), second(life, later);
    ASSERT_EQ(gate.submit(first), SubmitOutcome::pending);
    EXPECT_EQ(life.loans.size(), 1u);
    ASSERT_EQ(gate.submit(second), SubmitOutcome::pending);
    EXPECT_EQ(life.loans.size(), 2u);
    life.pending = {first.request.id};
    strand.post_interrupt(0);
    ASSERT_EQ(first.ends, 1);
    EXPECT_EQ(first.lent_at_end, 1u); // the other's
    EXPECT_EQ(second.ends, 0);
    life.pending = {second.request.id};
    strand.post_interrupt(0);
    ASSERT_EQ(second.ends, 1);
    EXPECT_EQ(second.lent_at_end, 0u);
    const int before = looks; // with nothing lent nobody looks
    strand.post_interrupt(0);
    EXPECT_EQ(looks, before);
}

TEST_F(LoansTest, OfARequestThatIsTriedAgain) {
    Call first(life, later), second(life, later);
    ASSERT_EQ(gate.submit(first), SubmitOutcome::pending);
    life.is_full = true;
    ASSERT_EQ(gate.submit(second), SubmitOutcome::pending);
    EXPECT_EQ(life.loans.size(), 1u); // what was lent for the first try is not any more
    life.is_full = false;
    strand.post_interrupt(0); // answers the first, and has the second tried
    EXPECT_EQ(first.ends, 1);
    EXPECT_EQ(life.loans, std::set<u64>{second.request.id});
    strand.post_interrupt(0);
    EXPECT_EQ(second.ends, 1);
    EXPECT_EQ(second.lent_at_end, 0u);
}

} // namespace
} // namespace core

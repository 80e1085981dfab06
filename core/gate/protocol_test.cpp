// SPDX-License-Identifier: BSD-2-Clause
// Explores the protocol table: three requests, two crashes and one move in every order. The model
// runs the table that strand.cpp runs; a planted bug (see `Mutation`) must be found.
#include "core/gate/protocol.h"

#include <array>
#include <set>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace core {
namespace {

enum class Mutation { none, forget_epoch, forget_replay };

constexpr int request_count = 3;

struct Model {
    GatePhase phase = GatePhase::open;
    int epoch = 0;
    int crashes = 2;
    int moves = 1;
    std::array<CallState, request_count> state{};
    std::array<int, request_count> issued_in{};  // epoch
    std::array<int, request_count> acknowledged{};
    std::array<bool, request_count> submitted{};
    bool operator<(const Model& o) const {
        return std::tie(phase, epoch, crashes, moves, state, issued_in, acknowledged, submitted) <
               std::tie(o.phase, o.epoch, o.crashes, o.moves, o.state, o.issued_in,
                        o.acknowledged, o.submitted);
    }
};

class Explorer {
public:
    explicit Explorer(Mutation mutation) : mutation_(mutation) {}

    // The first broken promise, or an empty string.
    std::string run() {
        visit(Model{});
        return complaint_;
    }
    usize states() const { return seen_.size(); }

private:
    void step(Model model, GateEvent event) {
        const auto next = next_phase(model.phase, event);
        if (!next)
            return;
        const bool is_move = event == GateEvent::hold;
        const bool is_crash = event == GateEvent::crash;
        if ((is_move && model.moves-- == 0) || (is_crash && model.crashes-- == 0))
            return;
        if (event == GateEvent::give_up || event == GateEvent::revive)
            return; // losing is their purpose
        model.phase = next->to;
        if (next->new_epoch && event != GateEvent::rebind && mutation_ != Mutation::forget_epoch)
            ++model.epoch;
        if (event == GateEvent::restart && mutation_ != Mutation::forget_replay) {
            for (auto& state : model.state) {
                if (state == CallState::issued)
                    state = CallState::queued;
            }
        }
        visit(model);
    }

    void visit(const Model& model) {
        if (!complaint_.empty() || !seen_.insert(model).second)
            return;
        bool moved = false;
        for (int i = 0; i < request_count; ++i) {
            Model next = model;
            if (!model.submitted[i]) {
                next.submitted[i] = true;
                next.state[i] = CallState::queued;
                visit(next);
                moved = true;
            } else if (model.state[i] == CallState::queued && model.phase == GatePhase::open) {
                next.state[i] = CallState::issued;
                next.issued_in[i] = model.epoch;
                visit(next);
                moved = true;
            } else if (model.state[i] == CallState::issued) {
                moved |= answer(model, i);
            }
        }
        for (int event = 0; event <= static_cast<int>(GateEvent::give_up); ++event) {
            // What the manager must do once it began counts as a way on; what may befall it does
            // not.
            const GateEvent kind = static_cast<GateEvent>(event);
            if (kind == GateEvent::drained || kind == GateEvent::release ||
                kind == GateEvent::restart)
                moved |= next_phase(model.phase, kind).has_value();
            step(model, kind);
        }
        if (!moved && !all_acknowledged(model))
            complaint_ = "a request is stuck";
        if (!moved && model.phase != GatePhase::open)
            complaint_ = "a hold is stuck";
    }

    // An answer of the epoch the request was issued in; a life that ended may still try to answer.
    bool answer(const Model& model, int i) {
        const bool is_dead = model.phase == GatePhase::broken || model.phase == GatePhase::failed;
        if (is_dead && model.issued_in[i] == model.epoch)
            complaint_ = "an answer of a dead instance would be taken";
        if (is_dead || model.issued_in[i] != model.epoch)
            return false;
        Model next = model;
        next.state[i] = CallState::client;
        if (++next.acknowledged[i] > 1)
            complaint_ = "answered twice";
        visit(next);
        return true;
    }

    static bool all_acknowledged(const Model& model) {
        for (int count : model.acknowledged) {
            if (count != 1)
                return false;
        }
        return true;
    }

    const Mutation mutation_;
    std::set<Model> seen_;
    std::string complaint_;
};

TEST(GateProtocol, everyOrderKeepsItsPromises) {
    Explorer explorer(Mutation::none);
    EXPECT_EQ(explorer.run(), "");
    EXPECT_GT(explorer.states(), 1000u);
}

TEST(GateProtocol, plantedBugsAreFound) {
    EXPECT_NE(Explorer(Mutation::forget_epoch).run(), "");
    EXPECT_NE(Explorer(Mutation::forget_replay).run(), "");
}

TEST(GateProtocol, eachPhaseIsReachableAndLeadsOut) {
    for (u8 p = 0; p <= static_cast<u8>(GatePhase::failed); ++p) {
        bool out = false;
        bool in = false;
        for (const GateStep& s : gate_steps) {
            out |= s.from == static_cast<GatePhase>(p);
            in |= s.to == static_cast<GatePhase>(p);
        }
        EXPECT_TRUE(in && out) << gate_phase_name(static_cast<GatePhase>(p));
    }
}

} // namespace
} // namespace core

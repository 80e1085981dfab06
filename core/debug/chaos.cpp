// SPDX-License-Identifier: BSD-2-Clause
// pith.chaos=move:RATEhz (debug builds): components move through the placements all the time, one
// at random RATE times a second, while the system is used as always.
#ifdef PITH_DEBUG

#include "core/component/entropy.h"
#include "core/component/manager.h"
#include "core/gate/waiting.h"
#include "core/gate/worker_thread.h"
#include "core/init/command_line.h"
#include "core/init/task.h"
#include "core/observe/log.h"
#include "core/time/clock.h"

namespace core {
namespace {

constexpr u64 highest_rate = 1000;
constinit u64 g_rate = 0; // set before the thread starts

// Counted and told now and then, so that a test can see that something happened.
struct Tally {
    u64 moved = 0, refused = 0;
};

RefOrNull<Instance> random_instance() {
    u32 count = 0;
    RefOrNull<Instance> chosen;
    for (u32 from = 0; auto found = next_instance(from); from = (*found)->number() + 1) {
        if (random_word() % ++count == 0)
            chosen = RefOrNull<Instance>::share(found->get());
    }
    return chosen;
}

void move_one(Tally& tally) {
    const RefOrNull<Instance> instance = random_instance();
    if (!instance)
        return;
    // What came at run time cannot be builtin, and one that starts or ends does not move.
    const auto placement = static_cast<Placement>(random_word() % placement_count);
    if (instance->move(placement))
        ++tally.moved;
    else
        ++tally.refused;
    if ((tally.moved + tally.refused) % 100 == 0)
        LOG_INFO("chaos: {} moves, {} refused", tally.moved, tally.refused);
}

void make_chaos(void*) {
    Tally tally;
    for (Nanos next = now();; next = next + Nanos(1'000'000'000 / g_rate)) {
        wait_until(next);
        move_one(tally);
    }
}

void start_chaos() {
    constexpr std::string_view kind = "move:", unit = "hz";
    std::string_view wanted = boot_option("pith.chaos").value_or("");
    if (wanted.empty())
        return;
    if (wanted.starts_with(kind) && wanted.ends_with(unit)) {
        wanted = wanted.substr(kind.size(), wanted.size() - kind.size() - unit.size());
        g_rate = parse_number(wanted).value_or(0);
    }
    if (g_rate == 0 || g_rate > highest_rate) {
        LOG_ERROR("pith.chaos: not move:RATEhz with a rate up to {}", highest_rate);
        return;
    }
    if (const Result<> started = start_worker_thread("chaos", &make_chaos, nullptr); !started)
        LOG_ERROR("pith.chaos: {}", started.error());
}

INIT_TASK(chaos, "chaos", "components servers", &start_chaos);

} // namespace
} // namespace core

#endif

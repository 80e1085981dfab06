// SPDX-License-Identifier: BSD-2-Clause
// The component: interrupts, the watch over the controller, descriptor.
#include "abi/component/component.h"
#include "components/block/nvme/controller.h"

namespace nvme {

void give_up(Env& env, Errno error, std::string_view why) {
    Controller& controller = env.arena<Controller>();
    if (!controller.broken)
        env.fail(error, why);
    controller.broken = 1;
}

void interrupt(Env& env, u32 line) {
    const bool both = env.arena<Controller>().messages < 2;
    if (both || line == 0)
        collect_admin(env);
    if (both || line == 1)
        collect(env);
    env.acknowledge_interrupt(line);
}

namespace {

constexpr Nanos watch_interval = base::seconds(2);

} // namespace

void keep_watch(Env& env) {
    Controller& controller = env.arena<Controller>();
    const bool busy = controller.pending.used() != 0 || controller.call.under_way;
    if (controller.watching || !busy || controller.broken)
        return;
    controller.watching = 1;
    controller.completions_seen = controller.completions;
    env.set_timer(watch_timer, env.now() + watch_interval);
}

namespace {

// Whether a command is older than it may get.
bool is_overdue(Env& env) {
    Controller& controller = env.arena<Controller>();
    const u64 now = env.now().value;
    if (controller.call.under_way && now - controller.call.since > controller.timeout)
        return true;
    for (u32 i = 0; i < most_commands; ++i) {
        const Pending* pending = controller.pending.find(Slot::at(i));
        if (pending && now - pending->since > controller.timeout)
            return true;
    }
    return false;
}

// An interrupt may have got lost; a controller may have died, or keep a command for ever.
void watch(Env& env) {
    Controller& controller = env.arena<Controller>();
    controller.watching = 0;
    const u32 is = Status::read(env, registers);
    if (is == status::dead_bus) {
        give_up(env, Errno::nodev, "controller is gone");
        return;
    }
    if ((is & status::fatal) || !(is & status::ready)) {
        give_up(env, Errno::io, "controller stopped with an error");
        return;
    }
    const bool silent = controller.completions == controller.completions_seen;
    collect_admin(env);
    collect(env);
    if (silent && controller.completions != controller.completions_seen) {
        env.count(count_lost_interrupts);
        env.log(LogLevel::warning, "an interrupt was lost");
    }
    if (is_overdue(env))
        give_up(env, Errno::timedout, "a command was not answered in time");
    keep_watch(env);
}

constexpr component::InterfaceId offers[] = {component::InterfaceId::block};
constexpr const char* counters[] = {"completed", "errors", "retries", "lost_interrupts", "scans"};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::pci, .class_code = 0x01'08'02, .class_mask = 0xff'ff'ff},
};

Result<> quiesce(Env&) { return {}; }

consteval component::Descriptor make_descriptor() {
    return component::describe<Controller>("nvme", {1, 0, 0}, component::Traits::never_waits,
                                           {.start = start_controller,
                                            .resume = resume_controller,
                                            .quiesce = quiesce,
                                            .stop = stop_controller,
                                            .submit = submit,
                                            .interrupt = interrupt,
                                            .timer = timer})
        .matching(matches)
        .offering(offers)
        .counting(counters);
}

} // namespace

void timer(Env& env, u32 timer) {
    if (env.arena<Controller>().broken)
        return;
    if (timer == watch_timer)
        watch(env);
    else if (timer == event_timer)
        wait_for_event(env);
    else
        begin_scan(env, Scan::Step::list);
}

} // namespace nvme

COMPONENT_DESCRIPTOR(nvme) = nvme::make_descriptor();

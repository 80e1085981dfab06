// SPDX-License-Identifier: BSD-2-Clause
// The component: interrupts, the watch over the controller, descriptor.
#include "abi/component/component.h"
#include "components/block/ahci/controller.h"

namespace ahci {

void give_up(Env& env, Errno error, std::string_view why) {
    Controller& controller = env.arena<Controller>();
    if (!controller.broken)
        env.fail(error, why);
    controller.broken = 1;
}

void interrupt(Env& env, u32 line) {
    Controller& controller = env.arena<Controller>();
    const u32 causes = InterruptStatus::read(env, controller.registers);
    for (u32 left = causes; left != 0 && !controller.broken; left &= left - 1)
        look_at_port(env, static_cast<u32>(std::countr_zero(left)));
    InterruptStatus::write(env, controller.registers, causes); // after those of the ports (10.7.2)
    env.acknowledge_interrupt(line);
}

namespace {

constexpr Nanos watch_interval = base::seconds(2);
// Between two looks at an unsettled port: short at first, longer for a disk that takes its time.
constexpr Nanos shortest_poll = base::milliseconds(1), longest_poll = base::milliseconds(50);

bool has_overdue(Env& env, const Port& port) {
    Controller& controller = env.arena<Controller>();
    const u64 now = env.now().value;
    for (u32 left = port.issued; left != 0; left &= left - 1) {
        const Record record = port.records[static_cast<u32>(std::countr_zero(left))];
        if (now - controller.pending[record].since > controller.timeout)
            return true;
    }
    return false;
}

// An interrupt may have got lost, a disk may keep a command for ever, a controller may be gone.
void watch(Env& env) {
    Controller& controller = env.arena<Controller>();
    controller.watching = 0;
    if (GlobalControl::read(env, controller.registers) == dead_bus) {
        give_up(env, Errno::nodev, "controller is gone");
        return;
    }
    const bool silent = controller.completions == controller.completions_seen;
    for (u32 i = 0; i < most_ports && !controller.broken; ++i) {
        look_at_port(env, i);
        Port& port = controller.ports[i];
        if (port.state == Port::State::ready && has_overdue(env, port))
            recover(env, i, 0);
    }
    if (silent && controller.completions != controller.completions_seen) {
        env.count(count_lost_interrupts);
        env.log(LogLevel::warning, "an interrupt was lost");
    }
    keep_watch(env);
}

void poll(Env& env) {
    Controller& controller = env.arena<Controller>();
    controller.polling = 0;
    for (u32 i = 0; i < most_ports && !controller.broken; ++i)
        step(env, i);
    keep_polling(env);
}

constexpr component::InterfaceId offers[] = {component::InterfaceId::block};
constexpr const char* counters[] = {"completed", "errors", "retries", "lost_interrupts", "resets"};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::pci, .class_code = 0x01'06'01, .class_mask = 0xff'ff'ff},
};

Result<> quiesce(Env&) { return {}; }

consteval component::Descriptor make_descriptor() {
    return component::describe<Controller>("ahci", {1, 0, 0}, component::Traits::never_waits,
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

void keep_watch(Env& env) {
    Controller& controller = env.arena<Controller>();
    if (controller.watching || controller.pending.used() == 0 || controller.broken)
        return;
    controller.watching = 1;
    controller.completions_seen = controller.completions;
    env.set_timer(watch_timer, env.now() + watch_interval);
}

void keep_polling(Env& env) {
    Controller& controller = env.arena<Controller>();
    if (controller.polling || controller.starting || controller.broken)
        return;
    const u64 now = env.now().value;
    u64 shortest = ~u64{0};
    for (const Port& port : controller.ports) {
        if (!port.is_settled())
            shortest = base::minimum(shortest, now - port.since);
    }
    if (shortest == ~u64{0})
        return;
    controller.polling = 1;
    const u64 pause =
        base::minimum(base::maximum(shortest / 4, shortest_poll.value), longest_poll.value);
    env.set_timer(poll_timer, Nanos(now + pause));
}

void timer(Env& env, u32 timer) {
    if (env.arena<Controller>().broken)
        return;
    if (timer == watch_timer)
        watch(env);
    else
        poll(env);
}

} // namespace ahci

COMPONENT_DESCRIPTOR(ahci) = ahci::make_descriptor();

// SPDX-License-Identifier: BSD-2-Clause
// Bringing the controller up and down (AHCI 1.3.1, 10.1.2, 10.4.3 and 10.6.3).
#include "components/block/ahci/controller.h"

namespace ahci {

namespace {

constexpr u64 default_timeout_seconds = 30;
constexpr Nanos reset_limit = base::seconds(1);   // 10.4.3
constexpr Nanos handoff_limit = base::seconds(2); // 10.6.3
constexpr Nanos start_limit = base::seconds(30);  // for disks to spin up
// Between two looks: short at first, longer for what takes its time.
constexpr Nanos shortest_pause = base::microseconds(100), longest_pause = base::milliseconds(20);

Failure refuse(Env& env, Errno error, std::string_view why) {
    env.log(LogLevel::error, "{}", why);
    return Failure(error);
}

Result<> pause(Env& env, Nanos since) {
    const u64 elapsed = (env.now() - since).value;
    return env.sleep(Nanos(
        base::minimum(base::maximum(elapsed / 8, shortest_pause.value), longest_pause.value)));
}

// Errors: nodev.
Result<> find_registers(Env& env) {
    Controller& controller = env.arena<Controller>();
    const u64 count = env.device_fact(component::DeviceFact::window_count);
    for (u32 i = 0; i < count; ++i) {
        const auto info = env.window(i);
        if (info && info->kind == 1 && info->index == register_bar &&
            info->length >= ports_at + port_bytes) {
            controller.registers = {i, 0};
            return {};
        }
    }
    return refuse(env, Errno::nodev, "registers are not where they should be");
}

template <typename Where>
Result<> wait_until_clear(Env& env, u32 mask, Nanos limit) {
    const Controller& controller = env.arena<Controller>();
    const Nanos since = env.now();
    while (true) {
        const u32 is = Where::read(env, controller.registers);
        if (is == dead_bus)
            return refuse(env, Errno::nodev, "controller is gone");
        if (!(is & mask))
            return {};
        if (env.now() - since >= limit)
            return refuse(env, Errno::timedout, "controller does not do as it is told");
        TRY(pause(env, since));
    }
}

// Firmware that still drives the controller is asked to let go; one that does not is ignored.
Result<> take_from_firmware(Env& env) {
    const Window registers = env.arena<Controller>().registers;
    if (!capability::FirmwareHandoff::is_set(MoreCapabilities::read(env, registers)))
        return {};
    Handoff::write(env, registers, Handoff::read(env, registers) | handoff::we_own);
    const auto let_go = wait_until_clear<Handoff>(env, handoff::firmware_owns, handoff_limit);
    return let_go || let_go.error() == Errno::timedout ? Result<>() : let_go;
}

// After it nothing of a former driver goes on: no port reads or writes memory. Errors: timedout,
// nodev.
Result<> reset_controller(Env& env) {
    const Window registers = env.arena<Controller>().registers;
    GlobalControl::write(env, registers, global::enable);
    GlobalControl::write(env, registers, global::enable | global::reset);
    TRY(wait_until_clear<GlobalControl>(env, global::reset, reset_limit));
    GlobalControl::write(env, registers, global::enable);
    return {};
}

// Bits: ports where the firmware found something.
u32 ports_in_use(Env& env, u32 implemented) {
    const Controller& controller = env.arena<Controller>();
    u32 found = 0;
    for (u32 i = 0; i < most_ports; ++i) {
        if ((implemented >> i & 1) &&
            link::Detection::get(LinkStatus::read(env, window_of(controller, i))) != 0)
            found |= u32{1} << i;
    }
    return found;
}

// Errors: nomem.
Result<> allocate_memory(Env& env, u32 implemented) {
    Controller& controller = env.arena<Controller>();
    const u32 count = static_cast<u32>(std::popcount(implemented));
    DmaPlace place = TRY(component::allocate_place(env, count * port_memory::bytes, 4096));
    for (u32 i = 0; i < most_ports; ++i) {
        if (!(implemented >> i & 1))
            continue;
        controller.ports[i].memory = place;
        place = place.at(port_memory::bytes);
    }
    return {};
}

// The port may receive from here on, and begins with its link, which the controller's reset
// started.
void prepare_port(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    const Window at = window_of(controller, number);
    const u64 list = port.memory.address + port_memory::list;
    const u64 received = port.memory.address + port_memory::received;
    ListLow::write(env, at, static_cast<u32>(list));
    ListHigh::write(env, at, static_cast<u32>(list >> 32));
    ReceivedLow::write(env, at, static_cast<u32>(received));
    ReceivedHigh::write(env, at, static_cast<u32>(received >> 32));
    LinkErrors::write(env, at, ~u32{0});
    LinkControl::write(env, at, link::stay_awake);
    PortCommand::write(env, at,
                       port_command::receive | port_command::spin_up | port_command::power_on |
                           port_command::make_active);
    enter(env, port, Port::State::linking);
    if (!port.awaited)
        step(env, number);
}

// Errors: timedout, nodev, io.
Result<> wait_for_disks(Env& env) {
    Controller& controller = env.arena<Controller>();
    const Nanos since = env.now();
    while (!controller.broken) {
        bool settled = true;
        for (u32 i = 0; i < most_ports; ++i) {
            Port& port = controller.ports[i];
            if (!port.awaited || port.is_settled())
                continue;
            step(env, i);
            settled = settled && port.is_settled();
        }
        if (settled || env.now() - since >= start_limit)
            break;
        TRY(pause(env, since));
    }
    return controller.broken ? Result<>(Failure(Errno::io)) : Result<>();
}

// Seconds of pith.ahci.timeout.
u64 configured_timeout(Env& env) {
    char buffer[8];
    u64 seconds = 0;
    if (const auto text = env.configuration("timeout", buffer)) {
        for (const char c : *text)
            seconds = c >= '0' && c <= '9' ? seconds * 10 + static_cast<u64>(c - '0') : 0;
    }
    return seconds != 0 ? seconds : default_timeout_seconds;
}

Result<> bring_up(Env& env) {
    Controller& controller = env.arena<Controller>();
    const u32 is = Capabilities::read(env, controller.registers);
    if (is == dead_bus)
        return refuse(env, Errno::nodev, "nothing answers");
    if (!capability::Wide::is_set(is))
        return refuse(env, Errno::opnotsupp, "controller reaches 4 GiB of memory only");
    controller.slots = static_cast<u32>(capability::CommandSlots::get(is)) + 1;
    controller.queueing = capability::NativeQueueing::is_set(is);
    const component::WindowInfo window = TRY(env.window(controller.registers.index));
    u32 implemented = PortsImplemented::read(env, controller.registers);
    for (u32 i = 0; i < most_ports; ++i) {
        if (ports_at + (i + 1) * port_bytes > window.length)
            implemented &= ~(u32{1} << i);
    }
    if (implemented == 0)
        return refuse(env, Errno::nodev, "controller has no ports");
    const u32 in_use = ports_in_use(env, implemented);
    TRY(reset_controller(env));
    TRY(allocate_memory(env, implemented));
    (void)env.control(component::ControlKind::bus_master, 1);
    (void)env.control(component::ControlKind::message_interrupts, 1);
    TRY(env.enable_interrupt(0));
    for (u32 i = 0; i < most_ports; ++i) {
        controller.ports[i].awaited = in_use >> i & 1;
        if (implemented >> i & 1)
            prepare_port(env, i);
    }
    InterruptStatus::write(env, controller.registers, ~u32{0});
    GlobalControl::write(env, controller.registers, global::enable | global::interrupts);
    return wait_for_disks(env);
}

} // namespace

Result<> start_controller(Env& env) {
    Controller& controller = env.construct_arena<Controller>();
    controller.timeout = configured_timeout(env) * base::nanos_per_second.value;
    controller.starting = 1;
    TRY(find_registers(env));
    TRY(take_from_firmware(env));
    if (const Result<> up = bring_up(env); !up) {
        (void)reset_controller(env); // it must not go on writing to our memory
        return up;
    }
    controller.starting = 0;
    for (u32 i = 0; i < most_ports; ++i) {
        if (controller.ports[i].state == Port::State::ready)
            offer_disk(env, i);
    }
    keep_polling(env);
    return {};
}

// The lists stayed where they are and the controller went on; an interrupt may have been missed.
Result<> resume_controller(Env& env) {
    for (u32 i = 0; i < most_ports; ++i)
        look_at_port(env, i);
    keep_watch(env);
    keep_polling(env);
    return {};
}

void stop_controller(Env& env) { (void)reset_controller(env); }

} // namespace ahci

// SPDX-License-Identifier: BSD-2-Clause
// Admin commands: one at a time, and one more that waits for the controller to tell of a change.
#include "components/block/nvme/controller.h"

namespace nvme {

namespace {

constexpr u16 event_id = 0xffff;
// Between two waits for an event: a controller that always has something to say is not listened to
// all the time.
constexpr Nanos event_pause = base::seconds(1);

// What the controller tells of itself. A change of namespaces starts a scan.
void take_event(Env& env, const Completion& completion) {
    Controller& controller = env.arena<Controller>();
    if (!CommandStatus::of(completion.status).ok()) {
        controller.events = 0; // it was not willing to wait
        return;
    }
    const u32 type = completion.result & event_type_mask;
    const u32 information = (completion.result >> 8) & 0xff;
    if (type == event_type_notice && information == notice_namespaces)
        begin_scan(env, Scan::Step::log);
    else
        env.log(LogLevel::warning, "controller reports event {}, {}", type, information);
    env.set_timer(event_timer, env.now() + event_pause);
}

void end_call(Env& env, const Completion& completion) {
    Controller& controller = env.arena<Controller>();
    AdminCall& call = controller.call;
    if (!call.under_way || completion.id != call.id) {
        give_up(env, Errno::proto, "controller completed an admin command that it was not given");
        return;
    }
    call.under_way = 0;
    call.status = completion.status;
    call.result = completion.result;
    if (controller.scan.step != Scan::Step::idle)
        continue_scan(env, CommandStatus::of(completion.status));
}

} // namespace

Command identify(const Controller& controller, Identified what, u32 namespace_id) {
    Command command;
    command.opcode = static_cast<u8>(AdminOpcode::identify);
    command.namespace_id = namespace_id;
    command.prp1 = controller.page.address;
    command.word10 = static_cast<u32>(what);
    return command;
}

void begin_call(Env& env, Command command) {
    Controller& controller = env.arena<Controller>();
    AdminCall& call = controller.call;
    VERIFY(!call.under_way);
    call.id = static_cast<u16>((call.id + 1) % event_id);
    call.under_way = 1;
    call.since = env.now().value;
    command.id = call.id;
    controller.admin.push(env, command);
    controller.admin.ring(env, registers, controller.stride);
}

Result<u32> call(Env& env, const Command& command) {
    Controller& controller = env.arena<Controller>();
    begin_call(env, command);
    collect_admin(env);
    while (controller.call.under_way && !controller.broken) {
        if (env.now().value - controller.call.since > controller.timeout) {
            env.log(LogLevel::error, "no answer to admin command {}", u32{command.opcode});
            return Failure(Errno::timedout);
        }
        TRY(env.sleep(base::microseconds(100)));
        collect_admin(env);
    }
    if (controller.broken)
        return Failure(Errno::io);
    const CommandStatus status = CommandStatus::of(controller.call.status);
    if (!status.ok()) {
        env.log(LogLevel::error, "admin command {} failed with status {:x}", u32{command.opcode},
                u32{status.code_and_type});
        return Failure(Errno::io);
    }
    return controller.call.result;
}

void wait_for_event(Env& env) {
    Controller& controller = env.arena<Controller>();
    if (!controller.events || controller.waiting_for_event)
        return;
    controller.waiting_for_event = 1;
    Command command;
    command.opcode = static_cast<u8>(AdminOpcode::asynchronous_event);
    command.id = event_id;
    controller.admin.push(env, command);
    controller.admin.ring(env, registers, controller.stride);
}

// Ends: a completion needs a command, and each gives rise to one more at most, which a controller
// may answer at once; so there is a limit, and the rest waits for the next look.
void collect_admin(Env& env) {
    Controller& controller = env.arena<Controller>();
    Completion completion;
    for (u32 i = 0; i < admin_queue_entries && !controller.broken; ++i) {
        const Result<bool> taken = controller.admin.take(env, completion);
        if (!taken)
            give_up(env, Errno::proto, "admin queue holds what cannot be true");
        if (!taken || !*taken)
            break;
        if (completion.id == event_id && controller.waiting_for_event) {
            controller.waiting_for_event = 0;
            take_event(env, completion);
        } else {
            end_call(env, completion);
        }
    }
    if (!controller.broken)
        controller.admin.release(env, registers, controller.stride);
}

} // namespace nvme

// SPDX-License-Identifier: BSD-2-Clause
// seccomp: programs are checked when they are installed, so that running them checks nothing but
// division.
#include "linux/process/call_filter.h"

#include "abi/linux/seccomp.h"
#include "base/box.h"
#include "base/memory_functions.h"
#include "linux/process/exit.h"
#include "linux/process/process_table.h"
#include "linux/signal/send.h"
#include "linux/syscall/personality.h"
#include "linux/syscall/syscall.h"

namespace linux {

// One installed program, and those installed before it; shared by tasks.
class CallFilter : public RefCounted<CallFilter> {
public:
    ~CallFilter() { delete[] code; }
    bool strict = false;
    bool log = false;
    BpfInstruction* code = nullptr;
    u32 length = 0;
    RefOrNull<const CallFilter> earlier;
    u32 total_length = 0; // of the chain
};

namespace {

constexpr u32 most_instructions = 4096, most_in_chain = 32768;
constexpr u32 penalty = 4; // per program in the chain
constexpr u32 scratch_words = 16;

bool is_valid_load(const BpfInstruction& instruction) {
    return instruction.operand % 4 == 0 && instruction.operand < sizeof(CallDescription);
}

// Only what cannot go wrong is let in: loads from the description, known operations, forward jumps
// that stay inside.
bool is_valid(const BpfInstruction& instruction, u32 at, u32 length) {
    namespace op = bpf;
    const u32 operand = instruction.operand;
    switch (instruction.code) {
    case op::load_absolute: return is_valid_load(instruction);
    case op::load_immediate:
    case op::load_length:
    case op::loadx_immediate:
    case op::loadx_length: return true;
    case op::load_memory:
    case op::loadx_memory:
    case op::store:
    case op::storex: return operand < scratch_words;
    case op::add_constant: case op::add_x: case op::subtract_constant: case op::subtract_x:
    case op::multiply_constant: case op::multiply_x: case op::divide_x: case op::and_constant:
    case op::and_x: case op::or_constant: case op::or_x: case op::xor_constant: case op::xor_x:
    case op::shift_left_x: case op::shift_right_x: case op::negate:
    case op::transfer_to_x: case op::transfer_to_a: return true;
    case op::divide_constant: return operand != 0;
    case op::shift_left_constant:
    case op::shift_right_constant: return operand < 32;
    case op::jump: return operand < length - at - 1;
    case op::jump_equal_constant: case op::jump_equal_x: case op::jump_greater_constant:
    case op::jump_greater_x: case op::jump_not_less_constant: case op::jump_not_less_x:
    case op::jump_set_constant: case op::jump_set_x:
        return at + instruction.if_true + 1 < length && at + instruction.if_false + 1 < length;
    case op::return_constant:
    case op::return_a: return true;
    default: return false;
    }
}

bool is_valid(const CallFilter& filter) {
    for (u32 i = 0; i < filter.length; ++i)
        if (!is_valid(filter.code[i], i, filter.length))
            return false;
    const u16 last = filter.code[filter.length - 1].code;
    return last == bpf::return_constant || last == bpf::return_a;
}

struct Machine {
    u32 a = 0, x = 0;
    u32 scratch[scratch_words] = {};
};

// The arithmetic and jumps that take the operand from the instruction (constant) or from X.
u32 compute(u16 code, u32 a, u32 value) {
    switch (code & 0xf0) {
    case 0x00: return a + value;
    case 0x10: return a - value;
    case 0x20: return a * value;
    case 0x30: return value != 0 ? a / value : 0;
    case 0x40: return a | value;
    case 0x50: return a & value;
    case 0x60: return value < 32 ? a << value : 0;
    case 0x70: return value < 32 ? a >> value : 0;
    case 0x80: return 0u - a;
    default: return a ^ value; // 0xa0
    }
}
bool holds(u16 code, u32 a, u32 value) {
    switch (code & 0xf0) {
    case 0x10: return a == value;
    case 0x20: return a > value;
    case 0x30: return a >= value;
    default: return (a & value) != 0; // 0x40
    }
}

u32 load_word(const CallDescription& call, u32 offset) {
    u32 word;
    memcpy(&word, reinterpret_cast<const u8*>(&call) + offset, sizeof(word));
    return word;
}

u32 run(const CallFilter& filter, const CallDescription& call) {
    Machine m;
    for (u32 at = 0; at < filter.length; ++at) {
        const BpfInstruction& i = filter.code[at];
        const u32 value = (i.code & 0x08) != 0 ? m.x : i.operand;
        switch (i.code) {
        case bpf::load_absolute: m.a = load_word(call, i.operand); continue;
        case bpf::load_immediate: m.a = i.operand; continue;
        case bpf::load_length: m.a = sizeof(CallDescription); continue;
        case bpf::load_memory: m.a = m.scratch[i.operand]; continue;
        case bpf::loadx_immediate: m.x = i.operand; continue;
        case bpf::loadx_length: m.x = sizeof(CallDescription); continue;
        case bpf::loadx_memory: m.x = m.scratch[i.operand]; continue;
        case bpf::store: m.scratch[i.operand] = m.a; continue;
        case bpf::storex: m.scratch[i.operand] = m.x; continue;
        case bpf::transfer_to_x: m.x = m.a; continue;
        case bpf::transfer_to_a: m.a = m.x; continue;
        case bpf::return_constant: return i.operand;
        case bpf::return_a: return m.a;
        case bpf::jump: at += i.operand; continue;
        case bpf::divide_x:
            if (m.x == 0)
                return 0;
            break;
        default: break;
        }
        if ((i.code & 7) == bpf::class_jump)
            at += holds(i.code, m.a, value) ? i.if_true : i.if_false;
        else
            m.a = compute(i.code, m.a, value);
    }
    return 0;
}

// The strictest of all programs' answers: the lowest as a signed number counts, data of the last
// installed one that gave it.
u32 run_all(const CallFilter& newest, const CallDescription& call) {
    u32 verdict = seccomp::allow;
    for (const CallFilter* filter = &newest; filter; filter = filter->earlier.get()) {
        if (filter->strict)
            continue;
        const u32 one = run(*filter, call);
        const i32 action = static_cast<i32>(one & seccomp::action_mask);
        if (action < static_cast<i32>(verdict & seccomp::action_mask))
            verdict = one;
    }
    return verdict;
}

CallDescription describe(const arch::UserFrame& frame) {
    CallDescription call = {};
    call.number = static_cast<i32>(arch::call_number(frame));
    call.architecture = seccomp::architecture_x86_64;
    call.instruction = arch::instruction_pointer(frame);
    for (unsigned i = 0; i < 6; ++i)
        call.arguments[i] = arch::argument(frame, i);
    return call;
}

bool is_allowed_strictly(u64 number) { // read, write, exit, rt_sigreturn
    return number == 0 || number == 1 || number == 60 || number == 15;
}

FilterVerdict deny_with_trap(const CallDescription& call, u32 verdict) {
    SigInfo info = SigInfo::from_kernel(signal_number::sys, signal_code::sys_seccomp);
    info.error = static_cast<i32>(verdict & seccomp::data_mask);
    info.details.call.call_address = call.instruction;
    info.details.call.call_number = call.number;
    info.details.call.architecture = call.architecture;
    force_signal(info);
    return {false, call.number};
}

} // namespace

FilterVerdict filter_call(Task& task, const arch::UserFrame& frame) {
    const CallFilter& filter = *task.call_filter;
    if (filter.strict) {
        if (is_allowed_strictly(arch::call_number(frame)))
            return {true, 0};
        exit_task(signal_number::kill);
    }
    const CallDescription call = describe(frame);
    const u32 verdict = run_all(filter, call);
    switch (verdict & seccomp::action_mask) {
    case seccomp::allow:
    case seccomp::log: return {true, 0};
    case seccomp::error: {
        const i64 number = verdict & seccomp::data_mask;
        return {false, -(number < 4095 ? number : 4095)};
    }
    case seccomp::trap: return deny_with_trap(call, verdict);
    case seccomp::trace:
    case seccomp::notify: return {false, -static_cast<i64>(Errno::nosys)}; // nobody listens
    case seccomp::kill_thread: exit_task(signal_number::sys);
    default: end_process(signal_number::sys);
    }
}

void share_call_filter(Task& child, const Task& parent) {
    if (!parent.call_filter)
        return;
    parent.call_filter->add_reference();
    child.call_filter = parent.call_filter;
}

void drop_call_filter(Task& task) {
    if (const CallFilter* filter = std::exchange(task.call_filter, nullptr))
        filter->drop_reference();
}

u32 call_filter_mode(const Task& task) {
    return !task.call_filter ? 0 : task.call_filter->strict ? 1 : 2;
}

namespace {

void adopt(Task& task, Ref<CallFilter> filter) {
    task.call_filter = filter.release();
    choose_personality(task);
}

Result<u64> install_strict() {
    Task& task = Task::current();
    if (task.call_filter && !task.call_filter->strict)
        return Failure(Errno::inval);
    if (task.call_filter)
        return 0;
    Ref<CallFilter> filter = TRY(Ref<CallFilter>::create());
    filter->strict = true;
    adopt(task, std::move(filter));
    return 0;
}

Result<Ref<CallFilter>> read_program(UserVirt address) {
    BpfProgram program;
    TRY(core::copy_from_user(&program, address, sizeof(program)));
    if (program.length == 0 || program.length > most_instructions)
        return Failure(Errno::inval);
    Ref<CallFilter> filter = TRY(Ref<CallFilter>::create());
    filter->code = new (base::fallible) BpfInstruction[program.length];
    if (!filter->code)
        return Failure(Errno::nomem);
    filter->length = filter->total_length = program.length;
    TRY(core::copy_from_user(filter->code, UserVirt(program.code),
                             program.length * sizeof(BpfInstruction)));
    if (!is_valid(*filter))
        return Failure(Errno::inval);
    return filter;
}

// Every task of the process gets the filter; all must have descended from the caller's. Returns the
// tid of one that has not, or 0.
Pid synchronise(Task& self, const CallFilter* before) {
    ProcessTableGuard guard(ProcessTable::lock());
    for (Task& task : self.process->tasks)
        if (&task != &self && task.call_filter && task.call_filter != before)
            return task.tid;
    for (Task& task : self.process->tasks) {
        if (&task == &self || task.has_flag(task_flag::exiting))
            continue;
        const CallFilter* old = task.call_filter;
        self.call_filter->add_reference();
        task.call_filter = self.call_filter;
        if (old)
            old->drop_reference();
        if (self.has_flag(task_flag::no_new_privileges))
            task.set_flag(task_flag::no_new_privileges);
        choose_personality(task);
    }
    return 0;
}

Result<u64> install_filter(UserVirt program, u64 flags) {
    constexpr u64 known = seccomp::flag_synchronise | seccomp::flag_log | seccomp::flag_allow_ssb |
                          seccomp::flag_synchronise_with_error;
    if ((flags & ~known) != 0) // no listeners
        return Failure(Errno::inval);
    Task& task = Task::current();
    if (!task.has_flag(task_flag::no_new_privileges) && !capable(Capability::sys_admin))
        return Failure(Errno::acces);
    if (task.call_filter && task.call_filter->strict)
        return Failure(Errno::inval);
    Ref<CallFilter> filter = TRY(read_program(program));
    const CallFilter* before = task.call_filter;
    if (before)
        filter->total_length += before->total_length + penalty;
    if (filter->total_length > most_in_chain)
        return Failure(Errno::nomem);
    filter->earlier = RefOrNull<const CallFilter>::adopt(before);
    const bool all = (flags & seccomp::flag_synchronise) != 0;
    task.call_filter = filter.get();
    if (const Pid other = all ? synchronise(task, before) : 0; other != 0) {
        task.call_filter = filter->earlier.release();
        if ((flags & seccomp::flag_synchronise_with_error) != 0)
            return Failure(Errno::srch);
        return static_cast<u64>(other);
    }
    (void)filter.release(); // the task's own reference
    choose_personality(task);
    return 0;
}

bool is_known_action(u32 action) {
    switch (action) {
    case seccomp::kill_process:
    case seccomp::kill_thread:
    case seccomp::trap:
    case seccomp::error:
    case seccomp::log:
    case seccomp::allow: return true;
    default: return false;
    }
}

} // namespace

Result<u64> set_call_filter_mode(u64 mode, u64 program) {
    switch (mode) {
    case seccomp::mode_strict: return install_strict();
    case seccomp::mode_filter: return install_filter(UserVirt(program), 0);
    default: return Failure(Errno::inval);
    }
}

Result<u64> sys_seccomp(u32 operation, u32 flags, u64 arguments) {
    switch (operation) {
    case seccomp::set_strict:
        if (flags != 0 || arguments != 0)
            return Failure(Errno::inval);
        return install_strict();
    case seccomp::set_filter: return install_filter(UserVirt(arguments), flags);
    case seccomp::action_available: {
        if (flags != 0)
            return Failure(Errno::inval);
        const u32 action = TRY(UserIn<u32>(arguments).read());
        return is_known_action(action) ? Result<u64>(0) : Failure(Errno::opnotsupp);
    }
    default: return Failure(Errno::inval);
    }
}

} // namespace linux

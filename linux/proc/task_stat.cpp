// SPDX-License-Identifier: BSD-2-Clause
// /proc/PID/stat, statm and status (proc(5)).
#include "core/sched/scheduler.h"
#include "linux/proc/tables.h"
#include "linux/process/file_context.h"

namespace linux {

namespace {

constexpr u64 nanos_per_tick = 10'000'000; // USER_HZ is 100

// What hangs together under the table's lock.
struct Relatives {
    Pid parent = 0, group = 0, session = 0;
    RefOrNull<ControllingTerminal> terminal;
    u32 tasks = 0;
    i32 exit_signal = 0, exit_status = 0;
    Usage waited_children;
    bool alive = false;
};

Relatives relatives_of(const Process& process) {
    ProcessTableGuard guard(ProcessTable::lock());
    Relatives r;
    r.parent = process.parent ? process.parent->pid : 0;
    if (process.group) {
        r.group = process.group->id;
        r.session = process.group->session->id;
    }
    r.terminal = process.terminal;
    r.tasks = process.task_count;
    r.exit_signal = process.exit_signal;
    r.exit_status = process.exit_status;
    r.waited_children = process.waited_children;
    r.alive = process.state == ProcessState::alive;
    return r;
}

struct SignalSets {
    u64 pending_task = 0, pending_process = 0, blocked = 0, ignored = 0, caught = 0;
};

SignalSets signals_of(const Process& process, const Task* task) {
    SignalSets sets;
    core::LockGuard guard(process.signals.lock);
    sets.pending_process = process.signals.pending.set.bits;
    sets.ignored = process.signals.handlers->explicitly_ignored().bits;
    sets.caught = process.signals.handlers->caught().bits;
    if (task) {
        sets.pending_task = task->signals.pending.set.bits;
        sets.blocked = task->signals.blocked.bits;
    }
    return sets;
}

u64 ticks(Nanos time) { return time.value / nanos_per_tick; }

// The scheduler's view in the numbers of stat: priority, nice, real-time priority, policy.
struct Priorities {
    i64 priority = 20, nice = 0;
    u32 real_time = 0, policy = 0;
};

Priorities priorities_of(const core::SchedulingParameters& p) {
    Priorities out;
    out.nice = p.nice;
    if (p.scheduling_class == core::SchedulingClass::real_time) {
        out.real_time = p.real_time_priority;
        out.priority = -1 - static_cast<i64>(p.real_time_priority);
        out.policy = p.round_robin ? 2 : 1;
    } else {
        out.priority = 20 + out.nice;
        out.policy = p.idle_policy ? 5 : p.batch_policy ? 3 : 0;
    }
    return out;
}

// A task's name as stat shows it, or "": a zombie keeps the process's.
std::string_view name_of(const TaskRef& task) { return task ? task->thread->name() : ""; }

struct StatFacts {
    RefOrNull<Process> process;
    TaskRef task;
    Relatives relatives;
    RefOrNull<ProgramImage> image;
    Usage usage;
};

Result<StatFacts> facts_of(const ProcSubject& subject) {
    StatFacts facts;
    facts.process = subject.process();
    if (!facts.process)
        return Failure(Errno::srch);
    if (Result<TaskRef> task = subject.task())
        facts.task = std::move(*task);
    else if (subject.tid)
        return Failure(Errno::srch);
    facts.relatives = relatives_of(*facts.process);
    facts.image = image_of(*facts.process);
    facts.usage = subject.tid ? usage_of_task(*facts.task) : facts.process->usage();
    return facts;
}

void write_memory_fields(base::FormatSink& sink, const StatFacts& facts) {
    core::AddressSpace::Statistics memory{};
    u64 code_start = 0, code_end = 0, stack_start = 0;
    if (facts.image) {
        memory = facts.image->space->statistics();
        code_start = facts.image->code_start;
        code_end = facts.image->code_end;
        stack_start = facts.image->stack_start;
    }
    const u64 limit = facts.process->limit(Resource::resident);
    base::format(sink, " {} {} {} {} {} {} 0 0", memory.mapped.value << page_shift,
                 memory.resident.value, limit, code_start, code_end, stack_start);
}

} // namespace

Result<> show_stat(const ProcSubject& subject, base::FormatSink& sink) {
    const StatFacts f = TRY(facts_of(subject));
    const Relatives& r = f.relatives;
    const char letter = f.task && subject.tid ? state_letter(*f.task) : state_letter(*f.process);
    const u32 terminal = r.terminal ? r.terminal->device_number() : 0;
    const Pid foreground = r.terminal ? r.terminal->foreground_group() : -1;
    base::format(sink, "{} ({}) {} {} {} {} {} {}", subject.tid ? subject.tid : f.process->pid,
                 name_of(f.task), letter, r.parent, r.group, r.session, static_cast<i32>(terminal),
                 foreground);
    constexpr u32 randomize = 0x0040'0000, no_exec_yet = 0x40; // PF_RANDOMIZE, PF_FORKNOEXEC
    const bool started = f.task && f.task->has_flag(task_flag::started_a_program);
    base::format(sink, " {} {} {} {} {}", randomize | (started ? 0 : no_exec_yet),
                 f.usage.minor_faults, r.waited_children.minor_faults, f.usage.major_faults,
                 r.waited_children.major_faults);
    base::format(sink, " {} {} {} {}", ticks(f.usage.user), ticks(f.usage.system),
                 ticks(r.waited_children.user), ticks(r.waited_children.system));
    const Priorities p =
        f.task ? priorities_of(f.task->thread->scheduling.parameters) : Priorities{};
    const Nanos start = f.task && subject.tid ? f.task->start_time : f.process->start_time;
    base::format(sink, " {} {} {} 0 {}", p.priority, p.nice, r.tasks, ticks(start));
    write_memory_fields(sink, f);
    const SignalSets sets = signals_of(*f.process, f.task.get());
    const u64 all_pending = sets.pending_task | sets.pending_process;
    base::format(sink, " {} {} {} {}", all_pending & 0x7fff'ffff, sets.blocked & 0x7fff'ffff,
                 sets.ignored & 0x7fff'ffff, sets.caught & 0x7fff'ffff);
    const u32 cpu = f.task ? f.task->thread->scheduling.cpu : 0;
    base::format(sink, " 0 0 0 {} {} {} {} 0 0 0", r.exit_signal, cpu, p.real_time, p.policy);
    const ProgramImage* image = f.image.get();
    if (image)
        base::format(sink, " {} {} {} {} {} {} {} {}\n", image->data_start, image->data_end,
                     image->heap_start, image->arguments_start, image->arguments_end,
                     image->environment_start, image->environment_end, r.exit_status);
    else
        base::format(sink, " 0 0 0 0 0 0 0 {}\n", r.exit_status);
    return {};
}

Result<> show_statm(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    const RefOrNull<ProgramImage> image = image_of(*process);
    core::AddressSpace::Statistics m{};
    if (image)
        m = image->space->statistics();
    base::format(sink, "{} {} {} {} 0 {} 0\n", m.mapped.value, m.resident.value,
                 m.resident_file.value, m.text.value, m.data.value + m.stack.value);
    return {};
}

namespace {

std::string_view state_name(char letter) {
    switch (letter) {
    case 'R': return "R (running)";
    case 'D': return "D (disk sleep)";
    case 'T': return "T (stopped)";
    case 't': return "t (tracing stop)";
    case 'Z': return "Z (zombie)";
    case 'X': return "X (dead)";
    default: return "S (sleeping)";
    }
}

void write_identity(base::FormatSink& sink, const Credentials& c) {
    base::format(sink, "Uid:\t{}\t{}\t{}\t{}\n", c.real_user, c.effective_user, c.saved_user,
                 c.file_user);
    base::format(sink, "Gid:\t{}\t{}\t{}\t{}\n", c.real_group, c.effective_group, c.saved_group,
                 c.file_group);
}

void write_memory(base::FormatSink& sink, core::AddressSpace& space) {
    const core::AddressSpace::Statistics m = space.statistics();
    const auto line = [&sink](std::string_view name, u64 pages) {
        base::format(sink, "{}:\t{:8} kB\n", name, pages << (page_shift - 10));
    };
    line("VmPeak", m.mapped_peak.value);
    line("VmSize", m.mapped.value);
    line("VmLck", m.locked.value);
    line("VmPin", 0);
    line("VmHWM", m.resident_peak.value);
    line("VmRSS", m.resident.value);
    line("RssAnon", m.resident.value - m.resident_file.value);
    line("RssFile", m.resident_file.value);
    line("RssShmem", 0);
    line("VmData", m.data.value);
    line("VmStk", m.stack.value);
    line("VmExe", m.text.value);
    line("VmLib", 0);
    line("VmPTE", m.page_tables.value);
    line("VmSwap", 0);
    sink.write("HugetlbPages:\t       0 kB\nCoreDumping:\t0\nTHP_enabled:\t0\n");
}

void write_signals(base::FormatSink& sink, const SignalSets& sets) {
    base::format(sink, "SigPnd:\t{:016x}\nShdPnd:\t{:016x}\nSigBlk:\t{:016x}\n", sets.pending_task,
                 sets.pending_process, sets.blocked);
    base::format(sink, "SigIgn:\t{:016x}\nSigCgt:\t{:016x}\n", sets.ignored, sets.caught);
}

void write_capabilities(base::FormatSink& sink, const Credentials& c) {
    base::format(sink, "CapInh:\t{:016x}\nCapPrm:\t{:016x}\nCapEff:\t{:016x}\n", c.inheritable.bits,
                 c.permitted.bits, c.effective.bits);
    base::format(sink, "CapBnd:\t{:016x}\nCapAmb:\t{:016x}\n", c.bounding.bits, c.ambient.bits);
}

// "0-3,5" of a mask of CPUs.
void write_cpu_list(base::FormatSink& sink, u64 mask) {
    bool first = true;
    for (u32 cpu = 0; cpu < 64; ++cpu) {
        if (!(mask >> cpu & 1))
            continue;
        u32 last = cpu;
        while (last < 63 && (mask >> (last + 1) & 1))
            ++last;
        base::format(sink, first ? "{}" : ",{}", cpu);
        if (last != cpu)
            base::format(sink, "-{}", last);
        first = false;
        cpu = last;
    }
}

void write_affinity(base::FormatSink& sink, const core::Thread& thread) {
    const u64 mask = thread.scheduling.affinity & core::Scheduler::online_cpus();
    base::format(sink, "Cpus_allowed:\t{:x}\nCpus_allowed_list:\t", mask);
    write_cpu_list(sink, mask);
    sink.write("\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
    base::format(sink, "voluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n",
                 thread.voluntary_switches(), thread.involuntary_switches());
}

} // namespace

Result<> show_status(const ProcSubject& subject, base::FormatSink& sink) {
    const StatFacts f = TRY(facts_of(subject));
    const Relatives& r = f.relatives;
    const Pid own = subject.tid ? subject.tid : f.process->pid;
    base::format(sink, "Name:\t{}\n", name_of(f.task));
    if (f.task)
        if (const RefOrNull<FileContext> context = file_context_of(*f.task))
            base::format(sink, "Umask:\t{:04o}\n", context->umask());
    const char letter = f.task && subject.tid ? state_letter(*f.task) : state_letter(*f.process);
    base::format(sink, "State:\t{}\nTgid:\t{}\nNgid:\t0\nPid:\t{}\nPPid:\t{}\nTracerPid:\t0\n",
                 state_name(letter), f.process->pid, own, r.parent);
    if (f.task) {
        const Ref<const Credentials> c = credentials_of(*f.task);
        write_identity(sink, *c);
        sink.write("FDSize:\t64\nGroups:\t");
        for (const GroupId group : c->groups->list())
            base::format(sink, "{} ", group);
        sink.write("\n");
    }
    base::format(sink, "NStgid:\t{}\nNSpid:\t{}\nNSpgid:\t{}\nNSsid:\t{}\n", f.process->pid, own,
                 r.group, r.session);
    if (f.image)
        write_memory(sink, *f.image->space);
    base::format(sink, "Threads:\t{}\n", r.tasks);
    u32 queued = 0;
    if (f.task)
        queued = credentials_of(*f.task)->account->pending_signals.load(std::memory_order_relaxed);
    base::format(sink, "SigQ:\t{}/{}\n", queued, f.process->limit(Resource::pending_signals));
    write_signals(sink, signals_of(*f.process, f.task.get()));
    if (f.task) {
        write_capabilities(sink, *credentials_of(*f.task));
        base::format(sink, "NoNewPrivs:\t{}\nSeccomp:\t{}\nSeccomp_filters:\t0\n",
                     f.task->has_flag(task_flag::no_new_privileges) ? 1 : 0,
                     f.task->call_filter ? 2 : 0);
        sink.write("Speculation_Store_Bypass:\tvulnerable\n"
                   "SpeculationIndirectBranch:\talways enabled\n");
        write_affinity(sink, *f.task->thread);
    }
    return {};
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/process.h"

#include "core/time/clock.h"
#include "linux/ipc/semaphore_undo.h"
#include "linux/process/call_filter.h"
#include "linux/process/process_table.h"
#include "linux/time/process_timers.h"
#include "linux/vfs/inode.h"
#include "linux/vfs/open_file.h"

namespace linux {

namespace {

// What the first process starts with; Linux asm-generic/resource.h.
constexpr ResourceLimit initial_limits[static_cast<u32>(Resource::count)] = {
    {unlimited, unlimited},           // cpu
    {unlimited, unlimited},           // file_size
    {unlimited, unlimited},           // data
    {8 * 1024 * 1024, unlimited},     // stack
    {0, unlimited},                   // core
    {unlimited, unlimited},           // resident
    {0, 0},                           // processes: by memory, set_default_task_limits()
    {1024, 4096},                     // open_files
    {8 * 1024 * 1024, 8 * 1024 * 1024}, // locked_memory
    {unlimited, unlimited},           // address_space
    {unlimited, unlimited},           // locks
    {0, 0},                           // pending_signals: as processes
    {819200, 819200},                 // message_queue
    {0, 0},                           // nice
    {0, 0},                           // real_time_priority
    {unlimited, unlimited},           // real_time_time
};

} // namespace

Task::Task(Ref<Process> in_process, Ref<core::HandleTable> with_files,
           Ref<FileContext> with_context, Ref<const Credentials> with_credentials)
    : process(std::move(in_process)), files(std::move(with_files)),
      file_context(std::move(with_context)), credentials(std::move(with_credentials)),
      start_time(core::now()) {
    credentials->account->processes.fetch_add(1, std::memory_order_relaxed);
}

Task::~Task() { drop_call_filter(*this); }

Process::Process(Pid number, Ref<SignalHandlers> handlers)
    : Object(core::ObjectKind::process), pid(number), start_time(core::now()),
      signals(std::move(handlers)) {
    for (u32 i = 0; i < static_cast<u32>(Resource::count); ++i)
        set_limits(static_cast<Resource>(i), initial_limits[i]);
}

Process::~Process() { delete timers.load(std::memory_order_relaxed); }

Result<Ref<Process>> Process::create(Pid pid, Ref<SignalHandlers> handlers) {
    return Ref<Process>::create(pid, std::move(handlers));
}

ResourceLimit Process::limits(Resource resource) const {
    const AtomicLimit& limit = limits_[static_cast<u32>(resource)];
    return {limit.current.load(std::memory_order_relaxed),
            limit.maximum.load(std::memory_order_relaxed)};
}

void Process::set_limits(Resource resource, ResourceLimit limits) {
    AtomicLimit& limit = limits_[static_cast<u32>(resource)];
    limit.current.store(limits.current, std::memory_order_relaxed);
    limit.maximum.store(limits.maximum, std::memory_order_relaxed);
}

void Process::copy_limits(const Process& from) {
    for (u32 i = 0; i < static_cast<u32>(Resource::count); ++i)
        set_limits(static_cast<Resource>(i), from.limits(static_cast<Resource>(i)));
}

void Usage::add(const Usage& other) {
    user += other.user;
    system += other.system;
    minor_faults += other.minor_faults;
    major_faults += other.major_faults;
    voluntary_switches += other.voluntary_switches;
    involuntary_switches += other.involuntary_switches;
    if (other.peak_resident > peak_resident)
        peak_resident = other.peak_resident;
}

Usage usage_of_task(const Task& task) {
    const core::Thread& thread = *task.thread;
    Usage usage;
    const core::CpuTimeSplit time = thread.cpu_time();
    usage.user = time.user;
    usage.system = time.system;
    usage.minor_faults = thread.minor_faults;
    usage.major_faults = thread.major_faults;
    usage.voluntary_switches = thread.voluntary_switches();
    usage.involuntary_switches = thread.involuntary_switches();
    return usage;
}

Usage Process::usage() const {
    core::LockGuard guard(signals.lock);
    Usage sum = exited_tasks;
    for (Task& task : const_cast<Process*>(this)->tasks)
        sum.add(usage_of_task(task));
    return sum;
}

Result<Ref<ProgramImage>> ProgramImage::create(Ref<core::AddressSpace> space) {
    return Ref<ProgramImage>::create(std::move(space));
}

ProgramImage::ProgramImage(Ref<core::AddressSpace> of_space) : space(std::move(of_space)) {}
ProgramImage::~ProgramImage() { release_executable(); }

Result<Ref<ProgramImage>> ProgramImage::clone() {
    Ref<core::AddressSpace> copy = TRY(space->clone());
    Ref<ProgramImage> image = TRY(create(std::move(copy)));
    core::LockGuard guard(lock);
    image->set_executable(executable);
    image->code_start = code_start;
    image->code_end = code_end;
    image->data_start = data_start;
    image->data_end = data_end;
    image->heap_start = heap_start;
    image->heap_end = heap_end;
    image->stack_start = stack_start;
    image->arguments_start = arguments_start;
    image->arguments_end = arguments_end;
    image->environment_start = environment_start;
    image->environment_end = environment_end;
    for (u32 i = 0; i < auxiliary_words; ++i)
        image->auxiliary[i] = auxiliary[i];
    image->auxiliary_words = auxiliary_words;
    image->vdso = vdso;
    image->dumpable.store(dumpable.load(std::memory_order_relaxed), std::memory_order_relaxed);
    image->core_filter.store(core_filter.load(std::memory_order_relaxed),
                             std::memory_order_relaxed);
    return image;
}

void ProgramImage::set_executable(RefOrNull<OpenFile> file) {
    if (file && !file->inode().deny_write_access())
        file = nullptr; // cannot be: the one we copy from denies it
    executable = std::move(file);
}

void ProgramImage::release_executable() {
    if (executable)
        executable->inode().allow_write_access();
    executable = nullptr;
}

RefOrNull<core::HandleTable> files_of(const Task& task) {
    ProcessTableGuard guard(ProcessTable::lock());
    return RefOrNull<core::HandleTable>::share(task.files.get());
}
RefOrNull<FileContext> file_context_of(const Task& task) {
    ProcessTableGuard guard(ProcessTable::lock());
    return RefOrNull<FileContext>::share(task.file_context.get());
}
RefOrNull<ProgramImage> image_of(const Process& process) {
    ProcessTableGuard guard(ProcessTable::lock());
    return process.image;
}

char state_letter(const Task& task) {
    if (task.stopped.load(std::memory_order_relaxed))
        return task.trace ? 't' : 'T';
    switch (task.thread->state()) {
    case core::ThreadState::running: return 'R';
    case core::ThreadState::dead: return 'X';
    case core::ThreadState::sleeping: break;
    }
    return task.thread->is_sleeping_interruptibly() ? 'S' : 'D';
}

char state_letter(const Process& process) {
    TaskRef task = ProcessTable::any_task(const_cast<Process&>(process));
    if (process.state != ProcessState::alive || !task)
        return 'Z';
    return state_letter(*task);
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/pidfd.h"

#include "linux/poll/anonymous_file.h"
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

class PidFile final : public AnonymousFile {
public:
    PidFile(Ref<Process> of, u32 flags)
        : AnonymousFile(flags, FileFamily::process, "[pidfd]"), process_(std::move(of)) {}

    Process& process() const { return *process_; }

    u32 poll(PollRegistration* registration) override {
        if (registration)
            registration->watch(process_->exit_events);
        ProcessTableGuard guard(ProcessTable::lock());
        return process_->state == ProcessState::alive ? 0
                                                      : poll_event::in | poll_event::read_normal;
    }
    void describe_details(base::FormatSink& sink) const override {
        ProcessTableGuard guard(ProcessTable::lock());
        const Pid shown = process_->state == ProcessState::reaped ? -1 : process_->pid;
        base::format(sink, "Pid:\t{}\nNSpid:\t{}\n", shown, shown);
    }

private:
    const Ref<Process> process_;
};

} // namespace

Result<u32> install_pidfd(Ref<Process> process, bool non_block) {
    const u32 flags = open_flag::read_write | (non_block ? open_flag::non_block : 0);
    return install_file(TRY(Ref<PidFile>::create(std::move(process), flags)), true);
}

Result<Ref<Process>> process_of_pidfd(u32 fd, bool& non_block) {
    const BorrowedFile file = TRY(borrow_file(fd));
    if (file->family() != FileFamily::process)
        return Failure(Errno::badf);
    non_block = (file->flags() & open_flag::non_block) != 0;
    return Ref<Process>::share(static_cast<PidFile&>(*file).process());
}

Result<u64> sys_pidfd_open(Pid pid, u32 flags) {
    if ((flags & ~open_flag::non_block) != 0 || pid <= 0)
        return Failure(Errno::inval);
    RefOrNull<Process> process = ProcessTable::find(pid);
    if (!process)
        return Failure(ProcessTable::find_task(pid) ? Errno::inval : Errno::srch);
    return TRY(install_pidfd(process.to_ref(), (flags & open_flag::non_block) != 0));
}

Result<u64> sys_pidfd_getfd(u32 pidfd, u32 fd, u32 flags) {
    if (flags != 0)
        return Failure(Errno::inval);
    bool non_block = false;
    Ref<Process> process = TRY(process_of_pidfd(pidfd, non_block));
    const TaskRef task = ProcessTable::any_task(*process);
    if (!task)
        return Failure(Errno::srch);
    if (!may_attach(*task))
        return Failure(Errno::perm);
    const RefOrNull<core::HandleTable> files = files_of(*task);
    if (!files)
        return Failure(Errno::srch);
    const RefOrNull<core::Object> object = files->share(fd);
    if (!object || object->kind() != core::ObjectKind::open_file)
        return Failure(Errno::badf);
    return TRY(install_file(Ref<OpenFile>::share(static_cast<OpenFile&>(*object)), true));
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/scheduling/rseq.h"

#include "linux/signal/deliver.h"
#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// Abandons the section the program is in, if any. Errors: fault, inval (a section that makes no
// sense).
Result<> abandon_section(const Task& task, arch::UserFrame& frame) {
    const u64 pointer_place = task.rseq_area + offsetof(RseqArea, critical_section);
    const u64 address = TRY(UserIn<u64>(pointer_place).read());
    if (address == 0)
        return {};
    const RseqSection section = TRY(UserIn<RseqSection>(address).read());
    if (section.version != 0 || section.start >= core::user_end ||
        section.abort >= core::user_end || section.start + section.length < section.start ||
        section.abort - section.start < section.length)
        return Failure(Errno::inval);
    if (arch::instruction_pointer(frame) - section.start >= section.length) {
        const u64 none = 0; // left behind: forget it
        return core::copy_to_user(UserVirt(pointer_place), &none, sizeof(none));
    }
    const u32 signature = TRY(UserIn<u32>(section.abort - sizeof(u32)).read());
    if (signature != task.rseq_signature || section.flags != 0)
        return Failure(Errno::inval);
    const u64 none = 0;
    TRY(core::copy_to_user(UserVirt(pointer_place), &none, sizeof(none)));
    arch::set_instruction_pointer(frame, section.abort);
    return {};
}

} // namespace

void update_rseq(Task& task, arch::UserFrame& frame) {
    const u32 cpu = arch::cpu_index();
    const u32 words[2] = {cpu, cpu};
    const bool good = abandon_section(task, frame) &&
                      core::copy_to_user(UserVirt(task.rseq_area), words, sizeof(words));
    if (good)
        return;
    task.rseq_area = 0;
    force_fatal_segv(signal_number::segv);
}

Result<u64> sys_rseq(u64 area, u32 length, i32 flags, u32 signature) {
    Task& task = Task::current();
    if ((flags & static_cast<i32>(rseq_unregister)) != 0) {
        if (flags != static_cast<i32>(rseq_unregister) || task.rseq_area == 0 ||
            task.rseq_area != area || length != task.rseq_length)
            return Failure(Errno::inval);
        if (signature != task.rseq_signature)
            return Failure(Errno::perm);
        const u32 words[2] = {0, rseq_cpu_uninitialised};
        TRY(core::copy_to_user(UserVirt(area), words, sizeof(words)));
        task.rseq_area = 0;
        task.rseq_length = 0;
        task.thread->notify_preemption = false;
        return 0;
    }
    if (flags != 0)
        return Failure(Errno::inval);
    if (task.rseq_area != 0) {
        if (task.rseq_area != area || task.rseq_length != length)
            return Failure(Errno::inval);
        return Failure(task.rseq_signature != signature ? Errno::perm : Errno::busy);
    }
    if (area % alignof(RseqArea) != 0 || area % 32 != 0 || length != sizeof(RseqArea))
        return Failure(Errno::inval);
    if (area == 0 || area > core::user_end - length)
        return Failure(Errno::fault);
    task.rseq_area = area;
    task.rseq_length = length;
    task.rseq_signature = signature;
    task.thread->notify_preemption = true;
    task.thread->add_work(core::thread_work::notify); // the words are written on the way out
    return 0;
}

} // namespace linux

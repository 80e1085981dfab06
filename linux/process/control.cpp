// SPDX-License-Identifier: BSD-2-Clause
// prctl, personality, set_tid_address, getpid and its kin, unshare, setns.
#include "abi/linux/prctl.h"
#include "linux/process/process_table.h"
#include "linux/ipc/semaphore_undo.h"
#include "linux/process/call_filter.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/inode.h"
#include "linux/vfs/open_file.h"

namespace linux {

Result<u64> sys_getpid() { return static_cast<u64>(Process::current().pid); }
Result<u64> sys_gettid() { return static_cast<u64>(Task::current().tid); }

Result<u64> sys_getppid() {
    // Read as a word under no lock: a parent that ends meanwhile gives its number or the reaper's,
    // either is right. Its memory stays while the table's reference or ours does, so take the id it
    // had.
    return static_cast<u64>(Process::current().parent_pid.load(std::memory_order_relaxed));
}

Result<u64> sys_set_tid_address(u64 address) {
    Task& task = Task::current();
    task.clear_child_tid = address;
    return static_cast<u64>(task.tid);
}

Result<u64> sys_personality(u32 flags) {
    Task& task = Task::current();
    const u32 before = task.personality_flags;
    if (flags != 0xffff'ffff)
        task.personality_flags = flags;
    return before;
}

namespace {

constexpr usize name_size = 16;

Result<u64> set_name(u64 address) {
    char name[name_size] = {};
    const usize got = arch::arch_copy_string_from_user(name, address, name_size - 1);
    if (address >= core::user_end || got == ~usize{0})
        return Failure(Errno::fault);
    core::Thread::current().set_name(std::string_view(name));
    return 0;
}

Result<u64> get_name(u64 address) {
    char name[name_size] = {};
    const std::string_view own = core::Thread::current().name();
    for (usize i = 0; i < name_size - 1 && i < own.size() && own[i] != 0; ++i)
        name[i] = own[i];
    TRY(core::copy_to_user(UserVirt(address), name, name_size));
    return 0;
}

bool is_capability(u64 number) { return number < static_cast<u64>(Capability::count); }

Result<u64> drop_bounding(u64 number) {
    if (!capable(Capability::setpcap))
        return Failure(Errno::perm);
    if (!is_capability(number))
        return Failure(Errno::inval);
    Ref<Credentials> fresh = TRY(current_credentials().copy());
    fresh->bounding = fresh->bounding & ~CapabilitySet::of(static_cast<Capability>(number));
    replace_credentials(std::move(fresh));
    return 0;
}

Result<u64> set_secure_bits(u64 wanted) {
    const Credentials& old = current_credentials();
    const u64 locked = (u64{old.secure_bits} & secure_bit::all_locks) >> 1;
    const bool changes_locked = (locked & (old.secure_bits ^ wanted)) != 0;
    const bool unlocks = (old.secure_bits & secure_bit::all_locks & ~wanted) != 0;
    const bool unknown = (wanted & ~u64{secure_bit::all_bits | secure_bit::all_locks}) != 0;
    if (changes_locked || unlocks || unknown || !old.has(Capability::setpcap))
        return Failure(Errno::perm);
    Ref<Credentials> fresh = TRY(old.copy());
    fresh->secure_bits = static_cast<u32>(wanted);
    replace_credentials(std::move(fresh));
    return 0;
}

Result<u64> set_keep_capabilities(u64 value) {
    const Credentials& old = current_credentials();
    if (value > 1)
        return Failure(Errno::inval);
    if ((old.secure_bits & secure_bit::keep_capabilities_locked) != 0)
        return Failure(Errno::perm);
    Ref<Credentials> fresh = TRY(old.copy());
    fresh->secure_bits = value != 0 ? old.secure_bits | secure_bit::keep_capabilities
                                    : old.secure_bits & ~secure_bit::keep_capabilities;
    replace_credentials(std::move(fresh));
    return 0;
}

Result<u64> change_ambient(u64 how, u64 number) {
    const Credentials& old = current_credentials();
    if (how == prctl::ambient_clear_all) {
        if (number != 0)
            return Failure(Errno::inval);
        Ref<Credentials> fresh = TRY(old.copy());
        fresh->ambient = {};
        replace_credentials(std::move(fresh));
        return 0;
    }
    if (!is_capability(number))
        return Failure(Errno::inval);
    const auto one = CapabilitySet::of(static_cast<Capability>(number));
    if (how == prctl::ambient_is_set)
        return old.ambient.includes(one) ? 1 : 0;
    if (how != prctl::ambient_raise && how != prctl::ambient_lower)
        return Failure(Errno::inval);
    if (how == prctl::ambient_raise &&
        (!old.permitted.includes(one) || !old.inheritable.includes(one) ||
         (old.secure_bits & secure_bit::no_ambient_raise) != 0))
        return Failure(Errno::perm);
    Ref<Credentials> fresh = TRY(old.copy());
    fresh->ambient = how == prctl::ambient_raise ? old.ambient | one : old.ambient & ~one;
    replace_credentials(std::move(fresh));
    return 0;
}

Result<u64> set_subreaper(bool value) {
    ProcessTableGuard guard(ProcessTable::lock());
    Process& self = Process::current();
    self.is_subreaper = value;
    if (!value)
        return 0;
    // Descendants have to look for it when their parent ends.
    for (Process* p = ProcessTable::next_locked(1); p; p = ProcessTable::next_locked(p->pid + 1))
        for (const Process* up = p->parent.get(); up; up = up->parent.get())
            if (up == &self) {
                p->has_subreaper_ancestor = true;
                break;
            }
    return 0;
}

// Errors: inval (outside the program's memory, or not known).
Result<u64> set_image_word(u64 which, u64 value) {
    ProgramImage& image = *Process::current().image;
    if (!capable(Capability::sys_resource))
        return Failure(Errno::perm);
    if (value >= core::user_end || value < 65536)
        return Failure(Errno::inval);
    core::LockGuard guard(image.lock);
    switch (which) {
    case prctl::image_code_start: image.code_start = value; break;
    case prctl::image_code_end: image.code_end = value; break;
    case prctl::image_data_start: image.data_start = value; break;
    case prctl::image_data_end: image.data_end = value; break;
    case prctl::image_stack_start: image.stack_start = value; break;
    case prctl::image_arguments_start: image.arguments_start = value; break;
    case prctl::image_arguments_end: image.arguments_end = value; break;
    case prctl::image_environment_start: image.environment_start = value; break;
    case prctl::image_environment_end: image.environment_end = value; break;
    default: return Failure(Errno::inval);
    }
    return 0;
}

struct PrctlArguments {
    u64 a, b, c, d;
    bool all_zero() const { return (a | b | c | d) == 0; }
    bool rest_zero() const { return (b | c | d) == 0; }
};

Result<u64> write_word(u64 address, i32 value) {
    TRY(core::copy_to_user(UserVirt(address), &value, sizeof(value)));
    return 0;
}

Result<u64> check(bool good, u64 value) {
    return good ? Result<u64>(value) : Failure(Errno::inval);
}

Result<u64> about_credentials(i32 option, const PrctlArguments& arguments) {
    const Credentials& self = current_credentials();
    switch (option) {
    case prctl::bounding_read:
        if (!is_capability(arguments.a))
            return Failure(Errno::inval);
        return self.bounding.has(static_cast<Capability>(arguments.a)) ? 1 : 0;
    case prctl::bounding_drop: return drop_bounding(arguments.a);
    case prctl::set_secure_bits: return set_secure_bits(arguments.a);
    case prctl::get_secure_bits: return self.secure_bits;
    case prctl::get_keep_capabilities:
        return (self.secure_bits & secure_bit::keep_capabilities) != 0 ? 1 : 0;
    case prctl::set_keep_capabilities: return set_keep_capabilities(arguments.a);
    case prctl::ambient:
        if ((arguments.c | arguments.d) != 0)
            return Failure(Errno::inval);
        return change_ambient(arguments.a, arguments.b);
    default: return Failure(Errno::inval);
    }
}

Result<u64> about_task(i32 option, const PrctlArguments& arguments) {
    Task& task = Task::current();
    switch (option) {
    case prctl::set_name: return set_name(arguments.a);
    case prctl::get_name: return get_name(arguments.a);
    case prctl::set_parent_death_signal:
        if (arguments.a > 64)
            return Failure(Errno::inval);
        task.parent_death_signal = static_cast<i32>(arguments.a);
        return 0;
    case prctl::get_parent_death_signal: return write_word(arguments.a, task.parent_death_signal);
    case prctl::set_timer_slack:
        task.timer_slack = arguments.a != 0 ? arguments.a : 50'000;
        return 0;
    case prctl::get_timer_slack: return task.timer_slack;
    case prctl::set_no_new_privileges:
        if (arguments.a != 1 || !arguments.rest_zero())
            return Failure(Errno::inval);
        task.set_flag(task_flag::no_new_privileges);
        return 0;
    case prctl::get_no_new_privileges:
        return check(arguments.all_zero(), task.has_flag(task_flag::no_new_privileges));
    case prctl::set_huge_pages_off:
        if (!arguments.rest_zero())
            return Failure(Errno::inval);
        arguments.a != 0 ? task.set_flag(task_flag::no_huge_pages)
                         : task.clear_flag(task_flag::no_huge_pages);
        return 0;
    case prctl::get_huge_pages_off:
        return check(arguments.all_zero(), task.has_flag(task_flag::no_huge_pages));
    case prctl::get_tid_address: {
        TRY(core::copy_to_user(UserVirt(arguments.a), &task.clear_child_tid, sizeof(u64)));
        return 0;
    }
    default: return Failure(Errno::inval);
    }
}

} // namespace

Result<u64> sys_prctl(i32 option, u64 a, u64 b, u64 c, u64 d) {
    const PrctlArguments arguments = {a, b, c, d};
    Process& process = Process::current();
    switch (option) {
    case prctl::get_dumpable:
        return process.image->dumpable.load(std::memory_order_relaxed);
    case prctl::set_dumpable:
        if (a > 1)
            return Failure(Errno::inval);
        process.image->dumpable.store(static_cast<u8>(a), std::memory_order_relaxed);
        return 0;
    case prctl::set_subreaper: return set_subreaper(a != 0);
    case prctl::get_subreaper: return write_word(a, process.is_subreaper ? 1 : 0);
    case prctl::set_image: return set_image_word(a, b);
    case prctl::get_timing: return 0;
    case prctl::set_timing: return check(a == 0, 0);
    case prctl::get_seccomp: return call_filter_mode(Task::current());
    case prctl::set_seccomp: return set_call_filter_mode(a, b);
    case prctl::get_time_stamp_counter: return write_word(a, 1); // PR_TSC_ENABLE
    case prctl::set_time_stamp_counter: return check(a == 1, 0);
    case prctl::machine_check_get: return check(arguments.all_zero(), 2);
    case prctl::set_tracer: return check(a == ~u64{0} || a <= INT32_MAX, 0);
    case prctl::bounding_read:
    case prctl::bounding_drop:
    case prctl::set_secure_bits:
    case prctl::get_secure_bits:
    case prctl::get_keep_capabilities:
    case prctl::set_keep_capabilities:
    case prctl::ambient: return about_credentials(option, arguments);
    default: return about_task(option, arguments);
    }
}

// Namespaces are not configured; the parts of clone that can be undone are.
Result<u64> sys_unshare(u64 flags) {
    constexpr u64 known = clone_flag::namespaces | clone_flag::new_time | clone_flag::thread |
                          clone_flag::share_file_context | clone_flag::share_files |
                          clone_flag::share_handlers | clone_flag::share_memory |
                          clone_flag::share_semaphores;
    if ((flags & ~known) != 0)
        return Failure(Errno::inval);
    Task& task = Task::current();
    constexpr u64 alone =
        clone_flag::thread | clone_flag::share_handlers | clone_flag::share_memory;
    if ((flags & alone) != 0 && task.process->task_count != 1)
        return Failure(Errno::inval);
    if ((flags & (clone_flag::namespaces | clone_flag::new_time)) != 0)
        return Failure((flags & clone_flag::new_user) != 0 || capable(Capability::sys_admin)
                           ? Errno::inval
                           : Errno::perm);
    Ref<core::HandleTable> files = task.files;
    if ((flags & clone_flag::share_files) != 0 && task.files->sharers() > 1)
        files = TRY(task.files->clone());
    Ref<FileContext> context = task.file_context;
    if ((flags & clone_flag::share_file_context) != 0)
        context = TRY(context->clone());
    if ((flags & clone_flag::share_semaphores) != 0)
        task.semaphore_undo = nullptr; // applied, if nobody else shares it
    if (files != task.files)
        task.files->drop_sharer();
    ProcessTable::lock().acquire();
    std::swap(task.files, files);
    std::swap(task.file_context, context);
    ProcessTable::lock().release();
    return 0;
}

Result<u64> sys_setns(i32 fd, i32) {
    (void)TRY(borrow_file(static_cast<u32>(fd)));
    return Failure(Errno::inval); // no fd is a namespace
}

} // namespace linux

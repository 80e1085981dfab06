// SPDX-License-Identifier: BSD-2-Clause
// execve: the new image is built beside the old one; once that worked, other tasks end, the memory
// is exchanged, and nothing fails any more.
#include "linux/exec/exec.h"

#include "linux/process/exit.h"
#include "linux/process/fork.h"
#include "linux/process/limits.h"
#include "linux/process/x86_64/segments.h"
#include "linux/signal/internal.h"
#include "linux/syscall/syscall.h"
#include "linux/time/process_timers.h"
#include "linux/vfs/path_name.h"

namespace linux {

namespace {

constexpr u32 at_empty_path = 0x1000, at_no_follow = 0x100;
constexpr int script_depth = 5;
constexpr u32 persona_no_randomize = 0x40000;
constexpr u32 persona_cleared_by_set_id = 0x40000 | 0x0400000 | 0x0200000 | 0x0100000 | 0x08000000;

// Follows #! lines until a program of the CPU stands there.
Result<> resolve_scripts(Loading& loading, std::string_view& script_name, ScriptLine& line,
                         WriteDenial& denial) {
    for (int depth = 0;; ++depth) {
        char mark[2] = {};
        const Result<> got = read_exactly(*loading.file, 0, mark, sizeof(mark));
        if (!got || mark[0] != '#' || mark[1] != '!')
            return got;
        if (depth == script_depth)
            return Failure(Errno::loop);
        ScriptLine fresh;
        TRY(read_script_line(*loading.file, fresh));
        ProgramArguments& arguments = loading.arguments;
        const u64 limit = arguments.limit - arguments.environment.bytes();
        StringBlock block;
        TRY(block.append(fresh.interpreter, limit));
        if (!fresh.argument.empty())
            TRY(block.append(fresh.argument, limit));
        TRY(block.append(script_name, limit));
        TRY(block.append_rest(arguments.arguments, limit));
        arguments.arguments = std::move(block);
        loading.file = TRY(open_program({-100, fresh.interpreter, 0}));
        denial = TRY(WriteDenial::take(*loading.file));
        // The interpreter of an interpreter is told the interpreter's name; keep its text alive.
        const usize length = fresh.interpreter.size();
        for (usize i = 0; i < length; ++i)
            line.buffer[i] = fresh.interpreter[i];
        script_name = std::string_view(line.buffer, length);
    }
}

void set_name_from(std::string_view path) {
    const usize slash = path.rfind('/');
    core::Thread::current().set_name(slash == path.npos ? path : path.substr(slash + 1));
}

void reset_signals(Process& process, Task& task, Ref<SignalHandlers> fresh) {
    {
        core::LockGuard guard(process.signals.lock);
        std::swap(process.signals.handlers, fresh);
    }
    process.signals.handlers->reset(false);
    task.signals.alternate = {};
    task.signals.restore_blocked = false;
}

struct Prepared {
    LoadedProgram program;
    ExecIdentity identity;
    Ref<SignalHandlers> handlers;
    Ref<core::HandleTable> files;
};

void exchange_memory(Process& process, Task& task, LoadedProgram& program) {
    Ref<core::AddressSpace> space = program.image->space;
    RefOrNull<core::AddressSpace> old_space =
        task.thread->replace_address_space(RefOrNull<core::AddressSpace>(std::move(space)));
    RefOrNull<ProgramImage> image = std::move(program.image);
    ProcessTable::lock().acquire();
    std::swap(process.image, image);
    process.has_executed = true;
    process.exit_signal = signal_number::chld;
    ProcessTable::lock().release();
    apply_space_limits(process, *process.image->space);
}

void exchange_files(Task& task, Ref<core::HandleTable> files) {
    if (files != task.files) {
        task.files->drop_sharer();
        ProcessTable::lock().acquire();
        std::swap(task.files, files);
        ProcessTable::lock().release();
    }
    task.files->close_all_on_exec();
}

void forget_old_program(Task& task) {
    if (task.robust_list != 0)
        release_robust_list(task);
    task.robust_list = 0;
    release_clear_child_tid(task);
    task.rseq_area = 0;
    task.thread->notify_preemption = false;
    task.rseq_length = task.rseq_signature = 0;
    task.restart = {};
    task.call_interrupted = false;
    task.trap = {};
}

void start_program(Task& task, const LoadedProgram& program) {
    arch::UserFrame& frame = task.thread->frame();
    arch::prepare_start(frame, program.entry, program.stack_pointer, false);
    arch::reset_vector_state(task.thread->context);
    arch::set_thread_pointer(0);
    clear_user_segments();
}

// Nothing fails from here on.
void commit(Prepared prepared, std::string_view name) {
    Task& task = Task::current();
    Process& process = *task.process;
    forget_old_program(task);
    const bool secure = prepared.identity.secure;
    exchange_memory(process, task, prepared.program);
    finish_vfork(task);
    reset_signals(process, task, std::move(prepared.handlers));
    if (ProcessTimers* timers = process.timers.load(std::memory_order_acquire))
        timers->delete_posix_timers();
    exchange_files(task, std::move(prepared.files));
    set_name_from(name);
    if (secure) {
        task.parent_death_signal = 0;
        task.personality_flags &= ~persona_cleared_by_set_id;
    }
    replace_credentials(std::move(prepared.identity.credentials));
    if (!secure) // identity did not grow: replace_credentials may have thought otherwise
        process.image->dumpable.store(1, std::memory_order_relaxed);
    task.set_flag(task_flag::started_a_program);
    start_program(task, prepared.program);
}

Result<Ref<core::HandleTable>> own_files(const Task& task) {
    if (task.files->sharers() == 1)
        return task.files;
    return task.files->clone();
}

} // namespace

Result<> execute(ExecRequest& request) {
    Task& task = Task::current();
    Process& process = *task.process;
    Ref<OpenFile> file = TRY(open_program(request.program));
    WriteDenial denial = TRY(WriteDenial::take(*file));
    char fd_name[32];
    std::string_view name = request.program.path;
    if (name.empty() || (request.program.directory >= 0 && name[0] != '/')) {
        base::BufferSink sink({fd_name, sizeof(fd_name)});
        base::format(sink, "/dev/fd/{}", request.program.directory);
        name = name.empty() ? sink.text() : name;
    }
    ExecIdentity identity = TRY(identity_for(*file));
    Loading loading{std::move(file), name, request.arguments, identity.credentials};
    loading.personality_flags = task.personality_flags;
    loading.randomize = (task.personality_flags & persona_no_randomize) == 0;
    loading.stack_limit = process.limit(Resource::stack);
    std::string_view script_name = name;
    ScriptLine line;
    TRY(resolve_scripts(loading, script_name, line, denial));
    if (loading.file.get() != nullptr && script_name.data() != name.data()) {
        identity = TRY(identity_for(*loading.file)); // set-id of a script counts for nothing
        loading.credentials = identity.credentials;
    }
    loading.secure = identity.secure;
    LoadedProgram program = TRY(load_elf(loading));
    Ref<SignalHandlers> handlers = process.signals.handlers;
    if (handlers->reference_count() > 2)
        handlers = TRY(handlers->clone());
    Ref<core::HandleTable> files = TRY(own_files(task));
    TRY(become_single());
    commit({std::move(program), std::move(identity), std::move(handlers), std::move(files)}, name);
    return {};
}

namespace {

Result<u64> execute_for_user(i32 directory, UserString path, u64 arguments, u64 environment,
                             u32 flags) {
    if ((flags & ~(at_empty_path | at_no_follow)) != 0)
        return Failure(Errno::inval);
    PathName name;
    TRY((flags & at_empty_path) != 0 ? name.read_even_empty(path) : name.read(path));
    ExecRequest request{{directory, name.view(), flags}, {}};
    request.arguments = TRY(ProgramArguments::from_user(arguments, environment));
    TRY(execute(request));
    return arch::result(core::Thread::current().frame());
}

} // namespace

Result<u64> sys_execve(UserString path, u64 arguments, u64 environment) {
    return execute_for_user(-100, path, arguments, environment, 0);
}
Result<u64> sys_execveat(i32 directory, UserString path, u64 arguments, u64 environment,
                         u32 flags) {
    return execute_for_user(directory, path, arguments, environment, flags);
}

} // namespace linux

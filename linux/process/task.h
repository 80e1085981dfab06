// SPDX-License-Identifier: BSD-2-Clause
// Linux's view of a thread. Task is the personality data of a core thread; Process is the thread group.
// What clone(2) may share sits behind references of its own: files, file-system context, handlers,
// credentials.
#pragma once

#include "abi/linux/types.h"
#include "core/object/handle_table.h"
#include "core/task/thread.h"
#include "linux/process/credentials.h"
#include "linux/process/file_context.h"
#include "linux/signal/signal_state.h"

namespace linux {

class Process;

class Task {
public:
    static Task& current() {
        return *static_cast<Task*>(core::Thread::current().personality_data);
    }
    static Task& of(const core::Thread& thread) {
        return *static_cast<Task*>(thread.personality_data);
    }

    Pid tid = 0;
    core::Thread* thread = nullptr; // the task lives inside its thread's life
    Ref<Process> process;

    Ref<core::HandleTable> files;          // CLONE_FILES shares it
    Ref<FileContext> file_context;         // root, working directory, umask; CLONE_FS shares it
    Ref<const Credentials> credentials;    // replaced whole; read without lock by the task itself
    TaskSignals signals;                   // mask, pending to this thread, alternate stack

    u64 clear_child_tid = 0; // user address; set_tid_address, CLONE_CHILD_CLEARTID
    u64 robust_list = 0;     // user address of the list head
    u64 rseq_area = 0;
    u32 rseq_length = 0;
    u32 rseq_signature = 0;

    Task(Ref<Process> in_process, Ref<core::HandleTable> with_files, Ref<FileContext> with_context,
         Ref<const Credentials> with_credentials)
        : process(std::move(in_process)), files(std::move(with_files)),
          file_context(std::move(with_context)), credentials(std::move(with_credentials)) {}

    ListLink process_link; // among the process's tasks
};

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// Start-up as a graph: each task names what it gives and what it needs. They run on the first
// kernel thread, each after everything it needs; a name nobody gives, or a circle, stops the boot.
#pragma once

namespace core {

struct InitTask {
    const char* gives;
    const char* needs; // names separated by spaces
    void (*run)();
};

// Runs them all. Process context, once.
void run_init_tasks();

} // namespace core

// Aligned by hand: a compiler that aligns large objects more would leave gaps between the entries.
#define INIT_TASK(identifier, gives_name, needs_names, function)                                   \
    [[gnu::section(".init_tasks"), gnu::used,                                                      \
      gnu::aligned(8)]] static constinit const ::core::InitTask init_task_##identifier {           \
        gives_name, needs_names, function                                                          \
    }

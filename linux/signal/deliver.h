// SPDX-License-Identifier: BSD-2-Clause
// What the personality's hooks call on the way back to the program.
#pragma once

#include "core/task/thread.h"

namespace linux {

// Takes due signals of the current task: starts handlers, stops, or ends the process. Process
// context.
void deliver_signals(arch::UserFrame& frame);
// The trap hook: turns a CPU exception of the program into its signal.
void signal_for_trap(arch::UserFrame& frame, const core::Trap& trap);
// A signal frame could not be pushed or read back: SIGSEGV, fatal if it was SIGSEGV's own.
void force_fatal_segv(i32 failed_signal);

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// The registers of a program, as the entry code stored them. The layout is the architecture's; the
// core and the personalities go through these accessors.
#pragma once

#include "base/types.h"

namespace arch {

struct UserFrame;

// How the program came in; the dispatcher picks its table by (personality, way).
enum class EntryWay : u8 { instruction, interrupt, compat_instruction, call_gate, native };

// The call's number and its arguments 0 to 5 by the convention of the way it came by.
u64 call_number(const UserFrame& frame);
u64 argument(const UserFrame& frame, unsigned index);
// What the program finds in an argument's register (native calls: the words of a message).
void set_argument(UserFrame& frame, unsigned index, u64 value);
void set_result(UserFrame& frame, u64 value);
u64 result(const UserFrame& frame);
u64 instruction_pointer(const UserFrame& frame);
void set_instruction_pointer(UserFrame& frame, u64 value);
u64 stack_pointer(const UserFrame& frame);
void set_stack_pointer(UserFrame& frame, u64 value);
// True while the program runs 32-bit code.
bool is_compat(const UserFrame& frame);
// Makes the frame one that starts a program: all registers zero but these, user flags and
// selectors.
void prepare_start(UserFrame& frame, u64 instruction, u64 stack, bool compat);
// Winds the program back so that it issues the same system call again (the number is restored).
void rewind_system_call(UserFrame& frame, u64 number);

} // namespace arch

#include "inline/user_frame.h"

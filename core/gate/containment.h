// SPDX-License-Identifier: BSD-2-Clause
// What a trap in the kernel needs to know to end a component's handler and nothing else: where the
// code of components lies in kernel memory, and which strands may be inside it. Only the innermost
// handler of a thread is ever ended, and only when the trap is its own: a trap in the kernel's text
// is the kernel's, however it was called.
#pragma once

#include <atomic>
#include <string_view>

#include "arch/api/component_call.h"
#include "base/list.h"

namespace core {

class Strand;

// A component's text and constants, while they may run. Registered by the home that maps them.
struct ContainedCode {
    std::string_view name; // of the component
    u64 start = 0;
    u64 text_size = 0;
    u64 size = 0; // with the constants behind the text
    ListLink link;
};

// What a trap found, as the architecture hands it over.
struct ComponentTrap {
    u64 instruction;
    u64 stack;
    u64 stack_start, stack_end; // of the thread that trapped
    u64 address;                // a page fault's
    u32 vector;
    u64 words[3]; // the first argument registers: what a failed check of the component says
};

// The last trap of a strand's handlers, for the log. `text` says where a failed check stands.
struct TrapRecord {
    u64 offset = 0; // of the instruction in the component's text; ~0: somewhere else
    bool in_call = false; // of Env, at memory that the component named
    u64 address = 0;
    u32 vector = 0;
    u32 line = 0;
    const char* file = nullptr; // in the component's constants
    const char* text = nullptr;
};

void add_contained_code(ContainedCode& code);
void remove_contained_code(ContainedCode& code);
void add_contained_strand(Strand& strand);
void remove_contained_strand(Strand& strand);

// Condemns the strand whose handler trapped and answers where its caller goes on; null if the trap
// is none of a component's. In the trap, interrupts off.
const arch::Landing* contain_trap(const ComponentTrap& trap);

// The same for a trap in the kernel's own text that would be its end: it may have happened at
// memory that a component named (Strand::set_touching).
const arch::Landing* contain_trap_in_call(const ComponentTrap& trap);
// arch_leave_component, for handlers in the middle of calls of the core: what the compiler's checks
// of memory know of the frames that are skipped is forgotten.
[[noreturn]] void leave_component(const arch::Landing& landing);
// The timer's interrupt came while a component ran: the same if its handler never ends. One that
// is inside a call of Env is looked at when it is back in its own text.
const arch::Landing* contain_endless_handler(const ComponentTrap& tick);

} // namespace core

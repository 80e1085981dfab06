// SPDX-License-Identifier: BSD-2-Clause
// Calling a component's handler so that a trap inside it can be made to return to the caller. The
// call costs a dozen stores; only a trap pays more.
#pragma once

#include <type_traits>

#include "base/types.h"

namespace component {
class Env;
}

namespace arch {

struct UserFrame;

// What the caller of a handler needs to go on. One for each monitor that handlers run in; its owner
// alone writes it.
struct Landing {
    u64 stack = 0;     // where the return address lies; 0: nobody is inside
    u64 saved[6] = {}; // registers that belong to the caller: rbx rbp r12 r13 r14 r15
    u64 entries = 0;   // how often it was filled: the same number is the same call
};

// The answer of a handler that a trap ended, in its first register.
inline constexpr u64 handler_ended = ~u64{0};

extern "C" void arch_call_component();

// handler(env, argument), with `landing` filled before.
template <typename Answer, typename Argument>
Answer call_component(component::Env& env, std::type_identity_t<Argument> argument,
                      Answer (*handler)(component::Env&, Argument), Landing& landing) {
    using Call =
        Answer (*)(component::Env&, Argument, Answer (*)(component::Env&, Argument), Landing&);
    return reinterpret_cast<Call>(&arch_call_component)(env, argument, handler, landing);
}

// The same for handlers without an argument.
template <typename Answer>
Answer call_component(component::Env& env, Answer (*handler)(component::Env&), Landing& landing) {
    using Call = Answer (*)(component::Env&, u64, Answer (*)(component::Env&), Landing&);
    return reinterpret_cast<Call>(&arch_call_component)(env, 0, handler, landing);
}

// Makes a trap that arrived with `frame` go on behind the call that filled `landing`.
void land(UserFrame& frame, const Landing& landing);
// The same without a trap, for a handler that is in a call of Env: neither that call nor the
// handler goes on, and nothing on their stack is destroyed.
extern "C" [[noreturn]] void arch_leave_component(const Landing& landing);

} // namespace arch

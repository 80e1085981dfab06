// SPDX-License-Identifier: BSD-2-Clause
#include "arch/api/user_run.h"

namespace arch {

static_assert(sizeof(UserFrame) == 21 * sizeof(u64)); // FRAME_WORDS in user_run.S

void set_call_arguments(UserFrame& frame, u64 first, u64 second, u64 third, u64 fourth) {
    frame.rdi = first;
    frame.rsi = second;
    frame.rdx = third;
    frame.rcx = fourth;
}
void set_second_result(UserFrame& frame, u64 value) { frame.rdx = value; }

} // namespace arch

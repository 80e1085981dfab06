// SPDX-License-Identifier: BSD-2-Clause
// The vector registers in a signal frame: the CPU's XSAVE image between two marks (Linux
// arch/x86/include/uapi/asm/sigcontext.h; Intel SDM volume 1, 13.4).
#pragma once

#include "base/result.h"
#include "base/types.h"

namespace linux {

// Bytes a signal frame needs for them, the closing mark included.
usize vector_frame_size();
// Writes the current thread's to `target` (64-byte aligned user address). Errors: fault.
Result<> write_vector_frame(u64 target);
// Loads them back from where a handler left them; 0 means the state a program starts with. Values
// the CPU would refuse are an error. Errors: fault, inval.
Result<> read_vector_frame(u64 source);
// The code of SIGFPE from the current thread's floating-point status; `simd`: MXCSR, else x87.
i32 floating_point_code(bool simd);

} // namespace linux

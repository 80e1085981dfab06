// SPDX-License-Identifier: BSD-2-Clause
// The host program (host/user), as it lies in the kernel image: an ELF file of loadable segments.
#pragma once

#include "core/memory/kernel_map.h"
#include "core/server/server_memory.h"

extern "C" {
extern const u8 server_host_begin[], server_host_end[];
}

namespace core::server {

// Shows the program in a process's memory: text and constants are the kernel image's own pages,
// `writable` gets a copy of what the program may write. Answers where it is entered. Errors: nomem,
// noexec.
Result<u64> map_host_program(ServerMemory& memory, KernelMapping& writable);

} // namespace core::server

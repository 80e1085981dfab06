// SPDX-License-Identifier: BSD-2-Clause
// The registers of an NVMe controller over PCI (NVM Express Base 2.0, 3.1.3). 64-bit ones are read
// and written as halves, which every controller takes.
#pragma once

#include "abi/component/registers.h"

namespace nvme {

using component::Field;
using component::Register;
using component::Window;

using CapabilitiesLow = Register<0x00, u32>;
using CapabilitiesHigh = Register<0x04, u32>;
using VersionNumber = Register<0x08, u32>;
using Configuration = Register<0x14, u32>;
using Status = Register<0x1c, u32>;
using AdminQueueAttributes = Register<0x24, u32>;
using AdminSubmissionLow = Register<0x28, u32>;
using AdminSubmissionHigh = Register<0x2c, u32>;
using AdminCompletionLow = Register<0x30, u32>;
using AdminCompletionHigh = Register<0x34, u32>;
inline constexpr u64 doorbells = 0x1000;

// Of the 64 bits of capabilities (CAP).
namespace capability {
using QueueEntries = Field<0, 16>; // less one
using Timeout = Field<24, 8>;      // in 500 ms
using DoorbellStride = Field<32, 4>;
using NvmCommands = Field<37>;
using ManyCommandSets = Field<43>; // CSS bit 6: "I/O command sets", NVM among them
using SmallestPage = Field<48, 4>; // 4 KiB << it
} // namespace capability

inline constexpr u32 version_1_1 = 0x1'0100; // the first that lists its active namespaces

// Controller configuration (CC). Command set, arbitration and page size (4 KiB) are 0.
namespace configuration {
inline constexpr u32 enable = 1;
inline constexpr u32 normal_shutdown = 1 << 14;
inline constexpr u32 submission_entry = 6 << 16; // 64 bytes
inline constexpr u32 completion_entry = 4 << 20; // 16 bytes
} // namespace configuration

// Controller status (CSTS).
namespace status {
inline constexpr u32 ready = 1;
inline constexpr u32 fatal = 2;
using Shutdown = Field<2, 2>;
inline constexpr u32 shutdown_complete = 2;
inline constexpr u32 dead_bus = ~u32{0}; // nothing answers there any more
} // namespace status

} // namespace nvme

// SPDX-License-Identifier: BSD-2-Clause
// The registers of an AHCI controller (Serial ATA AHCI 1.3.1, 3.1 and 3.3): those of the whole, and
// those of each port, which lie in a window of their own.
#pragma once

#include "abi/component/registers.h"

namespace ahci {

using component::Field;
using component::Register;
using component::Window;

inline constexpr u32 register_bar = 5; // 2.1.11: ABAR
inline constexpr u64 ports_at = 0x100, port_bytes = 0x80;
inline constexpr u32 most_ports = 32;
inline constexpr u32 dead_bus = ~u32{0}; // nothing answers there any more

using Capabilities = Register<0x00, u32>;
using GlobalControl = Register<0x04, u32>;
using InterruptStatus = Register<0x08, u32>;
using PortsImplemented = Register<0x0c, u32>;
using MoreCapabilities = Register<0x24, u32>;
using Handoff = Register<0x28, u32>;

// CAP.
namespace capability {
using CommandSlots = Field<8, 5>; // less one
using StaggeredSpinUp = Field<27>;
using NativeQueueing = Field<30>;
using Wide = Field<31>;           // addresses of 64 bits
using FirmwareHandoff = Field<0>; // of CAP2
} // namespace capability

// GHC.
namespace global {
inline constexpr u32 reset = 1, interrupts = 1 << 1, enable = u32{1} << 31;
}

// BOHC (10.6).
namespace handoff {
inline constexpr u32 firmware_owns = 1, we_own = 1 << 1;
}

using ListLow = Register<0x00, u32>;
using ListHigh = Register<0x04, u32>;
using ReceivedLow = Register<0x08, u32>;
using ReceivedHigh = Register<0x0c, u32>;
using PortInterrupts = Register<0x10, u32>;
using PortInterruptEnable = Register<0x14, u32>;
using PortCommand = Register<0x18, u32>;
using TaskFile = Register<0x20, u32>;
using Signature = Register<0x24, u32>;
using LinkStatus = Register<0x28, u32>;
using LinkControl = Register<0x2c, u32>;
using LinkErrors = Register<0x30, u32>;
using Active = Register<0x34, u32>;
using Issued = Register<0x38, u32>;

// PxIS and PxIE.
namespace cause {
inline constexpr u32 register_answer = 1, pio = 1 << 1, queued_answer = 1 << 3, connected = 1 << 6,
                     link = 1 << 22, overflow = 1 << 24, interface = 1 << 27, host_data = 1 << 28,
                     host = 1 << 29, task_file = 1 << 30;
inline constexpr u32 link_changed = connected | link;
inline constexpr u32 errors = overflow | interface | host_data | host | task_file;
inline constexpr u32 answers = register_answer | pio | queued_answer;
} // namespace cause

// PxCMD.
namespace port_command {
inline constexpr u32 start = 1, spin_up = 1 << 1, power_on = 1 << 2, receive = 1 << 4,
                     runs = 1 << 15, make_active = 1 << 28;
}

// PxTFD: the device's status and error.
namespace task {
inline constexpr u32 error = 1, data_request = 1 << 3, busy = 1 << 7;
inline constexpr u32 uncorrectable = 1 << 14, not_found = 1 << 12; // bits 6 and 4 of error
} // namespace task

// PxSIG.
namespace signature {
inline constexpr u32 disk = 0x0000'0101, packet = 0xeb14'0101;
}

// PxSSTS and PxSCTL (Serial ATA 3.x, SStatus and SControl).
namespace link {
using Detection = Field<0, 4>;
using Power = Field<8, 4>;
inline constexpr u32 established = 3, active = 1; // of Detection, of Power
inline constexpr u32 reset = 1;                   // of Detection in PxSCTL: COMRESET
inline constexpr u32 stay_awake = 3 << 8;         // neither Partial nor Slumber
} // namespace link

inline constexpr Window port_window(Window registers, u32 port) {
    return {registers.index, registers.base + ports_at + port * port_bytes};
}

} // namespace ahci

// SPDX-License-Identifier: BSD-2-Clause
// Registers and tables of a DMA remapping unit: Intel Virtualization Technology for Directed I/O,
// architecture specification, revision 4.1. Sections stand with each group.
#pragma once

#include "base/types.h"

namespace core::vtd {

// Offsets (11.4).
inline constexpr u32 version = 0x00, capability = 0x08, extended_capability = 0x10, command = 0x18,
                     status = 0x1c, root_table = 0x20, fault_status = 0x34, fault_control = 0x38,
                     fault_data = 0x3c, fault_address = 0x40, fault_address_high = 0x44,
                     protected_memory = 0x64, queue_tail = 0x88, queue_address = 0x90;
inline constexpr u64 register_bytes = 4096;

// Capability (11.4.2) and extended capability (11.4.3).
inline constexpr u64 has_write_buffer = 1 << 4, has_protected_memory = 3 << 5,
                     caches_absent = 1 << 7, has_39_bits = 1 << 9, has_48_bits = 1 << 10;
inline constexpr u32 domain_count(u64 capabilities) { return 1u << (4 + 2 * (capabilities & 7)); }
inline constexpr u32 fault_records_at(u64 capabilities) {
    return static_cast<u32>(capabilities >> 24 & 0x3ff) * 16;
}
inline constexpr u32 fault_record_count(u64 capabilities) {
    return static_cast<u32>(capabilities >> 40 & 0xff) + 1;
}
inline constexpr u64 reads_coherently = 1 << 0, has_queue = 1 << 1;

// Command and status have the same bits (11.4.4); these of them stay as they are.
inline constexpr u32 translates = u32{1} << 31, set_root_table = 1 << 30,
                     flush_write_buffer = 1 << 27, uses_queue = 1 << 26, lasting = 0x96ff'ffff;

// Faults: status, control, a record's second half (11.4.7, 11.4.14).
inline constexpr u32 fault_overflow = 1 << 0, fault_pending = 1 << 1, fault_masked = u32{1} << 31;
inline constexpr u64 record_valid = u64{1} << 63, record_is_read = u64{1} << 62;
inline constexpr u32 record_reason(u64 word) { return static_cast<u32>(word >> 32 & 0xff); }

// Descriptors of the invalidation queue (6.5.2).
inline constexpr u64 forget_contexts = 0x1, forget_addresses = 0x2, wait = 0x5;
inline constexpr u64 all_domains = 1 << 4, one_domain = 2 << 4, drain = 3 << 6,
                     write_status = 1 << 5, fence = 1 << 6;
inline constexpr u32 domain_shift = 16, status_shift = 32;

// Tables: root and context entries (9.1, 9.3), second-level entries (9.8).
inline constexpr u64 present = 1;
inline constexpr u64 levels_3 = 1, levels_4 = 2; // a context's address width
inline constexpr u32 context_domain_shift = 8;
inline constexpr u64 may_read = 1, may_write = 2;
inline constexpr u64 entry_address = 0x000f'ffff'ffff'f000;

} // namespace core::vtd

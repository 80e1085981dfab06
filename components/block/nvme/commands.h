// SPDX-License-Identifier: BSD-2-Clause
// Entries of NVMe queues, and the answers to Identify, as the controller lays them out (NVM Express
// Base 2.0, 3.3.3 and 5.17; NVM Command Set 1.0). Little-endian.
#pragma once

#include <cstddef>

#include "base/types.h"

namespace nvme {

inline constexpr u32 page_bytes = 4096; // of the controller's memory, as configured

struct Command {
    u8 opcode = 0;
    u8 flags = 0; // not fused, PRPs
    u16 id = 0;
    u32 namespace_id = 0;
    u64 reserved = 0;
    u64 metadata = 0;
    u64 prp1 = 0;
    u64 prp2 = 0;
    u32 word10 = 0, word11 = 0, word12 = 0, word13 = 0, word14 = 0, word15 = 0;
};
static_assert(sizeof(Command) == 64);

struct Completion {
    u32 result = 0;
    u32 reserved = 0;
    u16 submission_head = 0;
    u16 submission_queue = 0;
    u16 id = 0;
    u16 status = 0; // bit 0: phase
};
static_assert(sizeof(Completion) == 16);

enum class AdminOpcode : u8 {
    create_submission_queue = 0x01,
    get_log_page = 0x02,
    create_completion_queue = 0x05,
    identify = 0x06,
    set_features = 0x09,
    asynchronous_event = 0x0c,
};

enum class Opcode : u8 { flush = 0, write = 1, read = 2, write_zeroes = 8, dataset = 9 };

// Word 12 of reads and writes; word 12 of write_zeroes; word 11 of dataset management.
inline constexpr u32 force_unit_access = u32{1} << 30;
inline constexpr u32 deallocate = u32{1} << 25;
inline constexpr u32 dataset_deallocate = 1 << 2;
inline constexpr u32 most_blocks = 65536; // of one command

struct DatasetRange {
    u32 attributes = 0;
    u32 blocks = 0;
    u64 first = 0;
};
static_assert(sizeof(DatasetRange) == 16);

// What Identify tells of (word 10).
enum class Identified : u32 { name_space = 0, controller = 1, active_namespaces = 2 };
namespace feature {
inline constexpr u32 queue_count = 7, event_configuration = 11;
}
// A notice that namespaces came, went or changed: in the events' configuration and in OAES; as the
// result of an event; the log page that must be read before the next one.
inline constexpr u32 event_namespaces = 1 << 8;
inline constexpr u32 event_type_mask = 7, event_type_notice = 2;
inline constexpr u32 notice_namespaces = 0;
inline constexpr u32 log_changed_namespaces = 4;

// Status of a completion without its phase: code, type, do not retry.
struct CommandStatus {
    u16 code_and_type; // code in bits 7:0, type in 10:8
    bool do_not_retry;

    static constexpr CommandStatus of(u16 status) {
        return {static_cast<u16>((status >> 1) & 0x7ff), (status & 0x8000) != 0};
    }
    constexpr bool ok() const { return code_and_type == 0; }
    constexpr u32 type() const { return code_and_type >> 8; }
};
namespace code {
inline constexpr u16 invalid_opcode = 0x001, invalid_field = 0x002, invalid_namespace = 0x00b,
                     write_protected = 0x020, out_of_range = 0x080, capacity_exceeded = 0x081;
inline constexpr u32 type_media = 2;
} // namespace code

// Places in Identify Controller (5.17.2.1).
namespace controller_data {
inline constexpr u32 serial = 4, serial_bytes = 20, transfer_limit = 77, events = 92,
                     submission_sizes = 512, completion_sizes = 513, namespaces = 516,
                     optional_commands = 520, write_cache = 525;
inline constexpr u32 can_deallocate = 1 << 2, can_write_zeroes = 1 << 3; // of optional_commands
} // namespace controller_data

// Places in Identify Namespace (NVM Command Set 1.0, 4.1.5.1).
namespace namespace_data {
inline constexpr u32 size = 0, features = 24, format_count = 25, format = 26, deallocation = 33,
                     write_granularity = 64, attributes = 99, formats = 128, format_bytes = 4;
inline constexpr u8 has_granularity = 1 << 4; // of features
inline constexpr u8 write_protected = 1;      // of attributes
// Of deallocation: write_zeroes may do it, and it reads as zeroes then.
inline constexpr u8 deallocation_mask = 0x0f, deallocates_to_zeroes = 0x09;
} // namespace namespace_data

} // namespace nvme

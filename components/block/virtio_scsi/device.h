// SPDX-License-Identifier: BSD-2-Clause
// The virtio SCSI host as its specification has it (Virtio 1.2, 5.6). Little-endian.
#pragma once

#include "base/types.h"

namespace virtio_scsi {

namespace feature {
inline constexpr u64 hot_plug = 1 << 1, change = 1 << 2;
}
inline constexpr u16 event_queue = 1, request_queue = 2; // 0 is for control, which is not used

// 5.6.4.
struct Configuration {
    u32 queue_count;
    u32 seg_max;     // pieces of a command's data
    u32 max_sectors; // of 512 bytes, of a command
    u32 commands_per_unit;
    u32 event_bytes;
    u32 sense_bytes;
    u32 command_bytes;
    u16 max_channel;
    u16 max_target;
    u32 max_unit;

    static constexpr u8 widths[] = {4, 4, 4, 4, 4, 4, 4, 2, 2, 4};
};
static_assert(sizeof(Configuration) == 36);

// The default sizes of what the device is asked and answers (5.6.4): nobody changes them here.
inline constexpr u32 command_bytes = 32, sense_bytes = 96;

// A unit's address: always one level, "flat" (5.6.6.1).
struct UnitAddress {
    u8 target = 0;
    u8 reserved = 0;
    u16 unit = 0; // below most_units_of_target

    constexpr bool operator==(const UnitAddress&) const = default;
    constexpr u32 order() const { return u32{target} << 16 | unit; }
};
inline constexpr u16 most_units_of_target = 1 << 14;

struct CommandRequest {
    u8 unit[8];
    u64 id;
    u8 attributes; // 0: simple
    u8 priority;
    u8 reference;
    u8 command[command_bytes];
    u8 padding[13]; // not of the request; keeps the next in the slot aligned
};
inline constexpr u32 request_bytes = 51;
static_assert(sizeof(CommandRequest) == 64);

// Places in the answer.
namespace reply {
inline constexpr u32 sense_length = 0, residual = 4, status = 10, response = 11, sense = 12,
                     bytes = sense + sense_bytes;
inline constexpr u8 unanswered = 0xff; // written there beforehand
} // namespace reply

enum class Response : u8 {
    ok = 0,
    overrun = 1,
    aborted = 2,
    bad_target = 3,
    reset = 4,
    busy = 5,
    transport_failure = 6,
    target_failure = 7,
    nexus_failure = 8,
    failure = 9,
    incorrect_unit = 12,
};

// Places in an event (5.6.6.3), and what it may be about.
namespace event {
inline constexpr u32 kind = 0, unit = 4, reason = 12, bytes = 16;
inline constexpr u32 missed = u32{1} << 31; // some were not reported
inline constexpr u32 transport = 1, parameters = 3;
inline constexpr u32 rescan = 1, removed = 2; // reasons of transport
} // namespace event

} // namespace virtio_scsi

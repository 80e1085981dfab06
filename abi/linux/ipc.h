// SPDX-License-Identifier: BSD-2-Clause
// System V IPC of Linux's ABI (include/uapi/linux/ipc.h, shm.h, sem.h, msg.h, asm-generic/*buf.h;
// x86's semid64_ds).
#pragma once

#include "abi/linux/types.h"

namespace linux {

inline constexpr i32 ipc_private = 0; // the key that never names an object

// Flags of the get calls, beside nine permission bits.
namespace ipc_flag {
inline constexpr u32 create = 01000, exclusive = 02000, no_wait = 04000;
inline constexpr u32 permission_mask = 0777;
} // namespace ipc_flag

// Commands that the three control calls share.
namespace ipc_command {
inline constexpr i32 remove = 0, set = 1, status = 2, information = 3;
} // namespace ipc_command

// struct ipc64_perm.
struct IpcPermission {
    i32 key;
    UserId user;
    GroupId group;
    UserId creator_user;
    GroupId creator_group;
    u32 mode;
    u16 sequence;
    u16 padding0;
    u32 padding1;
    u64 reserved[2];
};
static_assert(sizeof(IpcPermission) == 48);

namespace segment_flag {
inline constexpr u32 huge_pages = 04000;             // SHM_HUGETLB, of shmget
inline constexpr u32 huge_shift = 26, huge_mask = 63; // log2 of the size of huge pages
inline constexpr u32 read_only = 010000, round = 020000, remap = 040000, execute = 0100000;
inline constexpr u32 removed = 01000, locked = 02000; // in the mode that IPC_STAT shows
} // namespace segment_flag

namespace segment_command {
inline constexpr i32 lock = 11, unlock = 12, status_by_index = 13, usage = 14;
inline constexpr i32 status_of_any = 15;
} // namespace segment_command

// struct shmid64_ds.
struct SegmentStatus {
    IpcPermission permission;
    u64 size;
    i64 attach_time, detach_time, change_time;
    Pid creator, last;
    u64 attachments;
    u64 reserved[2];
};
static_assert(sizeof(SegmentStatus) == 112);

// struct shminfo64.
struct SegmentLimits {
    u64 maximum_size, minimum_size, segments, segments_of_process, pages;
    u64 reserved[4];
};
static_assert(sizeof(SegmentLimits) == 72);

// struct shm_info.
struct SegmentUsage {
    i32 segments;
    u32 padding;
    u64 pages, resident, swapped, swap_attempts, swap_successes;
};
static_assert(sizeof(SegmentUsage) == 48);

namespace semaphore_flag {
inline constexpr i16 undo = 0x1000; // SEM_UNDO
} // namespace semaphore_flag

namespace semaphore_command {
inline constexpr i32 get_last = 11, get_value = 12, get_all = 13, get_decreasers = 14;
inline constexpr i32 get_zero_waiters = 15, set_value = 16, set_all = 17, status_by_index = 18;
inline constexpr i32 usage = 19, status_of_any = 20;
} // namespace semaphore_command

inline constexpr i32 semaphore_maximum = 32767; // SEMVMX, and SEMAEM

// struct sembuf.
struct SemaphoreOperation {
    u16 number;
    i16 change;
    i16 flags;
};
static_assert(sizeof(SemaphoreOperation) == 6);

// struct semid64_ds.
struct SemaphoreSetStatus {
    IpcPermission permission;
    i64 operation_time, reserved0, change_time, reserved1;
    u64 count;
    u64 reserved[2];
};
static_assert(sizeof(SemaphoreSetStatus) == 104);

// struct seminfo.
struct SemaphoreLimits {
    i32 map, sets, semaphores, undo_structures, per_set, operations, undo_entries;
    i32 undo_size; // SEM_INFO: sets there are
    i32 maximum_value;
    i32 maximum_adjustment; // SEM_INFO: semaphores there are
};
static_assert(sizeof(SemaphoreLimits) == 40);

namespace message_flag {
inline constexpr u32 no_error = 010000, except = 020000, copy = 040000; // MSG_*
} // namespace message_flag

namespace message_command {
inline constexpr i32 status_by_index = 11, usage = 12, status_of_any = 13;
} // namespace message_command

// struct msqid64_ds.
struct MessageQueueStatus {
    IpcPermission permission;
    i64 send_time, receive_time, change_time;
    u64 bytes, messages, maximum_bytes;
    Pid last_sender, last_receiver;
    u64 reserved[2];
};
static_assert(sizeof(MessageQueueStatus) == 120);

// struct msginfo.
struct MessageLimits {
    i32 pool;           // MSG_INFO: queues there are
    i32 map;            // MSG_INFO: messages there are
    i32 message_size, queue_bytes, queues, segment_size;
    i32 headers;        // MSG_INFO: bytes in messages
    u16 segments, padding;
};
static_assert(sizeof(MessageLimits) == 32);

} // namespace linux

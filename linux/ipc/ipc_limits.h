// SPDX-License-Identifier: BSD-2-Clause
// Limits of System V IPC that /proc/sys/kernel shows and changes; Linux's defaults
// (include/uapi/linux/shm.h, sem.h, msg.h).
#pragma once

#include <atomic>

#include "base/types.h"

namespace linux {

struct IpcLimits {
    static constexpr u64 nearly_all = ~u64{0} - (u64{1} << 24); // SHMMAX, SHMALL
    std::atomic<u64> segment_size{nearly_all};  // shmmax, bytes
    std::atomic<u64> segment_pages{nearly_all}; // shmall, pages of all segments
    std::atomic<u32> segments{4096};            // shmmni
    // /proc/sys/kernel/sem, in its order.
    std::atomic<u32> semaphores_of_set{32000};
    std::atomic<u32> semaphores{32000 * 32000};
    std::atomic<u32> semaphore_operations{500}; // of one call
    std::atomic<u32> semaphore_sets{32000};
    std::atomic<u32> message_size{8192}; // msgmax, bytes
    std::atomic<u32> queue_bytes{16384}; // msgmnb
    std::atomic<u32> queues{32000};      // msgmni
};

inline constinit IpcLimits g_ipc_limits;

} // namespace linux

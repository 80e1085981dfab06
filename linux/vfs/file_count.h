// SPDX-License-Identifier: BSD-2-Clause
// How many open files there are, counted per CPU so that opening shares no cache line.
#pragma once

#include <atomic>

#include "arch/api/cpu.h"

namespace linux {

namespace detail {
struct alignas(64) FileCount {
    std::atomic<i64> value{0};
};
extern FileCount file_counts[arch::maximum_cpus];
} // namespace detail

inline void count_file(i64 change) {
    detail::file_counts[arch::cpu_index()].value.fetch_add(change, std::memory_order_relaxed);
}
u64 open_file_count();

// /proc/sys/fs: file-max and nr_open.
struct FileLimits {
    std::atomic<u64> file_max{0x7fff'ffff'ffff'ffff};
    std::atomic<u32> table_max{1 << 20};
};
extern FileLimits g_file_limits;

class Inode;
class OpenFile;
// The current process closed a descriptor of a file: its record locks on it go
// (linux/file/locks.cpp).
void release_process_locks(Inode& inode);
// An open file goes away: its flock and OFD locks go.
void release_locks_of(OpenFile& file);

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/file_count.h"

namespace linux {

namespace detail {
constinit FileCount file_counts[arch::maximum_cpus];
} // namespace detail

constinit FileLimits g_file_limits;

u64 open_file_count() {
    i64 sum = 0;
    for (const detail::FileCount& count : detail::file_counts)
        sum += count.value.load(std::memory_order_relaxed);
    return sum < 0 ? 0 : static_cast<u64>(sum);
}

} // namespace linux

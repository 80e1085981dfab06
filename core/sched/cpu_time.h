// SPDX-License-Identifier: BSD-2-Clause
// CPU time of a thread or a CPU: how much is counted exactly, where it was spent is sampled at
// ticks.
#pragma once

#include <atomic>

#include "base/units.h"

namespace core {

struct CpuTimeSplit {
    Nanos user, system;
};

// What all CPUs together have spent outside their idle threads. Exact for the calling CPU; of
// others as of their last switch or tick. Process context.
Nanos busy_time();

class CpuTime {
public:
    // The owner of the run queue's lock.
    void add(u64 cycles) { cycles_ += cycles; }
    void add_sample(bool user) { ++(user ? user_ticks_ : system_ticks_); }

    u64 cycles() const { return cycles_; }
    // The exact time in the samples' proportion; neither part ever gets less. What has no sample
    // yet counts as `user` or not. Any context; approximate while another CPU counts.
    CpuTimeSplit split(bool user_without_samples) const;

private:
    u64 cycles_ = 0;
    u64 user_ticks_ = 0, system_ticks_ = 0;
    mutable std::atomic<u64> shown_user_{0}, shown_system_{0}; // nanoseconds
};

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// Urgency: while a gate is held, or an instance has no life, every program that uses it waits. What
// ends that runs before all fair threads, at the lowest real-time level.
#pragma once

#include "core/sched/entity.h"

namespace core {

class Thread;

class Urgency {
public:
    // Of the calling thread, if it is a fair one, until the end of the scope. Process context.
    Urgency();
    ~Urgency();
    Urgency(const Urgency&) = delete;
    Urgency& operator=(const Urgency&) = delete;

    // True for a calling thread in such a scope.
    static bool is_here();
    // Of a thread of the kernel that works for the caller. Any context that holds no run queue.
    static void begin(Thread& thread);
    static void end(Thread& thread);

    // Of any thread that holds the caller up: lent until it is taken back. Any context that holds
    // no run queue; the thread is alive meanwhile.
    class Lent {
    public:
        Lent() = default;
        bool is_lent() const { return thread_ != nullptr; }

    private:
        friend class Urgency;
        Thread* thread_ = nullptr;
        SchedulingParameters former_;
    };
    static Lent lend(Thread& thread);
    static void take_back(const Lent& lent);
    // Who may be lent it later.
    static Thread& caller();

private:
    SchedulingParameters former_;
    bool began_ = false;
};

} // namespace core

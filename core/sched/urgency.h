// SPDX-License-Identifier: BSD-2-Clause
// Urgency: while a gate is held, or an instance has no life, every program that uses it waits. What
// ends that runs before all fair threads, at the lowest real-time level.
#pragma once

namespace core {

class Thread;

class Urgency {
public:
    // Of the calling thread, until the end of the scope. Process context.
    Urgency();
    ~Urgency();
    Urgency(const Urgency&) = delete;
    Urgency& operator=(const Urgency&) = delete;

    // True for a calling thread that has any.
    static bool is_here();
    // Of a thread that works for the caller, or holds it up, which is alive meanwhile: each
    // beginning has its end. Any context that holds no run queue.
    static void begin(Thread& thread);
    static void end(Thread& thread);
    // Whose it may be later.
    static Thread& caller();
};

} // namespace core

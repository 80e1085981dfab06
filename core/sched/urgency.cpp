// SPDX-License-Identifier: BSD-2-Clause
#include "core/sched/urgency.h"

#include "core/sched/scheduler.h"

namespace core {

Urgency::Urgency() { begin(Thread::current()); }
Urgency::~Urgency() { end(Thread::current()); }

bool Urgency::is_here() { return Scheduler::is_boosted(Thread::current()); }
void Urgency::begin(Thread& thread) { Scheduler::boost(thread); }
void Urgency::end(Thread& thread) { Scheduler::take_boost_back(thread); }
Thread& Urgency::caller() { return Thread::current(); }

} // namespace core

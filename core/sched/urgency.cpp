// SPDX-License-Identifier: BSD-2-Clause
#include "core/sched/urgency.h"

#include "core/sched/scheduler.h"

namespace core {
namespace {

constexpr SchedulingParameters urgent{.scheduling_class = SchedulingClass::real_time,
                                      .real_time_priority = 1};

bool is_urgent(const SchedulingParameters& parameters) {
    return parameters.scheduling_class == urgent.scheduling_class && !parameters.round_robin &&
           parameters.real_time_priority == urgent.real_time_priority;
}

} // namespace

Urgency::Urgency() {
    Thread& self = Thread::current();
    former_ = self.scheduling.parameters;
    if (former_.scheduling_class != SchedulingClass::fair)
        return;
    began_ = true;
    Scheduler::set_parameters(self, urgent);
}

Urgency::~Urgency() {
    Thread& self = Thread::current();
    if (began_ && is_urgent(self.scheduling.parameters)) // else somebody has set others meanwhile
        Scheduler::set_parameters(self, former_);
}

bool Urgency::is_here() { return is_urgent(Thread::current().scheduling.parameters); }
void Urgency::begin(Thread& thread) { Scheduler::set_parameters(thread, urgent); }
void Urgency::end(Thread& thread) { Scheduler::set_parameters(thread, {}); }

Urgency::Lent Urgency::lend(Thread& thread) {
    Lent lent;
    lent.former_ = thread.scheduling.parameters;
    if (lent.former_.scheduling_class != SchedulingClass::fair)
        return {};
    lent.thread_ = &thread;
    Scheduler::set_parameters(thread, urgent);
    return lent;
}

void Urgency::take_back(const Lent& lent) {
    if (lent.thread_ && is_urgent(lent.thread_->scheduling.parameters))
        Scheduler::set_parameters(*lent.thread_, lent.former_);
}

Thread& Urgency::caller() { return Thread::current(); }

} // namespace core

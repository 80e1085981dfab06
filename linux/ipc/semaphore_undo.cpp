// SPDX-License-Identifier: BSD-2-Clause
#include "linux/ipc/semaphore_undo.h"

#include "base/box.h"
#include "linux/process/process.h"

namespace linux {

Result<Ref<SemaphoreUndo>> SemaphoreUndo::of_current() {
    Task& task = Task::current();
    if (!task.semaphore_undo)
        task.semaphore_undo = TRY(Ref<SemaphoreUndo>::create());
    return task.semaphore_undo.to_ref();
}

SemaphoreUndo::~SemaphoreUndo() {
    Adjustments& adjustments = adjustments_.unguarded(); // nobody else has a reference
    while (SemaphoreAdjustment* adjustment = adjustments.pop_front()) {
        adjustment->set->apply(*adjustment, Process::current().pid);
        delete adjustment;
    }
}

Result<SemaphoreAdjustment*> SemaphoreUndo::adjustment_of(SemaphoreSet& set) {
    auto adjustments = adjustments_.lock();
    for (SemaphoreAdjustment& adjustment : *adjustments) {
        if (adjustment.set.get() == &set)
            return &adjustment;
        if (adjustment.set->is_removed()) { // of no use to anyone; its id never comes back
            adjustment.list_link.unlink();
            delete &adjustment;
        }
    }
    auto made = TRY(Box<SemaphoreAdjustment>::create(Ref<SemaphoreSet>::share(set)));
    const usize size = set.count() * sizeof(i16);
    made->values = static_cast<i16*>(::operator new(size, base::fallible));
    if (!made->values)
        return Failure(Errno::nomem);
    __builtin_memset(made->values, 0, size);
    TRY(set.add_adjustment(*made));
    adjustments->push_back(*made);
    return made.release();
}

} // namespace linux

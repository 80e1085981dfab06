// SPDX-License-Identifier: BSD-2-Clause
// What SEM_UNDO remembers: for each set, how to adjust it when the last of the tasks that share the
// list ends (CLONE_SYSVSEM, as threads do).
#pragma once

#include "linux/ipc/semaphore_set.h"

namespace linux {

class Task;

class SemaphoreUndo : public RefCounted<SemaphoreUndo> {
public:
    // The list of the current task, made when there is none. Errors: nomem.
    static Result<Ref<SemaphoreUndo>> of_current();
    // Applies every adjustment, in the name of the current process.
    ~SemaphoreUndo();

    // The adjustment of a set, made when there is none; as long as the list and the set are there.
    // Errors: nomem, idrm.
    Result<SemaphoreAdjustment*> adjustment_of(SemaphoreSet& set);

private:
    friend class Ref<SemaphoreUndo>;
    using Adjustments = List<SemaphoreAdjustment, &SemaphoreAdjustment::list_link>;
    SemaphoreUndo() = default;

    core::Guarded<Adjustments, core::lock_class::ipc_undo> adjustments_;
};

} // namespace linux

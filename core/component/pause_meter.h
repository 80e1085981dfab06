// SPDX-License-Identifier: BSD-2-Clause
// Measures how long the clients of an instance wait while it changes its home or its version: from
// its making to note().
#pragma once

#include "core/component/instance.h"
#include "core/sched/cpu_time.h"
#include "core/time/clock.h"

namespace core {

class PauseMeter {
public:
    void note(Instance::Figures& figures) const {
        figures.note_pause(now() - begin_, busy_time() - busy_);
    }

private:
    const Nanos begin_ = now();
    const Nanos busy_ = busy_time();
};

} // namespace core

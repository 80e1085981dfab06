// SPDX-License-Identifier: BSD-2-Clause
// What the core calls for threads that run Linux programs.
#pragma once

#include "core/task/thread.h"

namespace linux {

extern const core::Personality linux_personality;
// The same with every call going through the filters and tracers of its task.
extern const core::Personality traced_linux_personality;

// Chooses between the two for a task by whether it has a filter or a tracer that wants calls. The
// task itself, or while it is stopped or not yet started.
class Task;
void choose_personality(Task& task);

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/task.h"

#include "linux/process/call_filter.h"
#include "linux/process/process.h"

namespace linux {

Task::~Task() {
    drop_call_filter(*this);
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/trace.h"

#include "linux/process/call_filter.h"
#include "linux/syscall/table.h"

namespace linux {

namespace {

i64 call_through(const core::CallTable& table, arch::UserFrame& frame) {
    Task& task = Task::current();
    if (task.call_filter) {
        const FilterVerdict verdict = filter_call(task, frame);
        if (!verdict.allowed)
            return verdict.result;
    }
    const u64 number = arch::call_number(frame);
    return (number < table.count ? table.handlers[number] : table.unknown)(frame);
}

} // namespace

i64 call_traced(arch::UserFrame& frame) { return call_through(call_table, frame); }
i64 call_traced_compat(arch::UserFrame& frame) { return call_through(compat_call_table, frame); }
i64 call_traced_native(arch::UserFrame& frame) { return call_through(native_call_table, frame); }

} // namespace linux

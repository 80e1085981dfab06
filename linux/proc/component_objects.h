// SPDX-License-Identifier: BSD-2-Clause
// Component objects as directories, in /sys/pith/objects and /sys/module: what both have in common.
// The index of a subject is the object's number.
#pragma once

#include "core/component/component_object.h"
#include "linux/proc/proc.h"

namespace linux {

// Errors: nodev (it is gone).
Result<Ref<core::ComponentObject>> object_of(const ProcSubject& subject);
bool object_is_current(const ProcSubject& subject);
Result<> show_object_version(const ProcSubject& subject, base::FormatSink& sink);
Result<> list_objects(ProcInode& directory, u64 position, DirectorySink& sink);

constexpr ProcEntry object_fact(const char* name,
                                Result<> (*show)(const ProcSubject&, base::FormatSink&)) {
    return {.name = name,
            .mode = file_mode::regular | 0444,
            .show = show,
            .is_current = object_is_current};
}
constexpr ProcEntry object_directory_of(const ProcEntry* children) {
    return {.name = "",
            .mode = file_mode::directory | 0755,
            .children = children,
            .is_current = object_is_current};
}

} // namespace linux

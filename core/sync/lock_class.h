// SPDX-License-Identifier: BSD-2-Clause
// The classes of lock_classes.def as types: lock_class::pipe and so on.
#pragma once

#include "base/types.h"

namespace core {

enum class LockKind : u8 { spin, spin_irq, mutex };

enum class LockClassId : u8 {
#define LOCK_CLASS(name, kind, order, purpose) name,
#include "core/sync/lock_classes.def"
#undef LOCK_CLASS
};

namespace lock_class {
#define LOCK_CLASS(class_name, kind_, order_, purpose)                                             \
    struct class_name {                                                                            \
        static constexpr LockClassId id = LockClassId::class_name;                                 \
        static constexpr LockKind kind = LockKind::kind_;                                          \
        static constexpr u16 order = order_;                                                       \
        static constexpr const char* name = #class_name;                                           \
    };
#include "core/sync/lock_classes.def"
#undef LOCK_CLASS
} // namespace lock_class

} // namespace core

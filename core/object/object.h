// SPDX-License-Identifier: BSD-2-Clause
// The root of everything a handle can name.
#pragma once

#include "base/ref.h"

namespace core {

enum class ObjectKind : u8 {
    memory_object,
    address_space,
    thread,
    process,
    gate,
    ring,
    event,
    timer,
    interrupt,
    mmio_window,
    dma_domain,
    lease,
    open_file, // the personality's open files
};

class Object : public RefCounted<Object> {
public:
    virtual ~Object() = default;
    ObjectKind kind() const { return kind_; }

    // A handle to this object was closed by its table (not: the last reference went). Process
    // context, no locks held. Linux's flush() hangs here.
    virtual void handle_closed() {}

protected:
    explicit Object(ObjectKind kind) : kind_(kind) {}

private:
    const ObjectKind kind_;
};

} // namespace core

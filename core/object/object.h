// SPDX-License-Identifier: BSD-2-Clause
// The root of everything a handle can name.
#pragma once

#include <atomic>
#include <new>

#include "base/ref.h"
#include "core/sync/epoch.h"

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

// Heirs have it as their first base: their memory begins where it does.
class Object : public RefCounted<Object> {
public:
    virtual ~Object() = default;
    ObjectKind kind() const { return kind_; }

    // A handle to this object was closed by its table (not: the last reference went). Process
    // context, no locks held. Linux's flush() hangs here.
    virtual void handle_closed() {}

    // It became, or ceases to be, the owner of one more range of an address space. Process context,
    // with that space locked.
    virtual void mapping_added() {}
    virtual void mapping_removed() {}

    // Readers inside an epoch may be looking at this object without a reference: its memory stays
    // until they are gone. To be called while there is a reference and they can still find it.
    void keep_memory_for_readers() { has_readers_.store(true, std::memory_order_relaxed); }

    // Ends the object at once and gives its memory back, now or after the epoch. The count of
    // references, which is all that readers look at, stays 0 until then.
    static void operator delete(Object* object, std::destroying_delete_t);

protected:
    explicit Object(ObjectKind kind) : kind_(kind) {}

private:
    const ObjectKind kind_;
    std::atomic<bool> has_readers_{false};
    Retired retired_; // last, so that it leads back to the object
};

} // namespace core

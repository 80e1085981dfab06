// SPDX-License-Identifier: BSD-2-Clause
// What an instance calls as its child: a service of the kernel's own, or of another instance.
#pragma once

#include "core/gate/gate.h"

namespace core {

class ChildService : public GateOwner {
public:
    // Lasts as long as this.
    virtual Gate& gate() = 0;
    // Of the interface that its gate serves.
    u64 fingerprint() const { return fingerprint_; }
    u32 property_bytes() const { return property_bytes_; }
    // The interface's Properties as they are now, into `to`, which has room for them. Any thread;
    // spinning locks at most.
    virtual void copy_properties(void* to) = 0;

protected:
    ChildService(u64 fingerprint, u32 property_bytes)
        : fingerprint_(fingerprint), property_bytes_(property_bytes) {}

private:
    const u64 fingerprint_;
    const u32 property_bytes_;
};

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// The core's side of a service that an instance offers: block device, byte stream. Made by the
// binder registered for its interface.
#pragma once

#include <span>
#include <string_view>

#include "base/ref.h"
#include "base/result.h"
#include "core/gate/gate.h"

namespace core {

class ServiceSink : public RefCounted<ServiceSink> {
public:
    virtual ~ServiceSink() = default;
    // Env::deliver: from inside a handler, interrupts possible. Answers the bytes taken.
    virtual u64 delivered(u32, std::span<const u8>) { return 0; }
    // Env::update_offer. The same context.
    virtual void updated(std::span<const u8>) {}
    // A fresh life offers it again and serves requests: what earlier ones were told is to be told
    // anew. Process context of the component manager: may submit, not wait.
    virtual void restarted() {}
    // Whether somebody uses it who would miss it. Process context, as the next two.
    virtual bool is_used() { return false; }
    // If it is unused, nobody is to begin to use it. False: somebody does.
    virtual bool retire() { return !is_used(); }
    // Takes back what retire() did.
    virtual void stay() {}
    // The service is gone for good; its gate answers io. Process context.
    virtual void withdrawn() {}
};

// What an instance announced, for the binder.
struct OfferedService {
    Gate& gate;
    Ref<GateOwner> owner;       // whoever keeps `gate` keeps this
    std::string_view instance;  // "virtio_blk0"
    std::string_view component; // "virtio_blk"
    std::string_view wished_name;
    std::span<const u8> properties; // the interface's Properties; the fingerprint was compared
};

// Builds the core's side. Process context, the instance is running. Errors: nomem, nospc.
using ServiceBinder = Result<Ref<ServiceSink>> (*)(const OfferedService& service);

struct InterfaceBinding {
    component::InterfaceId interface = component::InterfaceId::none;
    u64 fingerprint = 0;
    u32 property_bytes = 0;
    std::span<const component::OperationInfo> operations;
    ServiceBinder bind = nullptr;
};

template <component::Interface I>
constexpr InterfaceBinding binding_of(ServiceBinder bind) {
    return {I::id, component::fingerprint_of<I>(), sizeof(typename I::Properties), I::operations,
            bind};
}
// Before the first component starts. Errors: nospc.
Result<> register_interface(const InterfaceBinding& binding);
const InterfaceBinding* find_interface(component::InterfaceId interface);

} // namespace core

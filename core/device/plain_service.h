// SPDX-License-Identifier: BSD-2-Clause
// Services that need nothing of the core but to be found and asked: sources of entropy, clocks.
// Who asks waits for the answer; there is no queue, no state and no event.
#pragma once

#include "core/component/service_sink.h"

namespace core {

class PlainService final : public ServiceSink {
public:
    PlainService(component::InterfaceId interface, const OfferedService& service);

    component::InterfaceId interface() const { return interface_; }
    std::string_view instance() const { return {name_, name_length_}; } // "virtio_rng0"
    // Of all that ever were.
    u32 number() const { return number_; }
    // Waits for the answer. Process context, no locks held. Errors: the service's, io (it is gone).
    Result<u64> call(u16 operation, component::RequestArguments arguments = {});
    // The same with a frame's start as buffer, which the service fills.
    Result<u64> read_into(u16 operation, std::span<u8> frame);

    void withdrawn() override;

private:
    friend class PlainServices;
    const component::InterfaceId interface_;
    Gate& gate_;
    const Ref<GateOwner> owner_; // keeps the gate alive
    u32 number_ = 0;
    char name_[32] = {};
    usize name_length_;
    ListLink registry_link_;
};

// The first of its kind that is there. Process context. Errors: noent.
Result<Ref<PlainService>> find_plain_service(component::InterfaceId interface);
// Told when one comes or has gone. Process context. One listener for each kind, at start.
using PlainServiceListener = void (*)(PlainService& service, bool present);
void set_plain_service_listener(component::InterfaceId interface, PlainServiceListener listener);
// Once, before the first component. Errors: nomem, nospc.
Result<> start_plain_services();

} // namespace core

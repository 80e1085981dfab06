// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/plain_service.h"

#include "abi/component/clock.h"
#include "abi/component/entropy.h"
#include "core/memory/kernel_map.h"
#include "core/sync/guarded.h"

namespace core {

using component::InterfaceId;

PlainService::PlainService(InterfaceId interface, const OfferedService& service)
    : interface_(interface), gate_(service.gate), owner_(service.owner) {
    name_length_ = service.instance.copy(name_, sizeof name_);
}

Result<u64> PlainService::call(u16 operation, component::RequestArguments arguments) {
    GateCall call;
    call.request.operation = operation;
    call.request.arguments = arguments;
    return gate_.call(call);
}

Result<u64> PlainService::read_into(u16 operation, std::span<u8> frame) {
    const BufferPiece piece{physical_of(KernelVirt(frame.data())), frame.size()};
    GateCall call;
    call.request.operation = operation;
    call.request.buffer = {component::ObjectId::own_request, component::BufferRights::write, 0,
                           frame.size()};
    call.pieces = {&piece, 1};
    const u64 got = TRY(gate_.call(call));
    return got <= frame.size() ? Result<u64>(got) : Failure(Errno::io);
}

class PlainServices {
public:
    struct State {
        List<PlainService, &PlainService::registry_link_> services; // owns a reference to each
        u32 next = 0;
        PlainServiceListener entropy = nullptr, clock = nullptr;

        PlainServiceListener& listener(InterfaceId interface) {
            return interface == InterfaceId::clock ? clock : entropy;
        }
    };
    static Guarded<State, lock_class::plain_services>* state;

    template <typename Interface>
    static Result<Ref<ServiceSink>> bind(const OfferedService& offered) {
        Ref<PlainService> made = TRY(Ref<PlainService>::create(Interface::id, offered));
        PlainServiceListener listener;
        {
            auto locked = state->lock();
            made->number_ = locked->next++;
            Ref<PlainService> kept = made;
            locked->services.push_back(*kept.release());
            listener = locked->listener(Interface::id);
        }
        if (listener)
            listener(*made, true);
        return Ref<ServiceSink>(std::move(made));
    }
    static void remove(PlainService& service) {
        PlainServiceListener listener;
        {
            auto locked = state->lock();
            if (!service.registry_link_.is_linked())
                return;
            service.registry_link_.unlink();
            listener = locked->listener(service.interface());
        }
        const Ref<PlainService> last = Ref<PlainService>::adopt(&service);
        if (listener)
            listener(*last, false);
    }
};
Guarded<PlainServices::State, lock_class::plain_services>* PlainServices::state;

void PlainService::withdrawn() { PlainServices::remove(*this); }

Result<Ref<PlainService>> find_plain_service(InterfaceId interface) {
    auto locked = PlainServices::state->lock();
    for (PlainService& service : locked->services) {
        if (service.interface() == interface)
            return Ref<PlainService>::share(service);
    }
    return Failure(Errno::noent);
}

void set_plain_service_listener(InterfaceId interface, PlainServiceListener listener) {
    PlainServices::state->lock()->listener(interface) = listener;
}

Result<> start_plain_services() {
    PlainServices::state =
        new (base::fallible) Guarded<PlainServices::State, lock_class::plain_services>;
    if (!PlainServices::state)
        return Failure(Errno::nomem);
    TRY(register_interface(
        binding_of<component::Entropy>(&PlainServices::bind<component::Entropy>)));
    return register_interface(binding_of<component::Clock>(&PlainServices::bind<component::Clock>));
}

} // namespace core

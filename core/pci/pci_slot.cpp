// SPDX-License-Identifier: BSD-2-Clause
#include "core/pci/pci_slot.h"

#include "core/gate/waiting.h"
#include "core/observe/log.h"
#include "core/pci/registers.h"
#include "core/time/clock.h"

namespace core {

namespace space = pci_space;

namespace {

// How long a slot may take over a command (6.7.3.2), and a link over its training (6.6.1).
constexpr Nanos command_limit = base::seconds(1);
constexpr Nanos link_settles = base::milliseconds(100);
constexpr Nanos poll_interval = base::milliseconds(1);

} // namespace

Result<Box<PciSlot>> PciSlot::create(PciDevice& port) {
    const u32 capability = port.find_capability(space::capability_express);
    if (capability == 0)
        return Failure(Errno::nodev);
    const u32 flags = port.config(capability + space::express_flags, 2);
    const u32 type = flags >> space::flags_type_shift & 15;
    if ((type != space::type_root_port && type != space::type_downstream_port) ||
        !(flags & space::flags_slot) ||
        !(port.config(capability + space::slot_capabilities, 4) & space::slot_can_hot_plug))
        return Failure(Errno::nodev);
    Box<PciSlot> slot = TRY(Box<PciSlot>::create(port, capability));
    TRY(slot->listen());
    return slot;
}

PciSlot::PciSlot(PciDevice& port, u32 capability)
    : port_(port), capability_(capability),
      features_(port.config(capability + space::slot_capabilities, 4)) {}

PciSlot::~PciSlot() {
    if (!listening_)
        return;
    control(space::slot_enable_interrupt, 0);
    port_.disconnect_interrupt(line_);
}

Result<> PciSlot::listen() {
    TRY(port_.open());
    const u32 flags = port_.config(capability_ + space::express_flags, 2);
    const u32 number = flags >> space::flags_message_shift & 31;
    if (TRY(port_.prepare_messages(number + 1)) > number)
        line_ = number;
    // What happened before is seen by the scan that follows.
    port_.set_config(capability_ + space::slot_status, 2, space::slot_events);
    TRY(port_.connect_interrupt(line_, &interrupt_arrived, this));
    listening_ = true;
    control(0, space::slot_enable_button | space::slot_enable_presence | space::slot_enable_link |
                   space::slot_enable_interrupt);
    return {};
}

u32 PciSlot::status() const { return port_.config(capability_ + space::slot_status, 2); }

void PciSlot::interrupt_arrived(void* argument, u32 line) {
    auto& slot = *static_cast<PciSlot*>(argument);
    // Command completion is waited for where the command is given.
    constexpr u32 wanted = space::slot_events & ~space::slot_command_completed;
    u32 news = 0;
    // A message is sent when the first of them is set, none while others still are: so until none
    // is. Bounded, for a port that is gone reads as ones.
    for (u32 tries = 0; tries < 8; ++tries) {
        const u32 now = slot.status() & wanted;
        if (now == 0)
            break;
        news |= now;
        slot.port_.set_config(slot.capability_ + space::slot_status, 2, now);
    }
    slot.port_.acknowledge_interrupt(line);
    if (news == 0)
        return;
    slot.events_.fetch_or(news, std::memory_order_release);
    PciTopology::wake();
}

// One command: the slot may take its time, and none may follow before (6.7.3.2).
void PciSlot::control(u32 clear, u32 set) {
    const u32 at = capability_ + space::slot_control;
    const u32 before = port_.config(at, 2);
    const u32 after = (before & ~clear) | set;
    if (after == before)
        return;
    port_.set_config(capability_ + space::slot_status, 2, space::slot_command_completed);
    port_.set_config(at, 2, after);
    if (features_ & space::slot_no_command_completed)
        return;
    const Nanos deadline = now() + command_limit;
    while (!(status() & space::slot_command_completed) && now() < deadline)
        wait_until(now() + poll_interval);
    port_.set_config(capability_ + space::slot_status, 2, space::slot_command_completed);
}

void PciSlot::switch_on() {
    control(space::slot_indicator | space::slot_power_off, space::slot_indicator_on);
    wait_until(now() + link_settles);
}

void PciSlot::switch_off() {
    control(space::slot_indicator, space::slot_indicator_off |
                                       (features_ & space::slot_has_power_control
                                            ? space::slot_power_off
                                            : 0));
}

void PciSlot::attend(PciBus& bus) {
    const u32 events = events_.exchange(0, std::memory_order_acquire);
    if (events == 0)
        return;
    const bool present = (status() & space::slot_present) != 0;
    if (!present) {
        bus.remove_all(Departure::pulled_out);
        switch_off();
        return;
    }
    if (!bus.is_empty() && bus.remove_lost() == 0 && !(events & space::slot_button_pressed))
        return;
    if (!bus.is_empty()) { // the button asks to let go; there is nobody to change their mind
        bus.remove_all(Departure::in_order);
        switch_off();
        return;
    }
    switch_on();
    if (const auto found = bus.scan(); !found)
        LOG_ERROR("{}: slot: {}", port_.name(), found.error());
    else if (*found == 0)
        LOG_WARNING("{}: slot: a device that does not answer", port_.name());
}

} // namespace core

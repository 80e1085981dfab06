// SPDX-License-Identifier: BSD-2-Clause
// Offsets and bits of PCI configuration space (PCI Local Bus 3.0, chapter 6; PCI-to-PCI Bridge 1.2,
// 3.2; PCI Express Base 5.0, 7.5.3).
#pragma once

#include "base/types.h"

namespace core::pci_space {

inline constexpr u32 vendor = 0x00, device = 0x02, command = 0x04, status = 0x06, revision = 0x08,
                     header_type = 0x0e, first_bar = 0x10, subsystem_vendor = 0x2c,
                     subsystem = 0x2e, capabilities = 0x34, interrupt_line = 0x3c,
                     interrupt_pin = 0x3d;
inline constexpr u32 command_ports = 1, command_memory = 2, command_master = 4,
                     command_no_line = 0x400;
inline constexpr u32 status_capabilities = 0x10;
inline constexpr u32 header_bridge = 1, header_many_functions = 0x80;

// A bridge's header.
inline constexpr u32 secondary_bus = 0x19, subordinate_bus = 0x1a, port_base = 0x1c,
                     port_limit = 0x1d, memory_base = 0x20, memory_limit = 0x22,
                     prefetch_base = 0x24, prefetch_limit = 0x26, prefetch_base_high = 0x28,
                     prefetch_limit_high = 0x2c, port_base_high = 0x30, port_limit_high = 0x32;

inline constexpr u8 capability_msi = 0x05, capability_express = 0x10, capability_msix = 0x11;

// Within the Express capability.
inline constexpr u32 express_flags = 0x02, link_status = 0x12, slot_capabilities = 0x14,
                     slot_control = 0x18, slot_status = 0x1a;
inline constexpr u32 flags_type_shift = 4, type_root_port = 4, type_downstream_port = 6,
                     type_bridge_to_pci = 7, flags_slot = 1 << 8, flags_message_shift = 9;
inline constexpr u32 slot_can_hot_plug = 1 << 6, slot_has_power_control = 1 << 1,
                     slot_no_command_completed = 1 << 18;
// Slot control: which events interrupt, the power indicator, the power itself.
inline constexpr u32 slot_enable_button = 1 << 0, slot_enable_presence = 1 << 3,
                     slot_enable_interrupt = 1 << 5, slot_enable_link = 1 << 12;
inline constexpr u32 slot_indicator = 3 << 8, slot_indicator_on = 1 << 8,
                     slot_indicator_blinks = 2 << 8, slot_indicator_off = 3 << 8,
                     slot_power_off = 1 << 10;
// Slot status: events are cleared by writing ones.
inline constexpr u32 slot_button_pressed = 1 << 0, slot_presence_changed = 1 << 3,
                     slot_command_completed = 1 << 4, slot_present = 1 << 6,
                     slot_link_changed = 1 << 8;
inline constexpr u32 slot_events = 0x11f;

} // namespace core::pci_space

// SPDX-License-Identifier: BSD-2-Clause
// Numbers and registers of Virtio 1.2 that all virtio devices share
// (sections 2.1, 4.1.4, 4.2.2, 4.2.4, 6).
#pragma once

#include "abi/component/registers.h"

namespace virtio {

using component::Env;
using component::Register;
using component::Window;

// Device status (2.1).
namespace status {
inline constexpr u32 acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8, needs_reset = 64,
                     failed = 128;
}

// Feature bits that belong to no device type (6).
namespace feature {
inline constexpr u64 ring_indirect = u64{1} << 28;
inline constexpr u64 ring_event_index = u64{1} << 29;
inline constexpr u64 version_1 = u64{1} << 32;
inline constexpr u64 access_platform = u64{1} << 33;
} // namespace feature

// Why a device interrupts (4.1.4.5, 4.2.2).
namespace cause {
inline constexpr u32 queue = 1, configuration = 2;
}

// The common configuration structure of the PCI transport (4.1.4.3).
namespace pci {
using DeviceFeatureSelect = Register<0x00, u32>;
using DeviceFeature = Register<0x04, u32>;
using DriverFeatureSelect = Register<0x08, u32>;
using DriverFeature = Register<0x0c, u32>;
using ConfigurationVector = Register<0x10, u16>;
using QueueCount = Register<0x12, u16>;
using DeviceStatus = Register<0x14, u8>;
using ConfigurationGeneration = Register<0x15, u8>;
using QueueSelect = Register<0x16, u16>;
using QueueSize = Register<0x18, u16>;
using QueueVector = Register<0x1a, u16>;
using QueueEnable = Register<0x1c, u16>;
using QueueNotifyOffset = Register<0x1e, u16>;
using QueueDescriptorLow = Register<0x20, u32>;
using QueueDescriptorHigh = Register<0x24, u32>;
using QueueDriverLow = Register<0x28, u32>;
using QueueDriverHigh = Register<0x2c, u32>;
using QueueDeviceLow = Register<0x30, u32>;
using QueueDeviceHigh = Register<0x34, u32>;
inline constexpr u64 common_length = 0x38;
using InterruptStatus = Register<0x00, u8>; // 4.1.4.5
inline constexpr u16 no_vector = 0xffff;

// Vendor capabilities (4.1.4): offsets in each, and which structure it tells of.
inline constexpr u8 vendor_capability = 0x09;
inline constexpr u8 msix_capability = 0x11;
inline constexpr u8 structure_common = 1, structure_notify = 2, structure_interrupt = 3,
                    structure_device = 4;
} // namespace pci

// The registers of the MMIO transport (4.2.2), and those of its legacy version 1 (4.2.4).
namespace mmio {
using Magic = Register<0x000, u32>;
using Version = Register<0x004, u32>;
using DeviceId = Register<0x008, u32>;
using DeviceFeature = Register<0x010, u32>;
using DeviceFeatureSelect = Register<0x014, u32>;
using DriverFeature = Register<0x020, u32>;
using DriverFeatureSelect = Register<0x024, u32>;
using LegacyPageSize = Register<0x028, u32>;
using QueueSelect = Register<0x030, u32>;
using QueueSizeMaximum = Register<0x034, u32>;
using QueueSize = Register<0x038, u32>;
using LegacyQueueAlign = Register<0x03c, u32>;
using LegacyQueuePage = Register<0x040, u32>;
using QueueReady = Register<0x044, u32>;
using QueueNotify = Register<0x050, u32>;
using InterruptStatus = Register<0x060, u32>;
using InterruptAcknowledge = Register<0x064, u32>;
using DeviceStatus = Register<0x070, u32>;
using QueueDescriptorLow = Register<0x080, u32>;
using QueueDescriptorHigh = Register<0x084, u32>;
using QueueDriverLow = Register<0x090, u32>;
using QueueDriverHigh = Register<0x094, u32>;
using QueueDeviceLow = Register<0x0a0, u32>;
using QueueDeviceHigh = Register<0x0a4, u32>;
using ConfigurationGeneration = Register<0x0fc, u32>;
inline constexpr u64 device_configuration = 0x100;
inline constexpr u32 magic = 0x7472'6976; // "virt"
} // namespace mmio

// A page as the legacy transport counts them, and the alignment of its used ring.
inline constexpr u32 legacy_page = 4096;

} // namespace virtio

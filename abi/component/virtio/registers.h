// SPDX-License-Identifier: BSD-2-Clause
// Registers and ring structures of virtio 1.2 (OASIS, "VIRTIO 1.2"): section numbers stand beside each.
#pragma once

#include "abi/component/registers.h"

namespace component::virtio {

// 2.1 Device status.
namespace status {
inline constexpr u32 acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8,
                     needs_reset = 64, failed = 128;
}

// 6 Reserved feature bits; the device's own lie below 24 and from 50 on.
namespace feature {
inline constexpr u64 indirect_descriptors = u64{1} << 28, event_index = u64{1} << 29,
                     version_1 = u64{1} << 32, access_platform = u64{1} << 33,
                     ring_packed = u64{1} << 34;
}

// 4.1.4.3 Common configuration structure of a PCI device.
namespace common {
using DeviceFeatureSelect = Register<0x00, u32>;
using DeviceFeature = Register<0x04, u32>;
using DriverFeatureSelect = Register<0x08, u32>;
using DriverFeature = Register<0x0c, u32>;
using ConfigVector = Register<0x10, u16>;
using QueueCount = Register<0x12, u16>;
using Status = Register<0x14, u8>;
using Generation = Register<0x15, u8>;
using QueueSelect = Register<0x16, u16>;
using QueueSize = Register<0x18, u16>;
using QueueVector = Register<0x1a, u16>;
using QueueEnable = Register<0x1c, u16>;
using QueueNotifyOffset = Register<0x1e, u16>;
using QueueDescriptorsLow = Register<0x20, u32>;
using QueueDescriptorsHigh = Register<0x24, u32>;
using QueueAvailableLow = Register<0x28, u32>;
using QueueAvailableHigh = Register<0x2c, u32>;
using QueueUsedLow = Register<0x30, u32>;
using QueueUsedHigh = Register<0x34, u32>;
inline constexpr u16 no_vector = 0xffff;
} // namespace common

// 4.1.4 Vendor capability in configuration space.
namespace capability {
inline constexpr u32 vendor_id = 0x09;
inline constexpr u32 type = 3, bar = 4, offset = 8, length = 12, notify_multiplier = 16;
inline constexpr u32 common = 1, notify = 2, interrupt = 3, device = 4;
} // namespace capability

// 4.2.2 MMIO device register layout; 4.2.4 legacy ones.
namespace mmio {
using Magic = Register<0x000, u32>;
using Version = Register<0x004, u32>;
using DeviceId = Register<0x008, u32>;
using DeviceFeatures = Register<0x010, u32>;
using DeviceFeaturesSelect = Register<0x014, u32>;
using DriverFeatures = Register<0x020, u32>;
using DriverFeaturesSelect = Register<0x024, u32>;
using GuestPageSize = Register<0x028, u32>; // legacy
using QueueSelect = Register<0x030, u32>;
using QueueSizeMaximum = Register<0x034, u32>;
using QueueSize = Register<0x038, u32>;
using QueueAlign = Register<0x03c, u32>; // legacy
using QueuePage = Register<0x040, u32>;  // legacy
using QueueReady = Register<0x044, u32>;
using QueueNotify = Register<0x050, u32>;
using InterruptStatus = Register<0x060, u32>;
using InterruptAcknowledge = Register<0x064, u32>;
using Status = Register<0x070, u32>;
using QueueDescriptorsLow = Register<0x080, u32>;
using QueueDescriptorsHigh = Register<0x084, u32>;
using QueueAvailableLow = Register<0x090, u32>;
using QueueAvailableHigh = Register<0x094, u32>;
using QueueUsedLow = Register<0x0a0, u32>;
using QueueUsedHigh = Register<0x0a4, u32>;
using Generation = Register<0x0fc, u32>;
inline constexpr u64 device_configuration = 0x100;
inline constexpr u32 magic = 0x7472'6976; // "virt"
} // namespace mmio

// 4.1.4.5, 4.2.2: bits of the interrupt status.
inline constexpr u32 interrupt_queue = 1, interrupt_configuration = 2;

// 2.7.5 Descriptor table.
struct Descriptor {
    u64 address;
    u32 length;
    u16 flags;
    u16 next;
};
static_assert(sizeof(Descriptor) == 16);
namespace descriptor_flag {
inline constexpr u16 next = 1, device_writes = 2, indirect = 4;
}

} // namespace component::virtio

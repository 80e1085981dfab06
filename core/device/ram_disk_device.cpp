// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/ram_disk_device.h"

#include "base/format.h"

namespace core {
namespace {

class RamDiskDevice final : public Device {
public:
    RamDiskDevice(std::string_view name, KernelMapping memory)
        : Device(name, {component::DeviceBus::platform, 0, 0, 0, 0, 0}),
          memory_(std::move(memory)) {
        platform_kind_ = "ram_disk";
        (void)add_window({DeviceWindow::Kind::storage, 0, 0, memory_.size().value});
    }

    Result<std::span<u8>> storage(u32 window, u64 offset) override {
        if (window != 0 || offset >= memory_.size().value)
            return Failure(Errno::inval);
        return std::span<u8>(memory_.as<u8>() + offset, memory_.size().value - offset);
    }

private:
    KernelMapping memory_;
};

} // namespace

Result<> add_ram_disks(u32 count, u64 bytes) {
    for (u32 i = 0; i < count; ++i) {
        KernelMapping memory =
            TRY(KernelMapping::allocate(base::bytes_of(base::pages_covering(Bytes(bytes))),
                                        KernelProtection::read_write));
        const base::Text<32> name("ramdisk.{}", i);
        Ref<RamDiskDevice> device =
            TRY(Ref<RamDiskDevice>::create(name.view(), std::move(memory)));
        TRY(add_device(std::move(device)));
    }
    return {};
}

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// Start-up of components and devices, in order.
#include "core/component/manager.h"
#include "core/device/block_device.h"
#include "core/device/byte_stream_device.h"
#include "core/device/plain_service.h"
#include "core/device/platform_device.h"
#include "core/gate/services.h"
#include "core/init/command_line.h"
#include "core/init/task.h"
#include "core/observe/log.h"
#include "core/pci/pci_bus.h"

namespace core {
namespace {

void start_components() {
    MUST(start_gate_services(), "boot has memory");
    MUST(start_block_devices(), "boot has memory");
    MUST(start_byte_streams(), "boot has memory");
    MUST(start_plain_services(), "boot has memory");
    MUST(start_component_manager(), "boot has memory");
    start_device_matching();
}

void find_devices() {
    if (const Result<> added = add_platform_devices(); !added)
        LOG_ERROR("devices: {}", added.error());
    const auto pci = boot_option("pci");
    if (pci && *pci == "off")
        return;
    if (const Result<> found = start_pci(); !found && found.error() != Errno::nodev)
        LOG_ERROR("pci: {}", found.error());
}

INIT_TASK(components, "components", "", &start_components);
INIT_TASK(devices, "devices", "components servers", &find_devices);

} // namespace
} // namespace core

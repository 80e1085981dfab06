// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace linux {

// proc, sysfs, devpts and the others without a device.
void register_pseudo_file_systems();

} // namespace linux

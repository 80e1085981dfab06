// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace arch {

[[noreturn]] void power_off();
[[noreturn]] void restart();
// Tells a hypervisor that the kernel stopped for good, if it listens. May not return.
void report_panic_to_machine();

} // namespace arch

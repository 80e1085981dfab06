// SPDX-License-Identifier: BSD-2-Clause
// Ending the machine's run. The personality has synced and told its programs before.
#pragma once

namespace core {

[[noreturn]] void power_off();
[[noreturn]] void restart();
[[noreturn]] void halt();

} // namespace core

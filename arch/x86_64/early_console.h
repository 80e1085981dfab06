// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace arch {

// Takes COM1 as the early console; false if there is no such port.
bool start_early_console();

} // namespace arch

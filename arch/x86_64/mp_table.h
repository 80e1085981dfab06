// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "arch/x86_64/acpi.h"

namespace arch {

// Fills CPUs, I/O APICs and overrides from the MultiProcessor tables; false if there are none.
bool read_mp_table(Platform& target);

} // namespace arch

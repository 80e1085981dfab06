// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace arch {

// First CPU, once, after the ACPI tables were read: maps every I/O APIC, all lines masked.
void start_io_apics();

} // namespace arch

// SPDX-License-Identifier: BSD-2-Clause
// What this CPU can do. Read once on the first CPU; the others are assumed equal (and checked).
#pragma once

#include "base/types.h"

namespace arch {

struct CpuFeatures {
    bool no_execute, gigabyte_pages, smep, smap, umip, xsave, xsaveopt, rdrand, rdtscp, fsgsbase;
    bool invariant_timestamp, tsc_deadline, erms, fast_short_rep, x2apic, hypervisor, five_levels;
    u64 vector_components; // XCR0 bits the kernel turns on
    u32 vector_size;       // bytes of the XSAVE area for them
};
const CpuFeatures& cpu_features();

// First CPU, once, before anything else asks.
void detect_features();
// Each CPU: control registers, NX, SMEP, SMAP, UMIP, vector units, system-call registers.
void enable_features();
// First CPU, once: removes stac and clac from the code where the CPU has no SMAP.
void patch_smap_sites();

} // namespace arch

// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/hpet.h"

#include "core/memory/kernel_map.h"

namespace arch {
namespace {

// Register offsets and fields (section 2.3).
constexpr u32 register_period = 0x04, // femtoseconds: the upper half of the capabilities
    register_configuration = 0x10, register_counter = 0xf0;
constexpr u32 enable = 1;
constexpr u32 longest_period = 0x05f5'e100; // section 2.3.4
constexpr u64 femtoseconds = 1'000'000'000'000'000;

constinit volatile u32* g_registers = nullptr;
constinit u32 g_period = 0;

volatile u32& at(u32 offset) { return g_registers[offset / sizeof(u32)]; }

} // namespace

bool start_hpet(u64 physical) {
    static constinit core::KernelMapping mapping;
    if (physical == 0 || physical % 1024 != 0) // section 3.2.4: at a multiple of 1 KiB
        return false;
    const u64 page = physical & ~(page_size - 1);
    auto mapped = core::KernelMapping::map_device(PhysAddr(page), Bytes(page_size),
                                                  core::CacheMode::uncached);
    if (!mapped)
        return false;
    mapping = std::move(*mapped);
    g_registers = reinterpret_cast<volatile u32*>(mapping.as<u8>() + (physical - page));
    g_period = at(register_period);
    if (g_period == 0 || g_period > longest_period)
        return false;
    at(register_configuration) = at(register_configuration) | enable;
    return true;
}

u64 hpet_rate() { return femtoseconds / g_period; }
u32 hpet_count() { return at(register_counter); }

} // namespace arch

// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/features.h"

#include "arch/api/page_table.h"
#include "arch/api/user_frame.h"
#include "arch/x86_64/registers.h"
#include "base/memory_functions.h"
#include "core/memory/kernel_map.h"

extern "C" {
extern const i32 smap_sites_start[];
extern const i32 smap_sites_end[];
}

namespace arch {
namespace {

constinit CpuFeatures g_features{};

constexpr u64 xcr0_x87 = 1, xcr0_sse = 2, xcr0_avx = 4, xcr0_avx512 = 0xe0;

bool bit(u32 word, unsigned n) { return (word >> n & 1) != 0; }

void write_xcr0(u64 value) {
    asm volatile("xsetbv" ::"c"(0), "a"(static_cast<u32>(value)),
                 "d"(static_cast<u32>(value >> 32)));
}

// Which XSAVE components to use, and how large the area for them is.
void detect_vector_state(u32 leaf1_ecx) {
    g_features.vector_size = 512 + 64;
    g_features.vector_components = xcr0_x87 | xcr0_sse;
    g_features.xsave = bit(leaf1_ecx, 26);
    if (!g_features.xsave)
        return;
    const CpuidResult state = cpuid(0xd, 0);
    const u64 offered = (u64{state.edx} << 32) | state.eax;
    g_features.vector_components = offered & (xcr0_x87 | xcr0_sse | xcr0_avx | xcr0_avx512);
    g_features.xsaveopt = bit(cpuid(0xd, 1).eax, 0);
    write_cr4(read_cr4() | cr4::xsave);
    write_xcr0(g_features.vector_components);
    g_features.vector_size = cpuid(0xd, 0).ebx; // for what XCR0 holds now
}

} // namespace

u64 supported_page_bits = ~u64{0};

const CpuFeatures& cpu_features() { return g_features; }

void detect_features() {
    const CpuidResult leaf1 = cpuid(1);
    const u32 highest = cpuid(0).eax;
    const CpuidResult leaf7 = highest >= 7 ? cpuid(7) : CpuidResult{};
    const u32 highest_extended = cpuid(0x8000'0000).eax;
    const CpuidResult extended = cpuid(0x8000'0001);
    CpuFeatures& f = g_features;
    f.no_execute = bit(extended.edx, 20);
    f.gigabyte_pages = bit(extended.edx, 26);
    f.rdtscp = bit(extended.edx, 27);
    f.rdrand = bit(leaf1.ecx, 30);
    f.hypervisor = bit(leaf1.ecx, 31);
    f.x2apic = bit(leaf1.ecx, 21);
    f.tsc_deadline = bit(leaf1.ecx, 24);
    f.fsgsbase = bit(leaf7.ebx, 0);
    f.smep = bit(leaf7.ebx, 7);
    f.erms = bit(leaf7.ebx, 9);
    f.smap = bit(leaf7.ebx, 20);
    f.umip = bit(leaf7.ecx, 2);
    f.five_levels = bit(leaf7.ecx, 16);
    f.fast_short_rep = bit(leaf7.edx, 4);
    f.invariant_timestamp = highest_extended >= 0x8000'0007 && bit(cpuid(0x8000'0007).edx, 8);
    detect_vector_state(leaf1.ecx);
    if (!f.no_execute)
        supported_page_bits = ~page_bit::no_execute;
}

extern "C" {
void entry_syscall();
void entry_syscall32();
}

void enable_features() {
    const CpuFeatures& f = g_features;
    write_cr0((read_cr0() | cr0::monitor_coprocessor | cr0::numeric_error | cr0::write_protect |
               cr0::alignment_mask) &
              ~(cr0::emulation | cr0::task_switched | 0x6000'0000ull));
    u64 control = read_cr4() | cr4::global_pages | cr4::fxsave | cr4::xmm_exceptions;
    control |= (f.xsave ? cr4::xsave : 0) | (f.smep ? cr4::smep : 0) | (f.smap ? cr4::smap : 0) |
               (f.umip ? cr4::umip : 0);
    // CR4.FSGSBASE stays off: a program must not choose its GS base freely, see paranoid_interrupt.
    write_cr4(control & ~cr4::fsgsbase);
    if (f.xsave)
        write_xcr0(f.vector_components);
    write_msr(msr::efer,
              read_msr(msr::efer) | efer::system_call | (f.no_execute ? efer::no_execute : 0));
    // sysret takes SS and CS from STAR 63:48 (+8, +16), syscall from 47:32 (SDM 5.8.8).
    write_msr(msr::star, (user_code32_selector << 48) | (kernel_code_selector << 32));
    write_msr(msr::lstar, reinterpret_cast<u64>(&entry_syscall));
    write_msr(msr::cstar, reinterpret_cast<u64>(&entry_syscall32));
    // Cleared at entry: TF, IF, DF, IOPL, NT, RF, AC.
    write_msr(msr::fmask, 0x0005'7700);
    // PAT as Linux has it: entry 1 write-combining instead of write-through, for framebuffers.
    write_msr(msr::pat, 0x0007'0406'0007'0106);
}

void patch_smap_sites() {
    if (g_features.smap)
        return;
    // The text is read-only in its own mapping; the map of all memory reaches the same bytes.
    static constexpr u8 nop3[] = {0x0f, 0x1f, 0x00};
    for (const i32* site = smap_sites_start; site != smap_sites_end; ++site) {
        const u64 address = reinterpret_cast<u64>(site) + static_cast<u64>(static_cast<i64>(*site));
        memcpy(core::kernel_text_view(KernelVirt(address)), nop3, sizeof nop3);
    }
}

u64 hardware_random() {
    if (!g_features.rdrand)
        return 0;
    for (int tries = 0; tries < 10; ++tries) {
        u64 value;
        bool good;
        asm volatile("rdrand %0" : "=r"(value), "=@ccc"(good));
        if (good)
            return value;
    }
    return 0;
}

} // namespace arch

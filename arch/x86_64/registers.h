// SPDX-License-Identifier: BSD-2-Clause
// Control registers, model-specific registers, CPUID and ports, as functions with names. Intel SDM
// volumes 2 to 4.
#pragma once

#include "base/types.h"

namespace arch {

namespace msr {
inline constexpr u32 apic_base = 0x1b;
inline constexpr u32 tsc_deadline = 0x6e0;
inline constexpr u32 efer = 0xc000'0080;
inline constexpr u32 star = 0xc000'0081;
inline constexpr u32 lstar = 0xc000'0082;
inline constexpr u32 cstar = 0xc000'0083;
inline constexpr u32 fmask = 0xc000'0084;
inline constexpr u32 fs_base = 0xc000'0100;
inline constexpr u32 gs_base = 0xc000'0101;
inline constexpr u32 kernel_gs_base = 0xc000'0102;
inline constexpr u32 tsc_aux = 0xc000'0103;
inline constexpr u32 pat = 0x277;
} // namespace msr

inline u64 read_msr(u32 number) {
    u32 low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (u64{high} << 32) | low;
}
inline void write_msr(u32 number, u64 value) {
    asm volatile("wrmsr" ::"c"(number), "a"(static_cast<u32>(value)),
                 "d"(static_cast<u32>(value >> 32))
                 : "memory");
}

#define PITH_CONTROL_REGISTER(name)                                                                \
    inline u64 read_##name() {                                                                     \
        u64 value;                                                                                 \
        asm volatile("movq %%" #name ", %0" : "=r"(value));                                        \
        return value;                                                                              \
    }                                                                                              \
    inline void write_##name(u64 value) {                                                          \
        asm volatile("movq %0, %%" #name ::"r"(value) : "memory");                                 \
    }
PITH_CONTROL_REGISTER(cr0)
PITH_CONTROL_REGISTER(cr2)
PITH_CONTROL_REGISTER(cr3)
PITH_CONTROL_REGISTER(cr4)
#undef PITH_CONTROL_REGISTER

namespace cr0 {
inline constexpr u64 monitor_coprocessor = 1 << 1, emulation = 1 << 2, task_switched = 1 << 3,
                     numeric_error = 1 << 5, write_protect = 1 << 16, alignment_mask = 1 << 18;
}
namespace cr4 {
inline constexpr u64 global_pages = 1 << 7, fxsave = 1 << 9, xmm_exceptions = 1 << 10,
                     umip = 1 << 11, fsgsbase = 1 << 16, xsave = 1 << 18, smep = 1 << 20,
                     smap = 1 << 21;
}
namespace efer {
inline constexpr u64 system_call = 1 << 0, long_mode = 1 << 8, no_execute = 1 << 11;
}

struct CpuidResult {
    u32 eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(u32 leaf, u32 subleaf = 0) {
    CpuidResult r{leaf, 0, subleaf, 0};
    asm volatile("cpuid" : "+a"(r.eax), "=b"(r.ebx), "+c"(r.ecx), "=d"(r.edx));
    return r;
}

inline void write_port8(u16 port, u8 value) {
    asm volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
inline void write_port16(u16 port, u16 value) {
    asm volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}
inline void write_port32(u16 port, u32 value) {
    asm volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}
inline u8 read_port8(u16 port) {
    u8 value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline u16 read_port16(u16 port) {
    u16 value;
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline u32 read_port32(u16 port) {
    u32 value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

} // namespace arch

// SPDX-License-Identifier: BSD-2-Clause
#include "arch/api/audit.h"

#ifdef PITH_DEBUG

#include "arch/api/cpu.h"
#include "arch/api/kernel_table.h"
#include "arch/api/page_table.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/shadow.h"

namespace arch {
namespace {

struct Walk {
    void (*visit)(const KernelPage& page, void* argument);
    void* argument;

    // The rights are those of all tables on the way together.
    void table(u64 physical, unsigned level, u64 base, KernelPage above) {
        const u64* entries = table_view(PhysAddr(physical));
        const u64 span = u64{1} << (12 + 9 * (level - 1));
        for (u64 i = 0; i < 512; ++i) {
            const u64 entry = entries[i];
            if (!(entry & page_bit::present) || is_shared_shadow(entry, level))
                continue;
            u64 address = base + i * span;
            if (level == 4 && i >= 256)
                address |= 0xffff'0000'0000'0000;
            KernelPage page = above;
            page.write = page.write && (entry & page_bit::writable);
            page.execute = page.execute && !(entry & page_bit::no_execute);
            page.user = page.user && (entry & page_bit::user);
            page.some_user = page.some_user || (entry & page_bit::user);
            if (level > 1 && !(entry & page_bit::huge)) {
                table(entry & page_bit::address_mask, level - 1, address, page);
                continue;
            }
            page.address = address;
            page.physical = entry & page_bit::address_mask & ~(span - 1);
            page.size = span;
            visit(page, argument);
        }
    }
};

} // namespace

void for_each_kernel_page(void (*visit)(const KernelPage& page, void* argument), void* argument) {
    Walk walk{visit, argument};
    walk.table(kernel_root(), 4, 0,
               {.address = 0,
                .physical = 0,
                .size = 0,
                .write = true,
                .execute = true,
                .user = true,
                .some_user = false});
}

const char* missing_protection() {
    const CpuFeatures& features = cpu_features();
    const u64 control0 = read_cr0(), control4 = read_cr4();
    if (!(control0 & cr0::write_protect))
        return "write protection is off";
    if (features.smep && !(control4 & cr4::smep))
        return "SMEP is off";
    if (features.smap && !(control4 & cr4::smap))
        return "SMAP is off";
    if (features.umip && !(control4 & cr4::umip))
        return "UMIP is off";
    if (control4 & cr4::fsgsbase)
        return "FSGSBASE is on";
    if (features.no_execute && !(read_msr(msr::efer) & efer::no_execute))
        return "no-execute is off";
    if (flags_register() & (u64{1} << 18))
        return "SMAP is lifted";
    return nullptr;
}

void drop_protection(CpuProtection protection) {
    switch (protection) {
    case CpuProtection::smep: write_cr4(read_cr4() & ~cr4::smep); break;
    case CpuProtection::smap: write_cr4(read_cr4() & ~cr4::smap); break;
    case CpuProtection::umip: write_cr4(read_cr4() & ~cr4::umip); break;
    case CpuProtection::write_protect: write_cr0(read_cr0() & ~cr0::write_protect); break;
    }
}

void for_each_exception_stack(void (*visit)(u64 bottom, void* argument), void* argument) {
    for (u64 cpus = online_cpu_mask(); cpus != 0; cpus &= cpus - 1) {
        const CpuArea& area = cpu_area(static_cast<u32>(__builtin_ctzll(cpus)));
        for (unsigned i = 0; i < 3; ++i)
            visit(area.task_state.interrupt_stacks[i] - interrupt_stack_size, argument);
    }
}

void divide_by_zero() {
    u32 quotient = 1, remainder = 0;
    asm volatile("divl %2" : "+a"(quotient), "+d"(remainder) : "r"(0) : "cc");
}
void execute_undefined() { asm volatile("ud2"); }

} // namespace arch

#endif

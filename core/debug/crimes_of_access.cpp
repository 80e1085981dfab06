// SPDX-License-Identifier: BSD-2-Clause
// Crimes that the CPU catches by the page tables, its control bits or its guards.
#include "core/debug/crime.h"

#ifdef PITH_DEBUG

#include "arch/api/audit.h"
#include "arch/api/kernel_table.h"
#include "base/memory_functions.h"
#include "core/debug/audit.h"
#include "core/init/task.h"
#include "core/memory/frames.h"
#include "core/memory/heap.h"
#include "core/memory/kernel_map.h"
#include "core/task/thread.h"
#include "core/vm/address_space.h"

extern "C" {
extern u8 kernel_text_start[];
extern const core::InitTask init_tasks_start[];
}

// The crimes themselves must reach the CPU.
#define UNCHECKED [[clang::no_sanitize("kernel-address", "undefined")]]

namespace core::crime {
namespace {

constexpr u8 return_instruction = 0xc3;
constexpr u64 user_place = 0x10'0000'0000;

UNCHECKED u8 read_byte(u64 address) { return *reinterpret_cast<volatile u8*>(address); }
UNCHECKED void write_byte(u64 address) { *reinterpret_cast<volatile u8*>(address) = 0x90; }
UNCHECKED void execute(u64 address) { reinterpret_cast<void (*)()>(unknown(address))(); }

// Gives the thread a program's memory with one page in it, there and full of `ret`.
bool enter_program_memory() {
    auto space = AddressSpace::create();
    if (!space)
        return false;
    MapRequest request;
    request.address = UserVirt(user_place);
    request.length = Bytes(page_size);
    request.protection = Protection::read | Protection::write | Protection::execute;
    request.placement = MapRequest::Placement::fixed;
    u8 code[16];
    memset(code, return_instruction, sizeof code);
    if (!(*space)->map(request) || !(*space)->write_memory(UserVirt(user_place), code, false))
        return false;
    (void)Thread::current().replace_address_space(RefOrNull<AddressSpace>(std::move(*space)));
    return true;
}

UNCHECKED [[gnu::noinline]] void damage(volatile u8* buffer, usize size) {
    for (usize i = 0; i < size; ++i)
        buffer[i] = 0xee;
}

UNCHECKED [[gnu::noinline]] u64 descend(u64 depth) {
    volatile u64 frame[16];
    frame[0] = depth;
    if (unknown(depth) == 0)
        return 0;
    return descend(depth + 1) + frame[unknown(0)];
}

} // namespace

UNCHECKED void stack_guard() {
    volatile u8 buffer[16];
    damage(unknown(&buffer[0]), 64);
}
void stack_overflow() { (void)descend(1); }

void null_read() { (void)read_byte(unknown<u64>(0x10)); }
void null_write() { write_byte(unknown<u64>(0x10)); }
void null_execute() { execute(0); }
void write_text() { write_byte(reinterpret_cast<u64>(kernel_text_start)); }
void write_read_only() {
    static constexpr volatile u64 constant = 5;
    write_byte(reinterpret_cast<u64>(&constant));
}
void write_text_alias() {
    write_byte(reinterpret_cast<u64>(
        kernel_text_view(KernelVirt(reinterpret_cast<u64>(kernel_text_start)))));
}
void write_start_up_table() { write_byte(reinterpret_cast<u64>(init_tasks_start)); }
void execute_data() {
    static constinit u8 code[16] = {return_instruction};
    execute(reinterpret_cast<u64>(code));
}
void execute_heap() {
    auto* code = static_cast<u8*>(allocate_memory(16));
    if (!code)
        return;
    code[0] = return_instruction;
    execute(reinterpret_cast<u64>(code));
}
void execute_stack() {
    volatile u8 code[16] = {return_instruction};
    execute(reinterpret_cast<u64>(&code[0]));
}
void execute_text_alias() {
    execute(reinterpret_cast<u64>(
        kernel_text_view(KernelVirt(reinterpret_cast<u64>(kernel_text_start)))));
}
void user_read() {
    if (enter_program_memory())
        (void)read_byte(user_place);
}
void user_write() {
    if (enter_program_memory())
        write_byte(user_place);
}
void user_execute() {
    if (enter_program_memory())
        execute(user_place);
}
void map_guard_read() {
    auto mapping = KernelMapping::allocate(Bytes(page_size), KernelProtection::read_write);
    if (mapping)
        (void)read_byte(mapping->address().value + page_size);
}
void map_write_and_execute() {
    auto mapping = KernelMapping::allocate(Bytes(page_size), KernelProtection::read_write);
    if (mapping)
        (void)arch::map_kernel_page(mapping->address().value, physical_of(mapping->address()).value,
                                    {.write = true, .execute = true});
}
void non_canonical() { (void)read_byte(unknown<u64>(0x8000'0000'0000'0000)); }
void smep_off() {
    arch::drop_protection(arch::CpuProtection::smep);
    audit_cpu();
}
void smap_off() {
    arch::drop_protection(arch::CpuProtection::smap);
    audit_cpu();
}
void write_protect_off() {
    arch::drop_protection(arch::CpuProtection::write_protect);
    audit_cpu();
}
void umip_off() {
    arch::drop_protection(arch::CpuProtection::umip);
    audit_cpu();
}
void divide_by_zero_unchecked() { arch::divide_by_zero(); }
void invalid_opcode() { arch::execute_undefined(); }

} // namespace core::crime

#endif

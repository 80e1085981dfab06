// SPDX-License-Identifier: BSD-2-Clause
#include "arch/api/backtrace.h"

#include "abi/boot/boot_info.h"
#include "arch/x86_64/early_console.h"
#include "arch/x86_64/registers.h"
#include "base/build_kind.h"
#include "core/memory/kernel_stack.h"
#include "core/observe/log.h"

extern "C" {
extern const u8 kernel_image_start[];
extern const u8 kernel_text_start[];
extern const u8 kernel_text_end[];
}

namespace arch {
namespace {

bool is_text(u64 address) {
    return address >= reinterpret_cast<u64>(kernel_text_start) &&
           address < reinterpret_cast<u64>(kernel_text_end);
}

// Whether the bytes before `address` are a call: direct (e8), or indirect (ff /2 with its operand).
bool follows_call(u64 address) {
    if (!is_text(address - 7) || !is_text(address))
        return false;
    const u8* code = reinterpret_cast<const u8*>(address);
    if (code[-5] == 0xe8)
        return true;
    for (int back = 2; back <= 7; ++back) {
        if (code[-back] == 0xff && (code[-back + 1] & 0x38) == 0x10)
            return true;
    }
    return false;
}

// The end of the stack page range that is surely mapped: stacks are aligned no better than pages.
u64 readable_end(u64 stack) { return (stack | 0xfff) + 1; }

u32 follow_frames(u64 frame, u64 stack, std::span<u64> addresses, u32 count) {
    u64 last = stack - 1;
    while (count < addresses.size() && frame > last && frame - last < core::KernelStack::size &&
           (frame & 7) == 0) {
        const u64* words = reinterpret_cast<const u64*>(frame);
        if (!is_text(words[1]))
            break;
        addresses[count++] = words[1];
        last = frame;
        frame = words[0];
    }
    return count;
}

u32 scan_stack(u64 stack, std::span<u64> addresses, u32 count) {
    const u64 end = readable_end(stack);
    for (u64 at = stack & ~u64{7}; at < end && count < addresses.size(); at += 8) {
        const u64 word = *reinterpret_cast<const u64*>(at);
        if (is_text(word) && follows_call(word))
            addresses[count++] = word;
    }
    return count;
}

} // namespace

u64 kernel_slide() { return reinterpret_cast<u64>(kernel_image_start) - boot::kernel_link_base; }

u32 backtrace(u64 instruction, u64 frame, u64 stack, std::span<u64> addresses) {
    u32 count = 0;
    if (instruction != 0)
        addresses[count++] = instruction;
    return base::debug_build ? follow_frames(frame, stack, addresses, count)
                             : scan_stack(stack, addresses, count);
}

u64 frame_pointer(const UserFrame& frame) { return frame.rbp; }

void log_registers(const UserFrame& f) {
    LOG_ERROR("  rip {:016x} rsp {:016x} flags {:06x} cs {:x}", f.rip, f.rsp, f.rflags, f.cs);
    LOG_ERROR("  rax {:016x} rbx {:016x} rcx {:016x} rdx {:016x}", f.rax, f.rbx, f.rcx, f.rdx);
    LOG_ERROR("  rsi {:016x} rdi {:016x} rbp {:016x} r8  {:016x}", f.rsi, f.rdi, f.rbp, f.r8);
    LOG_ERROR("  r9  {:016x} r10 {:016x} r11 {:016x} r12 {:016x}", f.r9, f.r10, f.r11, f.r12);
    LOG_ERROR("  r13 {:016x} r14 {:016x} r15 {:016x} cr3 {:016x}", f.r13, f.r14, f.r15, read_cr3());
}

void retake_early_console() { start_early_console(); }

} // namespace arch

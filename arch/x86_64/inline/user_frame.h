// SPDX-License-Identifier: BSD-2-Clause
// x86-64 bodies of arch/api/user_frame.h. Every entry (syscall, sysenter, int, lcall, trap,
// interrupt) builds this same frame.
#pragma once

namespace arch {

struct UserFrame {
    u64 r15, r14, r13, r12, rbp, rbx;
    u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 original_rax; // the call's number; for traps the error code
    u64 rip, cs, rflags, rsp, ss;
};

// Programs see the last three: the numbers are Linux's.
inline constexpr u64 kernel_code_selector = 0x10;
inline constexpr u64 kernel_data_selector = 0x18;
inline constexpr u64 user_code32_selector = 0x20 | 3;
inline constexpr u64 user_data_selector = 0x28 | 3;
inline constexpr u64 user_code_selector = 0x30 | 3;

inline bool is_compat(const UserFrame& frame) { return frame.cs == user_code32_selector; }
inline u64 call_number(const UserFrame& frame) { return frame.original_rax; }

// The 64-bit convention; compat tables read argument32 instead.
inline u64 argument(const UserFrame& frame, unsigned index) {
    switch (index) {
    case 0: return frame.rdi;
    case 1: return frame.rsi;
    case 2: return frame.rdx;
    case 3: return frame.r10;
    case 4: return frame.r8;
    default: return frame.r9;
    }
}
inline void set_argument(UserFrame& frame, unsigned index, u64 value) {
    switch (index) {
    case 0: frame.rdi = value; break;
    case 1: frame.rsi = value; break;
    case 2: frame.rdx = value; break;
    case 3: frame.r10 = value; break;
    case 4: frame.r8 = value; break;
    default: frame.r9 = value; break;
    }
}
// The 32-bit convention of int 0x80 and sysenter.
inline u64 argument32(const UserFrame& frame, unsigned index) {
    switch (index) {
    case 0: return static_cast<u32>(frame.rbx);
    case 1: return static_cast<u32>(frame.rcx);
    case 2: return static_cast<u32>(frame.rdx);
    case 3: return static_cast<u32>(frame.rsi);
    case 4: return static_cast<u32>(frame.rdi);
    default: return static_cast<u32>(frame.rbp);
    }
}
inline void set_result(UserFrame& frame, u64 value) { frame.rax = value; }
inline u64 result(const UserFrame& frame) { return frame.rax; }
inline u64 instruction_pointer(const UserFrame& frame) { return frame.rip; }
inline void set_instruction_pointer(UserFrame& frame, u64 value) { frame.rip = value; }
inline u64 stack_pointer(const UserFrame& frame) { return frame.rsp; }
inline void set_stack_pointer(UserFrame& frame, u64 value) { frame.rsp = value; }

inline void prepare_start(UserFrame& frame, u64 instruction, u64 stack, bool compat) {
    frame = {};
    frame.rip = instruction;
    frame.rsp = stack;
    frame.cs = compat ? user_code32_selector : user_code_selector;
    frame.ss = user_data_selector;
    frame.rflags = 0x202; // interrupts on; bit 1 is always set
    frame.original_rax = ~u64{0};
}
inline void rewind_system_call(UserFrame& frame, u64 number) {
    frame.rax = number;
    frame.rip -= 2; // syscall, sysenter's stub and int n are all two bytes long
}

} // namespace arch

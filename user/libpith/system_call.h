// SPDX-License-Identifier: BSD-2-Clause
// The kernel's two doors that libpith uses: native calls, and of Linux's what memory and events
// need (numbers: syscall_64.tbl). Inline assembly: the instruction has no other spelling.
#pragma once

#include "user/libpith/pith.h"

namespace libpith {

enum class LinuxCall : uint64_t {
    read = 0,
    write = 1,
    close = 3,
    lseek = 8,
    mmap = 9,
    munmap = 11,
    fcntl = 72,
    ftruncate = 77,
    clock_gettime = 228,
    ppoll = 271,
    eventfd2 = 290,
    memfd_create = 319,
};

inline constexpr int error_again = 11, error_interrupted = 4, error_invalid = 22,
                     error_bad_message = 74, error_timed_out = 110;

inline int64_t linux_call(LinuxCall call, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0,
                          uint64_t d = 0, uint64_t e = 0, uint64_t f = 0) {
    register uint64_t r10 asm("r10") = d;
    register uint64_t r8 asm("r8") = e;
    register uint64_t r9 asm("r9") = f;
    int64_t result;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(call), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

// Rows of abi/native/calls.def.
enum class Row : uint32_t {
    port_create,
    port_duplicate,
    port_information,
    port_call,
    port_receive,
    port_reply,
    port_reply_and_receive,
};

// `second` and the words go in and come back.
inline int64_t native_call(Row row, uint64_t first, uint64_t &second, pith_words &words) {
    register uint64_t r10 asm("r10") = words.word[1];
    register uint64_t r8 asm("r8") = words.word[2];
    register uint64_t r9 asm("r9") = words.word[3];
    int64_t result;
    asm volatile("syscall"
                 : "=a"(result), "+S"(second), "+d"(words.word[0]), "+r"(r10), "+r"(r8), "+r"(r9)
                 : "a"(PITH_CALL_BASE + static_cast<uint32_t>(row)), "D"(first)
                 : "rcx", "r11", "memory");
    words.word[1] = r10;
    words.word[2] = r8;
    words.word[3] = r9;
    return result;
}

inline uint64_t word(int value) { return static_cast<uint32_t>(value); }
inline uint64_t address(const void *pointer) { return reinterpret_cast<uint64_t>(pointer); }

} // namespace libpith

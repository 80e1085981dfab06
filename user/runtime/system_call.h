// SPDX-License-Identifier: BSD-2-Clause
// Linux's system calls for programs without a C library (x86-64 psABI A.2.1). The inline assembly
// is the one instruction that has no other spelling.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "base/types.h"

namespace runtime {

enum class Call : u64 {
    read = 0,
    write = 1,
    close = 3,
    poll = 7,
    mmap = 9,
    munmap = 11,
    ioctl = 16,
    nanosleep = 35,
    fork = 57,
    exit = 60,
    wait4 = 61,
    prctl = 157,
    delete_module = 176,
    getdents64 = 217,
    clock_gettime = 228,
    exit_group = 231,
    openat = 257,
    finit_module = 313,
    getrandom = 318,
    close_range = 436,
};

inline i64 raw_call(Call call, u64 a = 0, u64 b = 0, u64 c = 0, u64 d = 0, u64 e = 0, u64 f = 0) {
    register u64 r10 asm("r10") = d;
    register u64 r8 asm("r8") = e;
    register u64 r9 asm("r9") = f;
    i64 result;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(call), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

// Errors: the call's.
inline Result<u64> checked(i64 result) {
    if (result < 0)
        return Failure(static_cast<Errno>(-result));
    return static_cast<u64>(result);
}

inline u64 address_of(const void* pointer) { return reinterpret_cast<u64>(pointer); }

[[noreturn]] inline void exit(i32 status) {
    raw_call(Call::exit_group, static_cast<u64>(status));
    __builtin_trap();
}

// A descriptor, closed at the end of its scope.
class File {
public:
    enum class Mode : u32 { read = 0, write = 1, read_write = 2, read_without_waiting = 04000 };

    // `path` ends with a NUL. Errors: as open(2).
    static Result<File> open(const char* path, Mode mode) {
        constexpr u64 here = static_cast<u64>(-100), close_on_exec = 02000000;
        return File(static_cast<i32>(TRY(checked(raw_call(
            Call::openat, here, address_of(path), static_cast<u64>(mode) | close_on_exec)))));
    }
    static File adopt(i32 number) { return File(number); }
    File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~File() {
        if (number_ >= 0)
            raw_call(Call::close, static_cast<u64>(number_));
    }

    u64 number() const { return static_cast<u64>(number_); }
    Result<usize> read(std::span<char> to) const {
        return TRY(checked(raw_call(Call::read, number(), address_of(to.data()), to.size())));
    }
    // All of it. Errors: as write(2).
    Result<> write(std::string_view text) const {
        while (!text.empty()) {
            const i64 done = raw_call(Call::write, number(), address_of(text.data()), text.size());
            text.remove_prefix(TRY(checked(done)));
        }
        return {};
    }

private:
    explicit File(i32 number) : number_(number) {}
    i32 number_;
};

} // namespace runtime

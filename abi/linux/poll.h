// SPDX-License-Identifier: BSD-2-Clause
// Readiness calls of Linux's ABI: poll, select, epoll, eventfd, timerfd, signalfd (include/uapi:
// asm-generic/poll.h, linux/eventpoll.h, eventfd.h, timerfd.h, signalfd.h). Data only.
#pragma once

#include "abi/linux/types.h"

namespace linux {

// struct pollfd.
struct PollDescriptor {
    i32 fd;
    i16 events;
    i16 returned;
};
static_assert(sizeof(PollDescriptor) == 8);

// The last argument of pselect6(2).
struct SelectMask {
    u64 mask; // user address of the set, 0 for none
    u64 size;
};

// struct epoll_event; packed on x86-64.
struct [[gnu::packed]] EpollEvent {
    u32 events;
    u64 data;
};
static_assert(sizeof(EpollEvent) == 12);

namespace epoll_operation {
inline constexpr i32 add = 1, remove = 2, modify = 3;
}
// Bits of EpollEvent::events beside those of poll(2).
namespace epoll_flag {
inline constexpr u32 exclusive = 1u << 28, wake_up = 1u << 29, one_shot = 1u << 30;
inline constexpr u32 edge = 1u << 31;
inline constexpr u32 all = exclusive | wake_up | one_shot | edge;
} // namespace epoll_flag
inline constexpr u32 epoll_close_on_exec = open_flag::close_on_exec;

// eventfd2, signalfd4 and timerfd_create take O_CLOEXEC and O_NONBLOCK under their own names.
namespace eventfd_flag {
inline constexpr u32 semaphore = 1;
}

// struct itimerspec.
struct TimerSetting {
    TimeSpec interval;
    TimeSpec value;
};
namespace timerfd_flag {
inline constexpr u32 absolute = 1, cancel_on_set = 2;
}
namespace clock_number {
inline constexpr i32 wall = 0, monotonic = 1, boot = 7, wall_alarm = 8, boot_alarm = 9;
}

// struct signalfd_siginfo.
struct SignalRecord {
    u32 number;
    i32 error;
    i32 code;
    u32 pid;
    u32 uid;
    i32 fd;
    u32 timer;
    u32 band;
    u32 overrun;
    u32 trap;
    i32 status;
    i32 integer;
    u64 pointer;
    u64 user_time;
    u64 system_time;
    u64 address;
    u16 address_bits;
    u16 padding1;
    i32 call_number;
    u64 call_address;
    u32 architecture;
    u8 padding2[28];
};
static_assert(sizeof(SignalRecord) == 128);

} // namespace linux

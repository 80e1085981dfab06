// SPDX-License-Identifier: BSD-2-Clause
// What the calls of the server host have in common. Pointers, lengths and ids come from a process
// that is trusted with nothing: memory is copied, and a wrong argument ends the instance.
#pragma once

#include "arch/api/user_run.h"
#include "core/component/env_calls.h"
#include "core/server/handler_thread.h"
#include "core/server/server_process.h"
#include "core/vm/user_memory.h"

namespace core::server {

using arch::UserFrame;

inline component::Env* env_of(HandlerThread& thread) { return &thread.process().instance().env(); }
inline i64 error(Errno why) { return -static_cast<i64>(why); }

// Ends the instance, saying why in the log.
[[noreturn]] inline void break_off(HandlerThread& thread, const char* what) {
    if (thread.is_in_handler())
        EnvCalls::reject(thread.process().instance(), what);
    thread.end(Errno::proto);
}

inline void read_into(HandlerThread& thread, void* to, u64 from, usize size) {
    if (!copy_from_user(to, UserVirt(from), size))
        break_off(thread, "memory it does not have");
}
inline void write_out(HandlerThread& thread, u64 to, const void* from, usize size) {
    if (!copy_to_user(UserVirt(to), from, size))
        break_off(thread, "memory it does not have");
}
template <typename T>
T read_struct(HandlerThread& thread, u64 from) {
    T value;
    read_into(thread, &value, from, sizeof value);
    return value;
}

// A text of the host's, cut to what there is room for.
template <usize Capacity>
struct HostText {
    HostText(HandlerThread& thread, u64 address, u64 size)
        : length(size < Capacity ? size : Capacity) {
        read_into(thread, bytes, address, length);
    }
    u64 length;
    char bytes[Capacity];
};

// The calls from request_services on (volume_calls.cpp). Inside a handler.
i64 serve_volume_call(component::server::Call number, UserFrame& frame);

} // namespace core::server

// SPDX-License-Identifier: BSD-2-Clause
// The server host's inner parts: its system calls and what `load` leaves for the handlers.
#pragma once

#include "abi/component/file_system.h"
#include "abi/component/server_calls.h"

namespace host {

using component::server::Call;
using component::server::Entry;
using component::server::HandlerPage;

struct Answers {
    i64 first;
    u64 second;
};

// The convention of Linux's calls (x86-64 psABI A.2.1), with RDX as a second result. The inline
// assembly is the one instruction that has no other spelling.
template <typename... Arguments>
Answers call(Call number, Arguments... arguments) {
    const u64 a[6] = {(u64)arguments...};
    register u64 r10 asm("r10") = a[3];
    register u64 r8 asm("r8") = a[4];
    register u64 r9 asm("r9") = a[5];
    Answers answers{};
    answers.second = a[2];
    asm volatile("syscall"
                 : "=a"(answers.first), "+d"(answers.second)
                 : "a"(number), "D"(a[0]), "S"(a[1]), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return answers;
}

extern const component::EnvTable env_table;

// What a handler is given; `volume` backs Env::request_services while it runs.
struct HostEnv final : component::Env {
    explicit HostEnv(u64 arena_size) {
        table_ = &env_table;
        arena_ = reinterpret_cast<u8*>(component::server::arena_base);
        arena_size_ = arena_size;
    }
    component::VolumeServices volume;
};

// Fills the table of calls on the core that a request's client lends.
void fill_volume_services(component::VolumeServices& services);

// Places the object of `bytes` and remembers its descriptor. Answers 0 or an errno.
u64 load_object(u64 bytes);
void hash_object(component::server::Facts& facts);
const component::Handlers& handlers();

} // namespace host

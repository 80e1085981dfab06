// SPDX-License-Identifier: BSD-2-Clause
// Where the kernel enters the host: one thing to do, on a stack of its own.
#include "host/user/host.h"

#include "base/panic.h"

namespace base {

// The kernel reads file, line and message from the first argument registers.
[[noreturn, gnu::noinline]] void panic_at(const char* file, int line, const char* message) {
    asm volatile("" ::"r"(file), "r"(line), "r"(message));
    __builtin_trap();
}

} // namespace base

namespace host {
namespace {

using component::Answer;

template <typename Handler>
u64 run_stage(Handler handler, HostEnv& env) {
    if (!handler)
        return 0;
    if constexpr (std::is_void_v<decltype(handler(env))>) {
        handler(env);
        return 0;
    } else {
        const Result<> outcome = handler(env);
        return outcome ? 0 : static_cast<u64>(outcome.error());
    }
}

// The kernel sees to it that the component has a handler for it.
u64 migrate(u64 layout, const HandlerPage& page, HostEnv& env) {
    const std::span<const u8> old(reinterpret_cast<const u8*>(component::server::old_arena_base),
                                  page.old_arena_size);
    const Result<> outcome = handlers().migrate(env, old, static_cast<u32>(layout));
    return outcome ? 0 : static_cast<u64>(outcome.error());
}

// Answers how many of the requests have an answer.
u64 run_batch(HandlerPage& page, HostEnv& env, u64 count) {
    u32 done = 0;
    while (done < count) {
        page.running = done;
        const Answer answer = handlers().submit(env, page.requests[done]);
        page.answers[done++] = answer;
        if (answer.kind == Answer::Kind::busy)
            break;
    }
    return done;
}

u64 run(Entry entry, u64 argument, HandlerPage& page, HostEnv& env) {
    switch (entry) {
    case Entry::load: return load_object(argument);
    case Entry::facts: hash_object(page.facts); return 0;
    case Entry::start: return run_stage(handlers().start, env);
    case Entry::quiesce: return run_stage(handlers().quiesce, env);
    case Entry::resume: return run_stage(handlers().resume, env);
    case Entry::stop: return run_stage(handlers().stop, env);
    case Entry::interrupt: handlers().interrupt(env, static_cast<u32>(argument)); return 0;
    case Entry::timer: handlers().timer(env, static_cast<u32>(argument)); return 0;
    case Entry::migrate: return migrate(argument, page, env);
    case Entry::submit_batch: return run_batch(page, env, argument);
    case Entry::submit: break;
    }
    return 0;
}

// An Answer as `done` carries it.
struct RequestWords {
    u64 first;
    u64 second;
};
static_assert(sizeof(RequestWords) == sizeof(Answer));

[[noreturn]] void done(u64 word, u64 value) {
    call(Call::done, word, value);
    __builtin_trap();
}

} // namespace

extern "C" [[noreturn]] void _start(Entry entry, u64 argument, HandlerPage* page, u64 arena_size) {
    HostEnv env(arena_size);
    if (entry == Entry::submit) {
        const Answer answer = handlers().submit(env, page->requests[0]);
        const auto words = __builtin_bit_cast(RequestWords, answer);
        done(words.first, words.second);
    }
    done(run(entry, argument, *page, env), 0);
}

} // namespace host

// SPDX-License-Identifier: BSD-2-Clause
// links: core/gate/strand.cpp core/gate/strand_batch.cpp core/gate/strand_phases.cpp
// links: core/gate/waiting.cpp core/gate/patience.cpp
// links: core/gate/worker.cpp core/gate/containment.cpp arch/x86_64/component_call.S
// links: host/test/kernel_port.cpp host/test/memory_port.cpp base/format.cpp
// kinds: none
//
// What a request costs through a gate over a plain call of the same handler, in instructions: a
// traced child is stepped from one breakpoint to the next. Counted without preemption's few
// instructions, which this home does not have: `preemption` allows for them.
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

#include "core/gate/gate.h"
#include "core/gate/services.h"

namespace core {
namespace {

using component::Answer;
using component::Env;
using component::OperationFlags;
using component::OperationInfo;
using component::Request;

constexpr int preemption = 3; // an increment; a decrement and a branch

[[gnu::noinline]] Answer handler(Env&, const Request& request) {
    return Answer::done(request.arguments[0] + 1);
}

constexpr std::array<OperationInfo, 1> operations = {{{"op", OperationFlags::idempotent}}};

struct Watcher : Strand::Observer {};

// Instructions from the first breakpoint of `work` to the second, counted from outside.
template <typename Work>
int count_instructions(Work work) {
    const pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        raise(SIGSTOP);
        work();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ptrace(PTRACE_CONT, child, nullptr, nullptr);
    waitpid(child, &status, 0); // the first breakpoint
    int steps = 0;
    while (WIFSTOPPED(status)) {
        ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
        waitpid(child, &status, 0);
        siginfo_t info{};
        ptrace(PTRACE_GETSIGINFO, child, nullptr, &info);
        if (info.si_code != TRAP_TRACE) // the second breakpoint
            break;
        ++steps;
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return steps;
}

#define BREAKPOINT asm volatile("int3" ::: "memory")

TEST(GateCost, overAPlainCall) {
    MUST(start_gate_services(), "memory is there");
    static Watcher watcher;
    static Strand strand(watcher, true);
    static Gate gate(strand, 0, operations);
    static Env env;
    static GateCall call;
    static Request request;
    component::Handlers handlers;
    handlers.submit = handler;
    strand.rebind({&env, handlers});
    strand.release();
    // Through a pointer, as every caller of a service that may be exchanged would.
    static Answer (*volatile plain)(Env&, const Request&) = handler;
    [[maybe_unused]] static volatile u64 sink;

    const int direct = count_instructions([] {
        BREAKPOINT;
        sink = plain(env, request).value;
        BREAKPOINT;
    });
    const int tracked = count_instructions([] {
        BREAKPOINT;
        gate.submit(call);
        sink = call.reply.value;
        BREAKPOINT;
    });
    const int untracked = count_instructions([] {
        BREAKPOINT;
        sink = gate.call_untracked(request).value;
        BREAKPOINT;
    });
    ASSERT_GT(direct, 0);
    const int untracked_more = untracked - direct + preemption;
    const int tracked_more = tracked - direct + preemption;
    printf("gate_untracked\t%d\n", untracked_more); // for ./pith bench
    printf("gate_tracked\t%d\n", tracked_more);
    EXPECT_LE(untracked_more, 30);
    EXPECT_LE(tracked_more, 60);
}

} // namespace
} // namespace core

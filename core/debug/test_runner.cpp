// SPDX-License-Identifier: BSD-2-Clause
// Runs the in-kernel tests that the command line asks for, then powers off.
#include "core/debug/kernel_test.h"

#ifdef PITH_DEBUG

#include <atomic>
#include <string_view>

#include "arch/api/backtrace.h"
#include "core/init/command_line.h"
#include "core/init/power.h"
#include "core/init/task.h"
#include "core/observe/log.h"
#include "core/time/clock.h"

extern "C" {
extern const core::KernelTest kernel_tests_start[];
extern const core::KernelTest kernel_tests_end[];
}

namespace core {
namespace {

constinit const KernelTest* g_running = nullptr;
constinit std::atomic<u32> g_failures{0}; // of the running test

constexpr u32 shown_failures = 8;

// `wanted` is empty for all, or a list "area,area.name".
bool is_wanted(const KernelTest& test, std::string_view wanted) {
    if (wanted.empty())
        return true;
    const base::Text<96> whole("{}.{}", std::string_view(test.area), std::string_view(test.name));
    while (!wanted.empty()) {
        const usize comma = wanted.find(',');
        const std::string_view word = wanted.substr(0, comma);
        if (word == test.area || word == whole.view())
            return true;
        wanted = comma == std::string_view::npos ? std::string_view() : wanted.substr(comma + 1);
    }
    return false;
}

bool run(const KernelTest& test) {
    g_running = &test;
    g_failures.store(0);
    const Nanos start = now();
    test.run();
    const u64 millis = (now() - start).value / 1'000'000;
    if (g_failures.load() != 0)
        return false;
    LOG_INFO("PASS {}.{} ({} ms)", std::string_view(test.area), std::string_view(test.name),
             millis);
    return true;
}

void run_kernel_tests() {
    const auto wanted = boot_option("pith.test");
    if (!wanted)
        return;
    arch::retake_early_console(); // lines must be out before the power goes
    u32 passed = 0, failed = 0;
    for (const KernelTest* test = kernel_tests_start; test != kernel_tests_end; ++test) {
        if (!is_wanted(*test, *wanted))
            continue;
        if (run(*test))
            ++passed;
        else
            ++failed;
    }
    LOG_INFO("{} passed, {} failed", passed, failed);
    power_off();
}

INIT_TASK(kernel_tests, "kernel_tests", "memory watchdog", &run_kernel_tests);

} // namespace

void test_failed(const char* file, int line, const char* expression) {
    if (g_failures.fetch_add(1) >= shown_failures)
        return;
    LOG_INFO("FAIL {}.{} {}:{} {}", std::string_view(g_running->area),
             std::string_view(g_running->name), std::string_view(file), line,
             std::string_view(expression));
}

} // namespace core

#endif

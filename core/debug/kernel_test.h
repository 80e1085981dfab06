// SPDX-License-Identifier: BSD-2-Clause
// Tests that run inside the kernel (debug builds, boot option pith.test). They stand beside the
// code in *_kernel_test.cpp:
//
//     TEST(timer, fires_once) { EXPECT(count == 1); }
//
// Each runs on the first kernel thread, after start-up, and leaves nothing behind.
#pragma once

#include "base/types.h"

namespace core {

struct KernelTest {
    const char* area;
    const char* name;
    void (*run)();
};

// Notes a failure of the test that runs. Any context, any thread.
void test_failed(const char* file, int line, const char* expression);

} // namespace core

#define TEST(area, name)                                                                           \
    static void kernel_test_##area##_##name();                                                     \
    [[gnu::section(".kernel_tests"),                                                               \
      gnu::used]] static constinit const ::core::KernelTest kernel_test_entry_##area##_##name{     \
        #area, #name, &kernel_test_##area##_##name};                                               \
    static void kernel_test_##area##_##name()

// Goes on after a failure.
#define EXPECT(...)                                                                                \
    do {                                                                                           \
        if (!(__VA_ARGS__)) [[unlikely]]                                                           \
            ::core::test_failed(__FILE__, __LINE__, #__VA_ARGS__);                                 \
    } while (false)

// Leaves the function after a failure.
#define REQUIRE(...)                                                                               \
    do {                                                                                           \
        if (!(__VA_ARGS__)) [[unlikely]] {                                                         \
            ::core::test_failed(__FILE__, __LINE__, #__VA_ARGS__);                                 \
            return;                                                                                \
        }                                                                                          \
    } while (false)

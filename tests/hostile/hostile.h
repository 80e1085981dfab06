// SPDX-License-Identifier: BSD-2-Clause
// What the driver and the attacks share.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One attack runs in a child process of its own. Returning from `run` is leaving with status 0.
struct attack {
    const char *name;
    void (*run)(void);
    uint64_t signals;  // the signals it may die of, as SIGNAL() bits; 0: none
    bool may_return;   // whether it may also (or, without signals: must) end with status 0
    bool endless;      // must still be running after `seconds`; the driver then kills its group
    int seconds;       // its time; 0 stands for 20
};

#define SIGNAL(number) (1ULL << (number))

// Ends the attack as failed, with a line that says why.
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

// Takes a user id that owns nothing, so that limits and permissions hold.
void become_nobody(void);

// Each ends with an entry without a name.
extern const struct attack address_attacks[], call_attacks[], exception_attacks[];
extern const struct attack return_attacks[], exhaustion_attacks[];

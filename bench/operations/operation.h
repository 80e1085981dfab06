// SPDX-License-Identifier: BSD-2-Clause
//
// One thing to count: `run` does it `count` times and answers 0, or a negative errno where the
// kernel cannot do it. `prepare` runs before the clock starts, `finish` after it stops.

#pragma once

#include <stddef.h>

struct operation {
    const char* name; // the row in tools/pith/bench/rows.py
    int (*run)(unsigned count);
    unsigned count;    // how often `run` does it
    unsigned per_call; // things counted in each of these (pages of a mapping); 0 means 1
    int (*prepare)(void);
    void (*finish)(void);
};

struct operation_list {
    const struct operation* operations;
    size_t count;
};

extern const struct operation_list file_operations;
extern const struct operation_list memory_operations;
extern const struct operation_list polling_operations;
extern const struct operation_list process_operations;
extern const struct operation_list signal_operations;
extern const struct operation_list switch_operations;

// `result` of a call that answers -1 with errno: 0, or the negative errno.
int outcome(long result);

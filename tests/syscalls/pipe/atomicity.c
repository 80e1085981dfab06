// SPDX-License-Identifier: BSD-2-Clause
// Writes of at most PIPE_BUF are never torn or mixed.
#include "../test.h"

static void test(void) {
    int ends[2];
    char record[64];
    pipe(ends);
    pid_t children[4];
    for (int i = 0; i < 4; i++)
        children[i] = CHILD({
            memset(record, 'a' + i, sizeof record);
            for (int j = 0; j < 500; j++)
                if (write(ends[1], record, sizeof record) != sizeof record)
                    FAILED("short write");
        });
    close(ends[1]);
    int torn = 0, records = 0, counts[4] = {0};
    for (; read(ends[0], record, sizeof record) == sizeof record; records++) {
        counts[record[0] - 'a']++;
        for (int i = 1; i < 64; i++)
            torn += record[i] != record[0];
    }
    IS(records, 2000);
    IS(torn, 0);
    for (int i = 0; i < 4; i++) {
        IS(counts[i], 500);
        EXITS(children[i], 0);
    }
}

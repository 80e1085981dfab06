// SPDX-License-Identifier: BSD-2-Clause
// poll: ready counts, negative descriptors, POLLNVAL, time-outs.
#include "../test.h"

static void test(void) {
    int ends[2];
    pipe(ends);
    write(ends[1], "x", 1);
    struct pollfd set[4] = {{ends[0], POLLIN, 99}, {-1, POLLIN, 99}, {77, POLLIN, 99},
                            {ends[1], POLLIN, 99}};
    IS(poll(set, 4, 0), 2);
    IS(set[0].revents, POLLIN);
    IS(set[1].revents, 0);
    IS(set[2].revents, POLLNVAL);
    IS(set[3].revents, 0);
    int64_t start = now_ms();
    IS(poll(set + 3, 1, 40), 0);
    CHECK(now_ms() - start >= 39);
    IS(poll(NULL, 0, 1), 0);
    int file = make_file("f", "");
    struct pollfd one = {file, POLLIN | POLLOUT | POLLPRI, 0};
    IS(poll(&one, 1, -1), 1);
    IS(one.revents, POLLIN | POLLOUT);
    FAILS(poll(BAD_POINTER, 1, 0), EFAULT);
    FAILS(syscall(SYS_poll, set, 1L << 30, 0), EINVAL);
}

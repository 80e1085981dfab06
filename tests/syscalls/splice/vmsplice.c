// SPDX-License-Identifier: BSD-2-Clause
// vmsplice feeds user memory to a pipe and drains a pipe to memory.
#include "../test.h"

static void test(void) {
    int ends[2];
    char buffer[16] = "", one[] = "one", two[] = "three";
    struct iovec out[2] = {{one, 3}, {two, 5}}, in = {buffer, 16};
    pipe(ends);
    IS(vmsplice(ends[1], out, 2, 0), 8);
    IS(vmsplice(ends[0], &in, 1, 0), 8);
    TEXT(buffer, "onethree");
    FAILS(vmsplice(0, out, 1, 0), EBADF);
    FAILS(vmsplice(ends[1], out, 2000, 0), EINVAL);
    FAILS(vmsplice(ends[1], out, 1, 0x100), EINVAL);
    struct iovec bad = {BAD_POINTER, 4};
    FAILS(vmsplice(ends[1], &bad, 1, 0), EFAULT);
    IS(vmsplice(ends[1], out, 0, 0), 0);
}

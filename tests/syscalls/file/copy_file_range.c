// SPDX-License-Identifier: BSD-2-Clause
// Copies within and between files, moves the offsets it is told to, refuses overlap.
#include "../test.h"

static void test(void) {
    int from = make_file("a", "0123456789"), to = make_file("b", "");
    loff_t in = 2, out = 0;
    IS(syscall(SYS_copy_file_range, from, &in, to, &out, 5L, 0), 5);
    IS(in, 7);
    IS(out, 5);
    TEXT(slurp("b"), "23456");
    IS(syscall(SYS_copy_file_range, from, NULL, to, &out, 100L, 0), 10);
    IS(lseek(from, 0, SEEK_CUR), 10);
    TEXT(slurp("b"), "234560123456789");
    in = 10;
    IS(syscall(SYS_copy_file_range, from, &in, to, NULL, 5L, 0), 0);
    in = 0;
    out = 2;
    FAILS(syscall(SYS_copy_file_range, from, &in, from, &out, 5L, 0), EINVAL);
    FAILS(syscall(SYS_copy_file_range, from, &in, to, &out, 5L, 1), EINVAL);
    int reader = open("b", O_RDONLY), folder = open(".", O_RDONLY);
    FAILS(syscall(SYS_copy_file_range, from, &in, reader, &out, 5L, 0), EBADF);
    FAILS(syscall(SYS_copy_file_range, folder, &in, to, &out, 5L, 0), EISDIR);
}

// SPDX-License-Identifier: BSD-2-Clause
// The records of getdents64: names, types, lengths, and a buffer too small.
#include "../test.h"

struct record {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};
static void test(void) {
    char buffer[1024];
    mkdir("d", 0755);
    mkdir("d/sub", 0755);
    touch("d/file");
    symlink("file", "d/link");
    mkfifo("d/fifo", 0600);
    int fd = open("d", O_RDONLY | O_DIRECTORY), seen = 0, count = 0;
    FAILS(syscall(SYS_getdents64, fd, buffer, 8), EINVAL);
    long n = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    CHECK(n > 0);
    for (long at = 0; at < n; count++) {
        struct record *record = (struct record *)(buffer + at);
        at += record->length;
        if (record->length % 8 || record->inode == 0)
            FAILED("bad record");
        seen |= !strcmp(record->name, ".") && record->type == DT_DIR ? 1 : 0;
        seen |= !strcmp(record->name, "..") && record->type == DT_DIR ? 2 : 0;
        seen |= !strcmp(record->name, "sub") && record->type == DT_DIR ? 4 : 0;
        seen |= !strcmp(record->name, "file") && record->type == DT_REG ? 8 : 0;
        seen |= !strcmp(record->name, "link") && record->type == DT_LNK ? 16 : 0;
        seen |= !strcmp(record->name, "fifo") && record->type == DT_FIFO ? 32 : 0;
    }
    IS(count, 6);
    IS(seen, 63);
    IS(syscall(SYS_getdents64, fd, buffer, sizeof buffer), 0);
    IS(lseek(fd, 0, SEEK_SET), 0);
    IS(syscall(SYS_getdents64, fd, buffer, sizeof buffer), n);
    FAILS(syscall(SYS_getdents64, 0, buffer, sizeof buffer), ENOTDIR);
    FAILS(syscall(SYS_getdents64, 99, buffer, sizeof buffer), EBADF);
    IS(lseek(fd, 0, SEEK_SET), 0);
    FAILS(syscall(SYS_getdents64, fd, BAD_POINTER, sizeof buffer), EFAULT);
}

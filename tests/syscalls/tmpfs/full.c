// SPDX-License-Identifier: BSD-2-Clause
// A tmpfs that is full: ENOSPC, what was written stays, room comes back. Needs root.
#include "../test.h"

#include <sys/mount.h>
static void test(void) {
    static char data[8 * PAGE];
    mkdir("m", 0755);
    IS(mount("none", "m", "tmpfs", 0, "size=65536,nr_inodes=4"), 0);
    int fd = open("m/f", O_RDWR | O_CREAT, 0600);
    memset(data, 'd', sizeof data);
    IS(write(fd, data, sizeof data), 8 * PAGE);
    IS(pwrite(fd, data, sizeof data, 8 * PAGE), 8 * PAGE);
    FAILS(pwrite(fd, data, 1, 16 * PAGE), ENOSPC);
    IS(lseek(fd, 0, SEEK_END), 16 * PAGE);
    char byte;
    IS(pread(fd, &byte, 1, 16 * PAGE - 1), 1);
    IS(byte, 'd');
    IS(ftruncate(fd, 15 * PAGE), 0);
    IS(pwrite(fd, data, PAGE + 100, 15 * PAGE), PAGE);
    touch("m/a");
    touch("m/b");
    FAILS(open("m/c", O_RDWR | O_CREAT, 0600), ENOSPC);
    FAILS(mkdir("m/c", 0700), ENOSPC);
    FAILS(symlink("x", "m/c"), ENOSPC);
    IS(unlink("m/a"), 0);
    IS(mkdir("m/c", 0700), 0);
    IS(ftruncate(fd, 32 * PAGE), 0);
    char *at = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    DIES(CHILD({ at[20 * PAGE] = 1; }), SIGBUS);
    munmap(at, 32 * PAGE);
    close(fd);
    IS(umount("m"), 0);
}

// SPDX-License-Identifier: BSD-2-Clause
// Every call that takes a path answers EFAULT to a bad one.
#include "../test.h"

static void *bad;
static void all(void) {
    char buffer[256];
    FAILS(syscall(SYS_open, bad, O_RDONLY, 0), EFAULT);
    FAILS(syscall(SYS_openat, AT_FDCWD, bad, O_RDONLY, 0), EFAULT);
    FAILS(syscall(SYS_creat, bad, 0600), EFAULT);
    FAILS(syscall(SYS_stat, bad, buffer), EFAULT);
    FAILS(syscall(SYS_lstat, bad, buffer), EFAULT);
    FAILS(syscall(SYS_newfstatat, AT_FDCWD, bad, buffer, 0), EFAULT);
    FAILS(syscall(SYS_access, bad, F_OK), EFAULT);
    FAILS(syscall(SYS_mkdir, bad, 0700), EFAULT);
    FAILS(syscall(SYS_rmdir, bad), EFAULT);
    FAILS(syscall(SYS_unlink, bad), EFAULT);
    FAILS(syscall(SYS_rename, bad, "x"), EFAULT);
    FAILS(syscall(SYS_rename, "x", bad), EFAULT);
    FAILS(syscall(SYS_link, bad, "x"), EFAULT);
    FAILS(syscall(SYS_symlink, bad, "x"), EFAULT);
    FAILS(syscall(SYS_symlink, "x", bad), EFAULT);
    FAILS(syscall(SYS_readlink, bad, buffer, 10), EFAULT);
    FAILS(syscall(SYS_chmod, bad, 0600), EFAULT);
    FAILS(syscall(SYS_chown, bad, 0, 0), EFAULT);
    FAILS(syscall(SYS_chdir, bad), EFAULT);
    FAILS(syscall(SYS_chroot, bad), EFAULT);
    FAILS(syscall(SYS_truncate, bad, 0), EFAULT);
    FAILS(syscall(SYS_mknod, bad, S_IFIFO, 0), EFAULT);
    FAILS(syscall(SYS_statfs, bad, buffer), EFAULT);
    FAILS(syscall(SYS_utimensat, AT_FDCWD, bad, NULL, 0), EFAULT);
}
static void test(void) {
    bad = BAD_POINTER;
    all();
    bad = (void *)0xffff800000000000;
    all();
    bad = (void *)0x8000000000000000;
    all();
    bad = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    all();
}

// SPDX-License-Identifier: BSD-2-Clause
// Every call that fills or reads a buffer answers EFAULT to a bad one.
#include "../test.h"

static void *bad;
static int fd, ends[2], folder, server;
static void all(void) {
    FAILS(syscall(SYS_read, fd, bad, 10), EFAULT);
    FAILS(syscall(SYS_write, fd, bad, 10), EFAULT);
    FAILS(syscall(SYS_pread64, fd, bad, 10, 0), EFAULT);
    FAILS(syscall(SYS_pwrite64, fd, bad, 10, 0), EFAULT);
    FAILS(syscall(SYS_readv, fd, bad, 1), EFAULT);
    FAILS(syscall(SYS_writev, fd, bad, 1), EFAULT);
    FAILS(syscall(SYS_fstat, fd, bad), EFAULT);
    FAILS(syscall(SYS_stat, ".", bad), EFAULT);
    FAILS(syscall(SYS_pipe, bad), EFAULT);
    FAILS(syscall(SYS_getdents64, folder, bad, 1000), EFAULT);
    FAILS(syscall(SYS_getcwd, bad, 1000), EFAULT);
    FAILS(syscall(SYS_write, ends[1], bad, 10), EFAULT);
    FAILS(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, bad), EFAULT);
    FAILS(syscall(SYS_bind, server, bad, 16), EFAULT);
    FAILS(syscall(SYS_connect, server, bad, 16), EFAULT);
    FAILS(syscall(SYS_getsockname, server, bad, bad), EFAULT);
    FAILS(syscall(SYS_getsockopt, server, SOL_SOCKET, SO_TYPE, bad, bad), EFAULT);
    FAILS(syscall(SYS_setsockopt, server, SOL_SOCKET, SO_SNDBUF, bad, 4), EFAULT);
    FAILS(syscall(SYS_sendmsg, server, bad, 0), EFAULT);
    FAILS(syscall(SYS_recvmsg, server, bad, 0), EFAULT);
    FAILS(syscall(SYS_fcntl, fd, F_GETLK, bad), EFAULT);
    FAILS(syscall(SYS_sendfile, ends[1], fd, bad, 1), EFAULT);
    FAILS(syscall(SYS_readlink, "/proc/self/exe", bad, 10), EFAULT);
    FAILS(syscall(SYS_fstatfs, fd, bad), EFAULT);
    FAILS(syscall(SYS_ioctl, ends[0], FIONREAD, bad), EFAULT);
}
static void test(void) {
    fd = make_file("f", "0123456789");
    folder = open(".", O_RDONLY);
    pipe(ends);
    server = socket(AF_UNIX, SOCK_STREAM, 0);
    bad = BAD_POINTER;
    all();
    bad = (void *)0xffff888000000000;
    all();
    bad = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    all();
}

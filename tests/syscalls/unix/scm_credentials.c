// SPDX-License-Identifier: BSD-2-Clause
// SO_PASSCRED and SCM_CREDENTIALS, SO_PEERCRED; false ids are refused. Needs root.
#include "../test.h"

static int pair[2];
static struct ucred got;
static long transfer(struct ucred *credentials) {
    char byte = 'x', control[128];
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (credentials) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof *credentials);
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        *part = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof *credentials),
                                 .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS};
        memcpy(CMSG_DATA(part), credentials, sizeof *credentials);
    }
    if (sendmsg(pair[0], &message, 0) < 0)
        return -1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    recvmsg(pair[1], &message, 0);
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    if (!part || part->cmsg_type != SCM_CREDENTIALS)
        return 0;
    memcpy(&got, CMSG_DATA(part), sizeof got);
    return 1;
}
static void test(void) {
    int on = 1;
    socklen_t size = sizeof got;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    IS(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &got, &size), 0);
    CHECK(got.pid == getpid());
    IS(transfer(NULL), 0);
    IS(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
    IS(transfer(NULL), 1);
    CHECK(got.pid == getpid());
    IS(got.uid, 0);
    EXITS(CHILD({
        setresgid(1000, 1000, 1000);
        setresuid(1000, 1000, 1000);
        struct ucred mine = {getpid(), 1000, 1000}, other = {getpid(), 0, 1000};
        IS(transfer(&mine), 1);
        IS(got.uid, 1000);
        FAILS(transfer(&other), EPERM);
        other = (struct ucred){1, 1000, 1000};
        FAILS(transfer(&other), EPERM);
    }), 0);
}

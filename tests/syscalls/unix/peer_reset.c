// SPDX-License-Identifier: BSD-2-Clause
// Closing with unread data resets the peer; sendmsg scatter, recvmsg gather, MSG_WAITALL.
#include "../test.h"

static void test(void) {
    int pair[2];
    char a[4] = "", b[8] = "", byte;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    struct iovec out[2] = {{"one", 3}, {"two", 3}}, in[2] = {{a, 2}, {b, 4}};
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 2};
    IS(sendmsg(pair[0], &message, 0), 6);
    message = (struct msghdr){.msg_iov = in, .msg_iovlen = 2};
    IS(recvmsg(pair[1], &message, 0), 6);
    TEXT(a, "on");
    TEXT(b, "etwo");
    pid_t pid = CHILD({ write(pair[0], "123", 3); sleep_ms(30); write(pair[0], "456", 3); });
    IS(recv(pair[1], b, 6, MSG_WAITALL), 6);
    EXITS(pid, 0);
    IS(write(pair[0], "unread", 6), 6);
    close(pair[1]);
    FAILS(read(pair[0], &byte, 1), ECONNRESET);
    IS(read(pair[0], &byte, 1), 0);
}

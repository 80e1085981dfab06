// SPDX-License-Identifier: BSD-2-Clause
// Sequenced packets: borders and connections; MSG_TRUNC in the flags.
#include "../test.h"

static void test(void) {
    int pair[2];
    char buffer[4];
    struct iovec vector = {buffer, 4};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    IS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    IS(write(pair[0], "ab", 2), 2);
    IS(write(pair[0], "cdefgh", 6), 6);
    IS(write(pair[0], "i", 1), 1);
    IS(recvmsg(pair[1], &message, 0), 2);
    IS(message.msg_flags, MSG_EOR * 0);
    IS(recvmsg(pair[1], &message, 0), 4);
    IS(message.msg_flags, MSG_TRUNC);
    IS(read(pair[1], buffer, 4), 1);
    close(pair[0]);
    IS(read(pair[1], buffer, 4), 0);
    int type;
    socklen_t size = sizeof type;
    IS(getsockopt(pair[1], SOL_SOCKET, SO_TYPE, &type, &size), 0);
    IS(type, SOCK_SEQPACKET);
}

// SPDX-License-Identifier: BSD-2-Clause
// Descriptors travel: same open file, MSG_CMSG_CLOEXEC, several, truncation, a closed sender.
#include "../test.h"

#include "../passing.h"
static void test(void) {
    int pair[2], got[4] = {-1, -1, -1, -1}, fd = make_file("f", "0123456789");
    char byte;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    IS(send_descriptors(pair[0], &fd, 1), 1);
    IS(receive_descriptors(pair[1], got, 4, MSG_CMSG_CLOEXEC), 1);
    CHECK(got[0] != fd);
    IS(fcntl(got[0], F_GETFD), FD_CLOEXEC);
    IS(lseek(got[0], 4, SEEK_SET), 4);
    IS(read(fd, &byte, 1), 1);
    IS(byte, '4');
    int many[3] = {fd, 0, pair[0]};
    IS(send_descriptors(pair[0], many, 3), 1);
    close(fd);
    IS(receive_descriptors(pair[1], got, 4, 0), 3);
    IS(read(got[0], &byte, 1), 1);
    IS(byte, '5');
    IS(send_descriptors(pair[0], many + 1, 2), 1);
    IS(receive_descriptors(pair[1], got, 1, 0), 1);
    IS(last_flags & MSG_CTRUNC, MSG_CTRUNC);
    IS(send_descriptors(pair[0], many + 1, 1), 1);
    IS(read(pair[1], &byte, 1), 1);
    int bad = 99;
    FAILS(send_descriptors(pair[0], &bad, 1), EBADF);
    pid_t pid = CHILD({
        int mine = open("f", O_RDONLY);
        IS(send_descriptors(pair[0], &mine, 1), 1);
    });
    EXITS(pid, 0);
    IS(receive_descriptors(pair[1], got, 4, 0), 1);
    IS(pread(got[0], &byte, 1, 7), 1);
    IS(byte, '7');
}

// SPDX-License-Identifier: BSD-2-Clause
// Passing descriptors over a socket, for the programs of the unix family.
#pragma once

static int last_flags;

// Sends one byte with these descriptors.
__attribute__((unused)) static long send_descriptors(int socket, const int *fds, int count) {
    char byte = 'x', control[256] __attribute__((aligned(8))) = "";
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_len = CMSG_LEN(count * sizeof(int));
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(part), fds, count * sizeof(int));
    return sendmsg(socket, &message, 0);
}

// Receives one byte and at most `room` descriptors; yields how many came.
__attribute__((unused)) static int receive_descriptors(int socket, int *fds, int room, int flags) {
    char byte, control[256] __attribute__((aligned(8)));
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = CMSG_LEN(room * sizeof(int))};
    if (recvmsg(socket, &message, flags) != 1)
        return -1;
    last_flags = message.msg_flags;
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    if (!part || part->cmsg_type != SCM_RIGHTS)
        return 0;
    int count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(part), count * sizeof(int));
    return count;
}

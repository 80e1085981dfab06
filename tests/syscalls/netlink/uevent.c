// SPDX-License-Identifier: BSD-2-Clause
// Kernel events: an event asked for through sysfs comes by netlink, whole, once, from the kernel.
// libc: glibc
#include <linux/netlink.h>
#include "../test.h"

static int opened(unsigned groups) {
    int events = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
    struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = groups};
    REQUIRE(events >= 0);
    IS(bind(events, (struct sockaddr *)&name, sizeof name), 0);
    return events;
}

static void test(void) {
    static char text[4096];
    struct sockaddr_nl from, name;
    socklen_t size = sizeof name;
    FAILS(socket(AF_NETLINK, SOCK_STREAM, NETLINK_KOBJECT_UEVENT), ESOCKTNOSUPPORT);
    int events = opened(1), other = opened(2);
    IS(getsockname(events, (struct sockaddr *)&name, &size), 0);
    IS(size, (int)sizeof name);
    IS(name.nl_family, AF_NETLINK);
    CHECK(name.nl_pid != 0);
    IS(name.nl_groups, 1);
    FAILS(recv(events, text, sizeof text, MSG_DONTWAIT), EAGAIN);
    int one = 1;
    IS(setsockopt(events, SOL_SOCKET, SO_PASSCRED, &one, sizeof one), 0);

    int file = open("/sys/class/mem/null/uevent", O_WRONLY);
    REQUIRE(file >= 0);
    FAILS(write(file, "nonsense", 8), EINVAL);
    IS(write(file, "change", 6), 6);
    struct iovec vector = {text, sizeof text - 1};
    char control[64];
    struct msghdr header = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &vector,
                            .msg_iovlen = 1, .msg_control = control,
                            .msg_controllen = sizeof control};
    const ssize_t length = recvmsg(events, &header, 0);
    REQUIRE(length > 0);
    IS(from.nl_pid, 0);
    IS(from.nl_groups, 1);
    struct cmsghdr *first = CMSG_FIRSTHDR(&header);
    REQUIRE(first && first->cmsg_type == SCM_CREDENTIALS);
    IS(((struct ucred *)CMSG_DATA(first))->pid, 0);
    IS(((struct ucred *)CMSG_DATA(first))->uid, 0);
    TEXT(text, "change@/devices/virtual/mem/null");
    int found = 0;
    for (const char *at = text; at < text + length; at += strlen(at) + 1)
        found += !strcmp(at, "ACTION=change") || !strcmp(at, "SUBSYSTEM=mem") ||
                 !strcmp(at, "DEVPATH=/devices/virtual/mem/null") || !strcmp(at, "MAJOR=1") ||
                 !strcmp(at, "MINOR=3") || !strcmp(at, "DEVNAME=null") ||
                 !strncmp(at, "SEQNUM=", 7);
    IS(found, 7);
    FAILS(recv(events, text, sizeof text, MSG_DONTWAIT), EAGAIN);
    FAILS(recv(other, text, sizeof text, MSG_DONTWAIT), EAGAIN);

    // As udev tells of what it did: to the other group, with its own port.
    struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = 2};
    IS(sendto(events, "told", 4, 0, (struct sockaddr *)&group, sizeof group), 4);
    size = sizeof from;
    IS(recvfrom(other, text, sizeof text, 0, (struct sockaddr *)&from, &size), 4);
    CHECK(memcmp(text, "told", 4) == 0);
    CHECK(from.nl_pid == name.nl_pid);
    IS(from.nl_groups, 2);
    FAILS(recv(events, text, sizeof text, MSG_DONTWAIT), EAGAIN);
}

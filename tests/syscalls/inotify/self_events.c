// SPDX-License-Identifier: BSD-2-Clause
// A watched directory that is removed: IN_DELETE_SELF and IN_IGNORED.
#include "../test.h"

#include <sys/inotify.h>
static void test(void) {
    static char buffer[4096];
    mkdir("d", 0755);
    int fd = inotify_init1(IN_NONBLOCK);
    IS(inotify_add_watch(fd, "d", IN_DELETE_SELF | IN_ATTRIB), 1);
    IS(inotify_add_watch(fd, "d", IN_DELETE_SELF | IN_MASK_ADD), 1);
    IS(chmod("d", 0700), 0);
    IS(rmdir("d"), 0);
    ssize_t n = read(fd, buffer, sizeof buffer);
    unsigned all = 0;
    for (char *at = buffer; n > 0 && at < buffer + n;) {
        struct inotify_event *event = (void *)at;
        all |= event->mask & ~IN_ISDIR;
        at += sizeof *event + event->len;
    }
    IS(all, IN_ATTRIB | IN_DELETE_SELF | IN_IGNORED);
    int count;
    IS(ioctl(fd, FIONREAD, &count), 0);
    IS(count, 0);
}

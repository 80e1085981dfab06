// SPDX-License-Identifier: BSD-2-Clause
// inotify: create, modify, move, delete; names, cookies, refusals.
#include "../test.h"

#include <sys/inotify.h>
static char buffer[4096];
static void show(int fd) {
    uint32_t cookie = 0;
    ssize_t n = read(fd, buffer, sizeof buffer);
    for (char *at = buffer; n > 0 && at < buffer + n;) {
        struct inotify_event *event = (void *)at;
        note("watch %d mask %#x name %s%s", event->wd, event->mask, event->len ? event->name : "-",
             event->cookie && event->cookie == cookie ? " same cookie" : "");
        cookie = event->cookie;
        at += sizeof *event + event->len;
    }
    IS(n > 0, 1);
}
static void test(void) {
    mkdir("d", 0755);
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    IS(inotify_add_watch(fd, "d", IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVE | IN_CLOSE_WRITE), 1);
    FAILS(read(fd, buffer, sizeof buffer), EAGAIN);
    close(make_file("d/f", "x"));
    show(fd);
    IS(rename("d/f", "d/g"), 0);
    show(fd);
    IS(unlink("d/g"), 0);
    struct pollfd one = {fd, POLLIN, 0};
    IS(poll(&one, 1, 0), 1);
    FAILS(read(fd, buffer, 4), EINVAL);
    show(fd);
    IS(inotify_rm_watch(fd, 1), 0);
    show(fd);
    FAILS(inotify_rm_watch(fd, 1), EINVAL);
    FAILS(inotify_add_watch(fd, "none", IN_CREATE), ENOENT);
    FAILS(inotify_add_watch(fd, "d", 0), EINVAL);
    FAILS(inotify_add_watch(0, "d", IN_CREATE), EINVAL);
    FAILS(inotify_init1(1), EINVAL);
}

// SPDX-License-Identifier: BSD-2-Clause
// CLONE_PARENT_SETTID, CHILD_SETTID and CHILD_CLEARTID write and wake as said.
#include "../test.h"

#include <linux/futex.h>
static void test(void) {
    static pid_t parent_tid, child_tid;
    int *shared = map_shared(1);
    long pid = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0L,
                       &parent_tid, &child_tid, 0L);
    if (pid == 0) {
        CHECK(child_tid == getpid());
        CHECK(parent_tid == 0 || parent_tid == getpid());
        QUIT(0);
    }
    EXITS(pid, 0);
    CHECK(parent_tid == pid);
    IS(child_tid, 0);
    shared[0] = 77;
    pid = syscall(SYS_clone, CLONE_CHILD_CLEARTID | SIGCHLD, 0L, NULL, shared, 0L);
    if (pid == 0)
        _exit(0);
    EXITS(pid, 0);
    IS(shared[0], 77);
}

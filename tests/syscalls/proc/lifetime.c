// SPDX-License-Identifier: BSD-2-Clause
// A process directory appears with the process and goes with it; a zombie shows Z.
#include "../test.h"

static void test(void) {
    char path[64];
    pid_t pid = CHILD({ pause(); });
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    IS(access(path, F_OK), 0);
    kill(pid, SIGKILL);
    wait_asleep(pid);
    for (int i = 0; i < 2000 && !strstr(slurp(path), ") Z "); i++)
        sleep_ms(1);
    CHECK(strstr(slurp(path), ") Z ") != NULL);
    int fd = open(path, O_RDONLY);
    DIES(pid, SIGKILL);
    FAILS(access(path, F_OK), ENOENT);
    char byte;
    FAILS(read(fd, &byte, 1), ESRCH);
    IS(access("/proc/self", F_OK), 0);
    char self[16] = "";
    readlink("/proc/self", self, sizeof self - 1);
    CHECK(atoi(self) == getpid());
    FAILS(access("/proc/99999999", F_OK), ENOENT);
    FAILS(mkdir("/proc/x", 0755), ENOENT);
}

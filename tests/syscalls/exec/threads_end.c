// SPDX-License-Identifier: BSD-2-Clause
// exec by one thread ends the others and keeps the process id.
#include "../test.h"

int reexec(int argc, char **argv) {
    CHECK(getpid() == atoi(argv[1]));
    CHECK(gettid() == getpid());
    int threads = 0;
    DIR *stream = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(stream));)
        threads += entry->d_name[0] != '.';
    IS(threads, 1);
    return test_failures ? 99 : argc;
}
static char pid[16];
static void *sleeper(void *unused) {
    for (;;)
        pause();
    return unused;
}
static void *executor(void *unused) {
    execl(test_argv[0], "self", pid, NULL);
    return unused;
}
static void test(void) {
    EXITS(CHILD({
        pthread_t threads[4];
        snprintf(pid, sizeof pid, "%d", getpid());
        for (int i = 0; i < 3; i++)
            pthread_create(&threads[i], NULL, sleeper, NULL);
        pthread_create(&threads[3], NULL, executor, NULL);
        for (;;)
            pause();
    }), 2);
}

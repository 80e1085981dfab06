// SPDX-License-Identifier: BSD-2-Clause
// Making and ending threads and processes.
#include "bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { touched = 32 << 20 };

static void *nothing(void *unused) {
    return unused;
}

static uint64_t run_thread(int count) {
    return TIMED(count, {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, nothing, NULL) == 0);
        pthread_join(thread, NULL);
    });
}

static uint64_t run_fork(int count) {
    return TIMED(count, {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        MUST(waitpid(pid, NULL, 0) == pid);
    });
}

static const char *child_path(void) {
    static const char *const places[] = {"/bench/pith_bench_child", "/pith_bench_child"};
    for (int i = 0; i < 2; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

static int check_child(void) {
    return child_path() ? 0 : ENOENT;
}

static uint64_t run_exec(int count) {
    const char *path = child_path();
    char *arguments[] = {(char *)path, NULL}, *environment[] = {NULL};
    return TIMED(count, {
        pid_t pid = fork();
        if (pid == 0) {
            execve(path, arguments, environment);
            _exit(127);
        }
        int status;
        MUST(waitpid(pid, &status, 0) == pid && status == 0);
    });
}

static int touch_32_mib(void) {
    char *at = mmap(NULL, touched, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return errno;
    madvise(at, touched, MADV_NOHUGEPAGE);
    for (int i = 0; i < touched; i += 4096)
        at[i] = 1;
    return 0;
}

const struct row process_rows[] = {
    {.key = "thread_create_join", .run = run_thread, .count = 40},
    {.key = "fork_exit_wait", .run = run_fork, .count = 10},
    {.key = "fork_exec_exit_wait", .set_up = check_child, .run = run_exec, .count = 5},
    {.key = "fork_32m_exit_wait", .set_up = touch_32_mib, .run = run_fork, .count = 3},
    {0},
};

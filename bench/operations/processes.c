// SPDX-License-Identifier: BSD-2-Clause
//
// Threads and processes from birth to end.

#include "operation.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { large_size = 32 << 20 };

static void* g_large = MAP_FAILED;

static void* nothing(void* argument) { return argument; }

static int thread_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        pthread_t thread;
        int failed = pthread_create(&thread, NULL, nothing, NULL);
        if (failed != 0) {
            return -failed;
        }
        pthread_join(thread, NULL);
    }
    return 0;
}

static int wait_for(pid_t pid) {
    int status;
    return pid < 0 || waitpid(pid, &status, 0) != pid ? outcome(-1) : 0;
}

static int fork_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        pid_t pid = fork();
        if (pid == 0) {
            _exit(0);
        }
        int failed = wait_for(pid);
        if (failed < 0) {
            return failed;
        }
    }
    return 0;
}

static int exec_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/init", "/init", "--exit", (char*)NULL);
            _exit(127);
        }
        int status;
        if (pid < 0 || waitpid(pid, &status, 0) != pid) {
            return outcome(-1);
        }
        if (status != 0) {
            return -1;
        }
    }
    return 0;
}

static int map_large(void) {
    g_large = mmap(NULL, large_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g_large == MAP_FAILED) {
        return outcome(-1);
    }
    madvise(g_large, large_size, MADV_NOHUGEPAGE); // 8,192 pages to copy the tables of
    memset(g_large, 1, large_size);
    return 0;
}

static void unmap_large(void) { munmap(g_large, large_size); }

static const struct operation operations[] = {
    {"thread_create_join", thread_run, 200, 1, NULL, NULL},
    {"fork_exit_wait", fork_run, 100, 1, NULL, NULL},
    {"fork_exec_exit_wait", exec_run, 60, 1, NULL, NULL},
    {"fork_32m_exit_wait", fork_run, 16, 1, map_large, unmap_large},
};
const struct operation_list process_operations = {operations,
                                                  sizeof operations / sizeof *operations};

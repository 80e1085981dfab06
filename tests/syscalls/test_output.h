// SPDX-License-Identifier: BSD-2-Clause
// The output of the programs: lines in an order that does not depend on the scheduler.
#pragma once

static volatile int test_failures;

// What a child process notes is kept in memory shared with its parent, which prints it when it
// waits for the child: so the order of lines does not depend on who runs first.
struct test_log {
    int claimed;
    pid_t parent;
    pid_t pid;
    int length;
    char text[16384 - 16];
};

enum { test_log_count = 128 };
static struct test_log *test_own_log, *test_logs;

__attribute__((unused)) static void test_make_logs(void) {
    test_logs = mmap(NULL, sizeof *test_logs * test_log_count, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (test_logs == MAP_FAILED)
        test_logs = NULL;
}

static inline struct test_log *test_claim_log(void) {
    for (int i = 0; test_logs && i < test_log_count; i++)
        if (!__atomic_exchange_n(&test_logs[i].claimed, 1, __ATOMIC_SEQ_CST)) {
            test_logs[i].parent = getpid();
            test_logs[i].pid = 0;
            test_logs[i].length = 0;
            return &test_logs[i];
        }
    return NULL;
}

__attribute__((unused)) static void test_print(const char *text, int length) {
    struct test_log *log = test_own_log;
    if (log && log->length + length <= (int)sizeof log->text) {
        memcpy(log->text + log->length, text, length);
        log->length += length;
        return;
    }
    for (ssize_t n; length > 0 && (n = write(1, text, length)) > 0; length -= n)
        text += n;
}

__attribute__((format(printf, 1, 2), unused)) static void note(const char *format, ...) {
    char line[1024];
    va_list arguments;
    int saved = errno;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 2)
        length = sizeof line - 2;
    line[length++] = '\n';
    if (strncmp(line, "FAILED", 6) == 0)  // at once: the parent may never come to print it
        test_own_log = NULL;
    test_print(line, length);
    errno = saved;
}

// Forks; yields -1 when that fails, as fork does.
__attribute__((unused)) static pid_t test_fork(void) {
    struct test_log *log = test_claim_log();
    pid_t pid = fork();
    if (pid == 0) {
        test_failures = 0;
        test_own_log = log;
    } else if (log) {
        log->pid = pid;
    }
    return pid;
}

// Prints what this child noted, or with 0 what all children noted that were not waited for.
__attribute__((unused)) static void test_print_log(pid_t pid) {
    pid_t me = getpid();
    for (int i = 0; test_logs && i < test_log_count; i++) {
        struct test_log *log = &test_logs[i];
        if (!log->claimed || log->parent != me || (pid && log->pid != pid))
            continue;
        test_print(log->text, log->length);
        __atomic_store_n(&log->claimed, 0, __ATOMIC_SEQ_CST);
    }
}

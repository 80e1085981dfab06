// SPDX-License-Identifier: BSD-2-Clause
// `hostile [ROUNDS [FILTER]]`: runs every attack as a child, checks how it ended, and checks after
// each that the system still answers: it forks, pipes, writes and reads back a file.
// Prints a line for each attack in the first round, for each failure always, and at last
// `N passed, N failed`. As process 1 it mounts what it needs and switches the machine off.
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { default_seconds = 20, answer_seconds = 10 };

static int passed, failed;

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vdprintf(1, format, arguments);
    va_end(arguments);
    dprintf(1, "\n");
    _exit(1);
}

void become_nobody(void) {
    if (setgid(65534) < 0 || setuid(65534) < 0)
        fail("cannot become nobody: %s", strerror(errno));
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    if (fd >= 0) {
        write(fd, text, strlen(text));
        close(fd);
    }
}

// Waits for the child at most so long; yields false when it still runs.
static bool wait_until(pid_t pid, double seconds, int *status) {
    double end = now() + seconds;
    long pause = 500000;
    while (waitpid(pid, status, WNOHANG) != pid) {
        if (now() > end)
            return false;
        nanosleep(&(struct timespec){0, pause}, NULL);
        if (pause < 20000000)
            pause *= 2;
    }
    return true;
}

static void collect_orphans(void) {
    double end = now() + answer_seconds;
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) >= 0 && now() < end;)
        if (pid == 0)
            usleep(2000);
}

// The child of the check: says something through a pipe and writes a file.
static void answer(int pipe_end) {
    alarm(answer_seconds);
    int fd = open("/tmp/hostile-check", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char text[6] = "";
    if (fd < 0 || write(fd, "hello", 5) != 5 || pread(fd, text, 5, 0) != 5 || strcmp(text, "hello"))
        _exit(1);
    write(pipe_end, text, 5);
    _exit(0);
}

static const char *why_no_answer(void) {
    int ends[2], status;
    char text[8] = "";
    if (pipe(ends) < 0)
        return "pipe";
    pid_t pid = fork();
    if (pid == 0)
        answer(ends[1]);
    close(ends[1]);
    ssize_t n = pid < 0 ? -1 : read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    if (pid < 0)
        return "fork";
    if (!wait_until(pid, answer_seconds + 2, &status))
        return "wait";
    unlink("/tmp/hostile-check");
    return status || n != 5 || strcmp(text, "hello") ? "file or pipe" : NULL;
}

static void start(const struct attack *attack) {
    struct rlimit none = {0, 0};
    setpgid(0, 0);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    write_file("/proc/self/oom_score_adj", "1000");
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    attack->run();
    _exit(0);
}

static bool as_expected(const struct attack *attack, bool ended, int status) {
    if (attack->endless)
        return !ended;
    if (!ended)
        return false;
    if (WIFSIGNALED(status))
        return attack->signals & SIGNAL(WTERMSIG(status));
    return status == 0 && (attack->may_return || !attack->signals);
}

static void run(const struct attack *attack, bool first_round) {
    int status = 0;
    fflush(stdout);
    double begin = now();
    pid_t pid = fork();
    if (pid == 0)
        start(attack);
    setpgid(pid, pid);
    bool ended = wait_until(pid, attack->seconds ? attack->seconds : default_seconds, &status);
    kill(-pid, SIGKILL);
    if (!ended && !wait_until(pid, answer_seconds, &status))
        printf("NOT OK %s: cannot be killed\n", attack->name);
    collect_orphans();
    const char *silence = why_no_answer();
    bool good = pid > 0 && !silence && as_expected(attack, ended, status);
    good ? passed++ : failed++;
    if (!good)
        printf("NOT OK %s: %s, status %#x%s%s\n", attack->name, ended ? "ended" : "still running",
               status, silence ? ", afterwards no answer from " : "", silence ? silence : "");
    else if (first_round)
        printf("ok %s (%.1f s)\n", attack->name, now() - begin);
}

static void prepare_machine(void) {
    mkdir("/dev", 0755);
    mount("dev", "/dev", "devtmpfs", 0, "");
    mount("proc", "/proc", "proc", 0, "");
    mkdir("/tmp", 01777);
    mount("tmp", "/tmp", "tmpfs", 0, "mode=1777");
    int console = open("/dev/console", O_RDWR);
    for (int fd = 0; console >= 0 && fd < 3; fd++)
        dup2(console, fd);
}

int main(int argc, char **argv) {
    static const struct attack *const groups[] = {address_attacks, call_attacks, exception_attacks,
                                                  return_attacks, exhaustion_attacks};
    bool first_process = getpid() == 1;
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    if (first_process)
        prepare_machine();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    write_file("/proc/self/oom_score_adj", "-1000");
    for (int round = 1; round <= rounds; round++) {
        for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
            for (const struct attack *attack = groups[i]; attack->name; attack++)
                if (argc < 3 || strstr(attack->name, argv[2]))
                    run(attack, round == 1);
        printf("round %d: %d passed, %d failed so far\n", round, passed, failed);
    }
    printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    if (first_process) {
        sync();
        sleep(1);
        reboot(RB_POWER_OFF);
    }
    return failed || !passed ? 1 : 0;
}

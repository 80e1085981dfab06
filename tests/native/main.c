// SPDX-License-Identifier: BSD-2-Clause
// Process 1 of the machine of tests/native/run.py: runs the tests and the examples, says how they
// went, and switches the machine off.
#include "guest.h"

#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>

enum { seconds_per_test = 120 };

int failures;

void expect(const char *file, int line, const char *what, long value, long want) {
    if (value == want)
        return;
    failures++;
    printf("%s:%d: %s is %ld, not %ld\n", strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line,
           what, value, want);
}

static int passed, failed;

static void report(const char *name, int status) {
    printf("%s %s", status == 0 ? "PASS" : "FAIL", name);
    printf(status == 0 ? "\n" : " status %#x\n", status);
    status == 0 ? passed++ : failed++;
}

static void run_all(const struct test *tests) {
    for (; tests->name; tests++)
        report(tests->name, status_of(CHILD({
                   alarm(seconds_per_test);
                   tests->run();
               })));
}

static void run_example(const char *name, const char *want) {
    char path[64], text[512];
    int ends[2];
    snprintf(path, sizeof path, "/examples/example_%s", name);
    pipe(ends);
    pid_t pid = CHILD({
        alarm(seconds_per_test);
        dup2(ends[1], 1);
        close(ends[0]);
        execl(path, name, NULL);
        _exit(99);
    });
    close(ends[1]);
    size_t size = 0;
    ssize_t got;
    while (size < sizeof text - 1 && (got = read(ends[0], text + size, sizeof text - 1 - size)) > 0)
        size += (size_t)got;
    text[size] = 0;
    close(ends[0]);
    int status = status_of(pid);
    if (strcmp(text, want) != 0) {
        printf("example %s says:\n%s", name, text);
        status = status ? status : 1;
    }
    report(name, status);
}

int main(void) {
    mkdir("/proc", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    run_example("echo", "6 one\n6 two\n10 three\n");
    run_example("ring", "100000 numbers, sum 5000050000\n");
    run_example("capability",
                "guest 42: open answers -1\nguest 42: widen answers -13\n"
                "guest 42: receive answers -13\n");
    run_all(call_tests);
    run_all(storm_tests);
    printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    return 1;
}

// SPDX-License-Identifier: BSD-2-Clause
// pith_bench [KEY...]: measures the rows of targets.tsv that can be seen from user mode and prints
// `row<TAB>value`, or `row<TAB>unavailable<TAB>ERRNO`. The unit is the time stamp counter's tick
// scaled to nanoseconds; under QEMU's `-icount shift=0` that is one instruction.
//
// A value is the mean over several batches after a warm-up, for so long that the timer's ticks and
// the kernel's deferred work (which a minimum would hide) are in it in their true proportion.
// As process 1 it mounts what it needs and switches the machine off at the end.
#include "bench.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { least_batches = 4, least_total_ns = 24000000 };

static double scale = 1.0;  // nanoseconds in a tick

void die(const char *what) {
    printf("# failed: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    _exit(1);
}

// Compares the counter with CLOCK_MONOTONIC over 30 ms. Under icount both count instructions, and
// the kernel's own error in calibrating must not enter: near to 1 is taken as 1.
static void calibrate(void) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    uint64_t begin = ticks(), ns;
    do {
        clock_gettime(CLOCK_MONOTONIC, &b);
        ns = (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec;
    } while (ns < 30000000);
    double measured = (double)ns / (double)(ticks() - begin);
    scale = measured > 0.98 && measured < 1.02 ? 1.0 : measured;
    printf("# calibration: %.5f ns in a tick, %.5f used\n", measured, scale);
}

static void measure(const struct row *row) {
    int error = row->set_up ? row->set_up() : 0;
    if (error) {
        printf("%s\tunavailable\t%d\n", row->key, error);
        fflush(stdout);
        return;
    }
    uint64_t total = 0;
    int batches = 0;
    row->run(row->count);
    for (; batches < least_batches || total * scale < least_total_ns; batches++)
        total += row->run(row->count);
    if (row->tear_down)
        row->tear_down();
    int in_batch = row->count * (row->per ? row->per : 1);
    double operations = (double)batches * in_batch;
    printf("# %s: %d operations with the warm-up\n", row->key, (batches + 1) * in_batch);
    printf("%s\t%.0f\n", row->key, scale * total / operations);
    fflush(stdout);
}

// Each row in a process of its own: none inherits the mappings and descriptors of another.
static bool measure_apart(const struct row *row) {
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        measure(row);
        _exit(0);
    }
    if (waitpid(pid, &status, 0) == pid && status == 0)
        return true;
    printf("%s\tunavailable\tstatus %#x\n", row->key, status);
    return false;
}

static bool wanted(const char *key, char **keys) {
    if (!*keys)
        return true;
    for (; *keys; keys++)
        if (strcmp(*keys, key) == 0)
            return true;
    return false;
}

static void bring_up_loopback(void) {
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0)
        return;
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags |= IFF_UP;
        ioctl(fd, SIOCSIFFLAGS, &request);
    }
    close(fd);
}

static void prepare_machine(void) {
    mkdir("/dev", 0755);
    mount("dev", "/dev", "devtmpfs", 0, "");
    mkdir("/proc", 0755);
    mount("proc", "/proc", "proc", 0, "");
    mkdir("/tmp", 01777);
    mount("tmp", "/tmp", "tmpfs", 0, "mode=1777");
    int console = open("/dev/console", O_RDWR);
    for (int fd = 0; console >= 0 && fd < 3; fd++)
        dup2(console, fd);
    if (console > 2)
        close(console);
}

int main(int argc, char **argv) {
    static const struct row *const groups[] = {
        call_rows,   file_rows,   message_rows, process_rows,
        memory_rows, signal_rows, event_rows,   block_rows};
    bool first_process = getpid() == 1, good = true;
    (void)argc;
    if (first_process)
        prepare_machine();
    bring_up_loopback();
    if (chdir("/tmp") < 0)
        die("chdir /tmp");
    calibrate();
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        for (const struct row *row = groups[i]; row->key; row++)
            if (wanted(row->key, argv + 1))
                good &= measure_apart(row);
    printf("# done\n");
    fflush(stdout);
    if (first_process) {
        sync();
        reboot(RB_POWER_OFF);
    }
    return good ? 0 : 1;
}

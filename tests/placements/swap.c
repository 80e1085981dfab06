// SPDX-License-Identifier: BSD-2-Clause
// Process 1 of the scenario `swap`: versions of a disk take over from each other under load, and
// those that cannot do not.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "load.h"

static const char *const disk = "swap_disk0";

// 0, or the errno of the call.
static int give_object(const char *path, const char *parameters) {
    const int file = open(path, O_RDONLY);
    const int error = syscall(SYS_finit_module, file, parameters, 0) == 0 ? 0 : errno;
    close(file);
    return error;
}

static int swap(const char *path) { return give_object(path, "swap=swap_disk0"); }

static int runs_version(const char *version) {
    char text[64];
    return read_text(disk, "version", text, sizeof text) &&
           strncmp(text, version, strlen(version)) == 0;
}

static void swap_back_and_forth(const char *placement, int rounds) {
    const uint64_t before = statistic(disk, "swaps"), restarts = statistic(disk, "restarts");
    int wrong = 0;
    for (int i = 0; i < rounds; i++) {
        const int next = i % 2 ? 1 : 2;
        wrong += swap(next == 2 ? "/swap_disk_2.o" : "/swap_disk_1.o") != 0;
        wrong += !runs_version(next == 2 ? "version 2" : "version 1");
        usleep(10 * 1000);
    }
    result(wrong == 0 && statistic(disk, "swaps") == before + rounds, "%s: %d swaps", placement,
           rounds);
    result(statistic(disk, "restarts") == restarts, "%s: no life ended in them", placement);
    result(runs_version("version 1.0.0\nlayout 1"), "%s: the first version runs again", placement);
}

// What must be refused, and leave everything as it is.
static void try_what_is_wrong(const char *placement) {
    const uint64_t before = statistic(disk, "swaps");
    result(swap("/swap_disk_2_bad.o") == EPROTO, "%s: the error of migrate is told", placement);
    result(swap("/faulty_disk.o") == EINVAL, "%s: another component is none of its versions",
           placement);
    result(swap("/init") == ENOEXEC, "%s: a program is no object", placement);
    result(give_object("/swap_disk_2.o", "swap=nonesuch0") == ENOENT, "%s: no such instance",
           placement);
    result(give_object("/swap_disk_2.o", "swap=") == EINVAL, "%s: no name", placement);
    result(runs_version("version 1") && is_running(disk) && statistic(disk, "swaps") == before,
           "%s: the first version goes on", placement);
}

// A version that ends on probation is replaced by the one before.
static void go_back(const char *placement) {
    const uint64_t before = statistic(disk, "roll_backs");
    result(swap("/swap_disk_2_crash.o") == 0, "%s: one that will end takes over", placement);
    for (int i = 0; i < 1000 && statistic(disk, "roll_backs") == before; i++)
        usleep(5 * 1000);
    wait_until_running(disk);
    result(statistic(disk, "roll_backs") == before + 1 && runs_version("version 1"),
           "%s: the first version is back", placement);
}

int main(int count, char **words) {
    prepare();
    const int rounds = count == 2 ? atoi(words[1]) : 20;
    result(give_object("/swap_disk_1.o", "") == 0, "the first version is loaded");
    struct disk_load load = {.path = "/dev/ram0", .first = 0, .count = 1024};
    load.versions = calloc(load.count, sizeof *load.versions);
    pthread_t thread;
    pthread_create(&thread, NULL, use_disk, &load);
    const char *placements[] = {"module", "server"};
    for (int p = 0; p < 2; p++) {
        char now[32] = "";
        write_text(disk, "placement", placements[p]);
        read_text(disk, "placement", now, sizeof now);
        result(strcmp(now, placements[p]) == 0, "%s: it lives there", placements[p]);
        const uint64_t answered = statistic(disk, "answered");
        swap_back_and_forth(placements[p], rounds);
        try_what_is_wrong(placements[p]);
        go_back(placements[p]);
        result(statistic(disk, "answered") > answered + 50, "%s: it was under load", placements[p]);
    }
    stop = 1;
    pthread_join(thread, NULL);
    printf("count rounds %lu longest_pause_us %lu\n", load.rounds,
           statistic(disk, "longest_pause_ns") / 1000);
    result(complaints == 0, "no program saw an error or a wrong byte (%lu did)", complaints);
    printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    tcdrain(1);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

// SPDX-License-Identifier: BSD-2-Clause
// Process 1 of `run.py crash`: loads a RAM disk's driver that does one wrong thing after the other,
// in the kernel, then in a process of its own. Each ends that instance alone; the request that was
// told to do it is served by the next life, and what was written before is still there. A request
// that ends every life is given up.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

// As in faulty_disk/component.cpp.
static const char *const faults[] = {
    "none", "read of null", "write to null", "write to code", "call of null",
    "call of data", "failed check", "division by zero", "endless recursion",
    "address that is not canonical", "register it does not have", "double completion",
    "no answer", "giving up", "stack pointer to nowhere",
    "endless loop", "endless loop in a timer",
    // in a process only
    "call of Linux", "call that does not exist", "software interrupt",
    "privileged instruction", "kernel memory", "pointer to kernel memory", "block it does not have",
};
enum { fault_count = sizeof faults / sizeof *faults, kernel_fault_count = fault_count - 7,
       block_size = 4096, poison = 1000 };
static const uint64_t magic = 0x6b61657262206f64;
static const char *const component = "/sys/pith/components/faulty_disk0";

static int passed, failed;

static void result(int good, const char *what, const char *which) {
    printf("%s %s%s%s\n", good ? "pass" : "FAIL", which, *which ? ": " : "", what);
    fflush(stdout);
    passed += good;
    failed += !good;
}

static uint64_t statistic(const char *name) {
    char path[96], text[1000];
    snprintf(path, sizeof path, "%s/statistics", component);
    const int file = open(path, O_RDONLY);
    const ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    close(file);
    if (length < 0)
        return ~0ul;
    text[length] = 0;
    const size_t size = strlen(name);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, name, size) == 0 && line[size] == ' ')
            return strtoul(line + size, NULL, 10);
    return ~0ul;
}

static int says(const char *name, const char *wanted) {
    char path[96], text[32] = "";
    snprintf(path, sizeof path, "%s/%s", component, name);
    const int file = open(path, O_RDONLY);
    const ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    close(file);
    return length > 0 && strncmp(text, wanted, strlen(wanted)) == 0;
}

static int move_to(const char *placement) {
    char path[96];
    snprintf(path, sizeof path, "%s/placement", component);
    const int file = open(path, O_WRONLY);
    const int good = write(file, placement, strlen(placement)) > 0;
    close(file);
    return good && says("placement", placement);
}

static unsigned char *buffer;

static void fill(unsigned seed) {
    for (int i = 0; i < block_size; i++)
        buffer[i] = (unsigned char)(seed * 7 + i * 13 + (i >> 8));
}

static int write_block(int disk, int block) {
    return pwrite(disk, buffer, block_size, (off_t)block * block_size) == block_size;
}

static int holds(int disk, int block, unsigned seed) {
    unsigned char *wanted = malloc(block_size);
    fill(seed);
    memcpy(wanted, buffer, block_size);
    const int good = pread(disk, buffer, block_size, (off_t)block * block_size) == block_size &&
                     memcmp(wanted, buffer, block_size) == 0;
    free(wanted);
    return good;
}

// Orders `fault` for `lives` lives, at a block where no order was given before.
static int order(int disk, int fault, uint64_t lives) {
    static int block = 100;
    memset(buffer, 0, block_size);
    const uint64_t words[] = {magic, (uint64_t)fault, lives};
    memcpy(buffer, words, sizeof words);
    return write_block(disk, block++);
}

static void load(void) {
    const int file = open("/faulty_disk.o", O_RDONLY);
    result(file >= 0 && syscall(SYS_finit_module, file, "", 0) == 0, "is loaded", "faulty_disk");
    result(syscall(SYS_finit_module, file, "", 0) < 0 && errno == EEXIST, "is loaded once",
           "faulty_disk");
    close(file);
    const int nonsense = open("/init", O_RDONLY);
    result(syscall(SYS_finit_module, nonsense, "", 0) < 0 && errno == ENOEXEC,
           "a program is no component", "finit_module");
    close(nonsense);
    const int user = open("/dev/ram0", O_RDONLY);
    result(syscall(SYS_delete_module, "faulty_disk", 0) < 0 && errno == EBUSY,
           "a driver whose disk is open stays", "delete_module");
    result(pread(user, buffer, block_size, 0) == block_size, "serves on", "/dev/ram0");
    close(user);
    result(syscall(SYS_delete_module, "nonesuch", 0) < 0 && errno == ENOENT,
           "no such object", "delete_module");
}

// Waits until so many lives have begun since `before`: a request may be served before the life that
// served it ends.
static int restarted(uint64_t before, uint64_t lives) {
    for (int tries = 0; tries < 500 && statistic("restarts") < before + lives; tries++)
        usleep(10 * 1000);
    return statistic("restarts") == before + lives;
}

static uint64_t nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t longest_hang; // until the request is served; 0: any

static void judge_hang(const char *which, uint64_t time) {
    printf("restart %s: served again after %lu ns\n", which, time);
    if (longest_hang != 0)
        result(time <= longest_hang, "is found and served again in time", which);
}

// `where`: the placement it lives in, and stays in, for it was of use before.
static void commit_faults(int disk, const char *where, int count) {
    for (int fault = 1; fault < count; fault++) {
        char name[64];
        snprintf(name, sizeof name, "%s: %s", where, faults[fault]);
        const uint64_t before = statistic("restarts"), begin = nanoseconds();
        result(order(disk, fault, 1), "the request is served in the end", name);
        if (strncmp(faults[fault], "endless loop", strlen("endless loop")) == 0)
            judge_hang(faults[fault], nanoseconds() - begin);
        result(restarted(before, 1), "a fresh life began", name);
        result(holds(disk, 1, 1) && holds(disk, 2, 2), "nothing is lost", name);
    }
    result(says("placement", where), "it lives there still", where);
}

static void try_poison(int disk, uint64_t convicted) {
    const uint64_t before = statistic("restarts");
    result(!order(disk, 1, poison) && errno == EIO, "is answered with EIO", "poison");
    result(restarted(before, 3), "ended three lives", "poison");
    result(statistic("convicted") == convicted, "is the only one given up", "poison");
    result(says("state", "running") && holds(disk, 1, 1) && holds(disk, 2, 2),
           "the others are served", "poison");
}

// [NANOSECONDS]: the most that an endless loop may take.
int main(int count, char **words) {
    longest_hang = count > 1 ? strtoul(words[1], NULL, 10) : 0;
    mkdir("/proc", 0755), mkdir("/sys", 0755), mkdir("/dev", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    buffer = aligned_alloc(block_size, block_size);
    load();
    const int disk = open("/dev/ram0", O_RDWR | O_DIRECT);
    result(disk >= 0, "opens", "/dev/ram0");
    fill(1);
    const int first = write_block(disk, 1);
    fill(2);
    result(first && write_block(disk, 2), "takes data", "/dev/ram0");
    commit_faults(disk, "module", kernel_fault_count);
    try_poison(disk, 1);
    result(says("placement", "server"), "what ended in vain in the kernel is a server now", "");
    commit_faults(disk, "server", fault_count);
    try_poison(disk, 2);
    result(move_to("module") && holds(disk, 1, 1), "goes back to the kernel", "server");
    printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    tcdrain(1);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

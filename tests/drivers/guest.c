// SPDX-License-Identifier: BSD-2-Clause
// Runs as init in a machine that tests/drivers/run.py starts: uses every device through /dev and
// prints a line for each test. Of the port and the second serial line this side is the one that
// echoes, slowly, and the host compares.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static int failures, tests;

static void result(const char* name, int good) {
    tests++;
    failures += !good;
    printf("%s %s (errno %d)\n", good ? "pass" : "FAIL", name, errno);
    fflush(stdout);
    errno = 0;
}

static void fill(uint8_t* bytes, size_t size, uint64_t seed) {
    for (size_t i = 0; i < size; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(seed >> 56);
    }
}

// Writes, syncs, and reads back past the cache.
static void disk(const char* path, size_t size) {
    const off_t place = 64 * 1024;
    const int file = open(path, O_RDWR);
    result(path, file >= 0);
    if (file < 0)
        return;
    uint64_t length = 0;
    result("size of the disk", ioctl(file, BLKGETSIZE64, &length) == 0 && length > size + place);
    uint8_t* wanted = aligned_alloc(4096, size);
    uint8_t* found = aligned_alloc(4096, size);
    fill(wanted, size, 7);
    result("write", pwrite(file, wanted, size, place) == (ssize_t)size);
    result("fsync", fsync(file) == 0);
    const int direct = open(path, O_RDONLY | O_DIRECT);
    result("open directly", direct >= 0);
    result("read directly", pread(direct, found, size, place) == (ssize_t)size);
    result("the same bytes", memcmp(wanted, found, size) == 0);
    result("past the end", pwrite(file, wanted, 512, (off_t)length) < 0 && errno == ENOSPC);
    close(direct);
    close(file);
}

// Sends back `size` bytes in pieces, with pauses in which the device must hold what comes.
static void echo(const char* path, size_t size) {
    const int file = open(path, O_RDWR);
    result(path, file >= 0);
    if (file < 0)
        return;
    struct termios settings;
    if (tcgetattr(file, &settings) == 0) {
        cfmakeraw(&settings);
        tcsetattr(file, TCSANOW, &settings);
    }
    if (write(file, "READY\n", 6) != 6)
        result("first words", 0);
    static uint8_t buffer[8192];
    size_t done = 0;
    for (int round = 0; done < size; round++) {
        if (round % 8 == 7)
            usleep(20000);
        const ssize_t count = read(file, buffer, sizeof buffer);
        if (count <= 0)
            break;
        for (ssize_t at = 0; at < count;) {
            const ssize_t written = write(file, buffer + at, (size_t)(count - at));
            if (written <= 0)
                break;
            at += written;
        }
        done += (size_t)count;
    }
    result("all bytes came", done == size);
    tcdrain(file);
    usleep(200000);
    close(file);
}

int main(void) {
    mkdir("/dev", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, "");
    errno = 0;
    disk("/dev/ram0", 256 << 10);
    char names[256] = "";
    strncpy(names, getenv("disks") ? getenv("disks") : "vda", sizeof names - 1);
    for (char* name = strtok(names, ","); name; name = strtok(NULL, ",")) {
        char path[64];
        snprintf(path, sizeof path, "/dev/%s", name);
        disk(path, 4 << 20);
    }
    const int console = open("/dev/hvc0", O_RDWR | O_NOCTTY);
    result("/dev/hvc0", console >= 0 && write(console, "hello from hvc0\n", 16) == 16);
    echo("/dev/vport0p1", 512 << 10);
    echo("/dev/ttyS1", 32 << 10);
    printf("drivers: %d passed, %d failed\n", tests - failures, failures);
    fflush(stdout);
    tcdrain(1);
    usleep(300000);
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

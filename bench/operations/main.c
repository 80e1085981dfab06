// SPDX-License-Identifier: BSD-2-Clause
//
// Process 1 of a machine that counts instructions: prints `name<TAB>instructions` lines on its
// console and powers off. Under QEMU's -icount the time stamp counter counts instructions.

#include "operation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t instructions(void) {
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

int outcome(long result) { return result < 0 ? -errno : 0; }

static void print(const char* name, long long value) {
    char line[96];
    int length = snprintf(line, sizeof line, "bench\t%s\t%lld\n", name, value);
    (void)!write(STDOUT_FILENO, line, (size_t)length);
}

static void count_operation(const struct operation* operation) {
    int failed = operation->prepare ? operation->prepare() : 0;
    if (failed == 0) {
        failed = operation->run(operation->count / 8 + 1); // warms caches and per-CPU lists
    }
    uint64_t start = instructions();
    if (failed == 0) {
        failed = operation->run(operation->count);
    }
    uint64_t spent = instructions() - start;
    if (operation->finish) {
        operation->finish();
    }
    uint64_t things = (uint64_t)operation->count * (operation->per_call ? operation->per_call : 1);
    print(operation->name, failed < 0 ? failed : (long long)(spent / things));
}

// For the row "fork + exec": this program again, ending at once.
static int is_second_life(int argc, char** argv) {
    return argc > 1 && strcmp(argv[1], "--exit") == 0;
}

int main(int argc, char** argv) {
    if (is_second_life(argc, argv)) {
        _exit(0);
    }
    uint64_t first = instructions();
    mkdir("/proc", 0755);
    mkdir("/dev", 0755);
    mkdir("/tmp", 01777);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
    print("power_on_to_first_user_instruction", (long long)first);
    const struct operation_list* const lists[] = {
        &file_operations,   &switch_operations, &process_operations,
        &memory_operations, &signal_operations, &polling_operations,
    };
    for (size_t index = 0; index < sizeof lists / sizeof *lists; ++index) {
        for (size_t row = 0; row < lists[index]->count; ++row) {
            count_operation(&lists[index]->operations[row]);
        }
    }
    print("end", 0);
    reboot(RB_POWER_OFF);
    reboot(RB_AUTOBOOT);
    for (;;) {
        pause();
    }
}

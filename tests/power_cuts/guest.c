// SPDX-License-Identifier: BSD-2-Clause
// Process 1 of tests/power_cuts/run.py. "work N": operations 1 to N on the volume at the beginning
// of /dev/vda, told to the host by a record behind it; then the machine stops without unmounting.
// "look": each disk is mounted, which recovers it, read through, unmounted.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "operations.h"

static char bytes[power_cut_most_bytes];
static struct power_cut_record *record;
static int disk;

// What was said reaches the host first.
static void power_off(void) {
    fflush(stdout);
    tcdrain(STDOUT_FILENO);
    reboot(RB_POWER_OFF);
}

static void stop(const char *what) {
    printf("FAIL %s (errno %d)\n0 passed, 1 failed\n", what, errno);
    power_off();
}

static void tell(uint64_t begun, uint64_t durable) {
    record->magic = POWER_CUT_MAGIC;
    record->begun = begun;
    record->durable = durable;
    if (pwrite(disk, record, sizeof *record, POWER_CUT_VOLUME) != sizeof *record)
        stop("the record cannot be written");
}

static void sync_folder(const char *path) {
    const int folder = open(path, O_RDONLY | O_DIRECTORY);
    if (folder < 0 || fsync(folder) != 0)
        stop("a folder cannot be synced");
    close(folder);
}

static void replace(uint64_t number, const struct power_cut_operation *one, const char *path) {
    char new_path[32];
    snprintf(new_path, sizeof new_path, "d%u/t%llu", one->other % 3, (unsigned long long)number);
    power_cut_fill(bytes, one->size, number);
    const int file = open(new_path, O_CREAT | O_EXCL | O_WRONLY, 0644);
    if (file < 0 || write(file, bytes, one->size) != (ssize_t)one->size || fsync(file) != 0)
        stop("a file cannot be written");
    close(file);
    if (rename(new_path, path) != 0)
        stop("a file cannot be renamed");
}

static void work(uint64_t last) {
    uint64_t durable = 0;
    for (uint64_t number = 1; number <= last; number++) {
        const struct power_cut_operation one = power_cut_operation_at(number);
        char path[16], other[16];
        power_cut_path(path, one.name);
        power_cut_path(other, one.other);
        tell(number, durable);
        int done = 0;
        if (one.kind == power_cut_replace)
            replace(number, &one, path);
        else if (one.kind == power_cut_unlink)
            done = unlink(path);
        else
            done = rename(path, other);
        if (done != 0 && errno != ENOENT)
            stop("an operation fails");
        if (one.is_synced) {
            path[2] = other[2] = 0;
            sync_folder(path);
            sync_folder(other);
            durable = number;
            tell(number, durable);
        }
    }
}

static void start_work(uint64_t last) {
    disk = open("/dev/vda", O_RDWR | O_DIRECT);
    if (disk < 0 || posix_memalign((void **)&record, 4096, 4096) != 0)
        stop("no disk");
    memset(record, 0, sizeof *record);
    if (mount("/dev/vda", "/m", "ext4", 0, "") != 0 || chdir("/m") != 0)
        stop("no volume");
    for (int i = 0; i < 3; i++) {
        char folder[4];
        snprintf(folder, sizeof folder, "d%d", i);
        mkdir(folder, 0755);
    }
    sync_folder("/m");
    work(last);
    printf("1 passed, 0 failed\n");
}

static int read_through(const char *folder) {
    DIR *stream = opendir(folder);
    if (!stream)
        return 0;
    int good = 1;
    for (struct dirent *entry; (entry = readdir(stream));) {
        char path[600];
        struct stat about;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || lstat(path, &about) != 0)
            continue;
        if (S_ISDIR(about.st_mode)) {
            good &= read_through(path);
        } else {
            const int file = open(path, O_RDONLY);
            ssize_t got = 0;
            while (file >= 0 && (got = read(file, bytes, sizeof bytes)) > 0)
                ;
            good &= file >= 0 && got == 0;
            close(file);
        }
    }
    closedir(stream);
    return good;
}

static void look(void) {
    int passed = 0, failed = 0;
    for (char name = 'a'; name <= 'z'; name++) {
        char path[] = "/dev/vd?";
        path[7] = name;
        if (access(path, F_OK) != 0)
            break;
        const int good =
            mount(path, "/m", "ext4", 0, "") == 0 && read_through("/m") && umount("/m") == 0;
        printf("%s recovered %s\n", good ? "pass" : "FAIL", path);
        passed += good;
        failed += !good;
    }
    printf("%d passed, %d failed\n", passed, failed);
}

int main(int count, char **words) {
    mkdir("/dev", 0755);
    mkdir("/m", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, "");
    if (count == 3 && strcmp(words[1], "work") == 0)
        start_work(strtoull(words[2], NULL, 10));
    else
        look();
    power_off();
}

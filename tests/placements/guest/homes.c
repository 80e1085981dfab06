// SPDX-License-Identifier: BSD-2-Clause
// Every instance that runs in every placement, and what each home's loader says that it loaded: in
// pithctl's words, between lines "json NAME" and "json end".
#define _GNU_SOURCE
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static void show_by_pithctl(const char *what, char *const words[]) {
    printf("json %s\n", what);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        execv("/pithctl", words);
        _exit(127);
    }
    int status = -1;
    waitpid(child, &status, 0);
    printf("json end\n");
    result(status == 0, "pithctl lists %s", what);
}

static void move_all(const char *placement) {
    DIR *folder = opendir("/sys/pith/components");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        char now[32] = "";
        write_text(entry->d_name, "placement", placement);
        read_text(entry->d_name, "placement", now, sizeof now);
        result(strcmp(now, placement) == 0, "%s lives as %s", entry->d_name, placement);
    }
    if (folder)
        closedir(folder);
}

// A loop device over the raw disk, so that its component lives; -1 if there is none.
static int make_loop_device(void) {
    const int control = open("/dev/loop-control", O_RDWR);
    const int disk = open("/dev/vdb", O_RDWR);
    result(ioctl(control, LOOP_CTL_ADD, 0) == 0, "add /dev/loop0");
    const int loop = open("/dev/loop0", O_RDWR | O_DIRECT);
    result(ioctl(loop, LOOP_SET_FD, disk) == 0, "attach /dev/vdb to /dev/loop0");
    close(control);
    close(disk);
    return loop;
}

// Writes a block and reads it back, past the caches.
static void use_loop_device(int loop, const char *placement) {
    enum { size = 4096 };
    void *memory = NULL;
    const int failed = posix_memalign(&memory, size, 2 * size);
    char *out = memory, *in = out + size;
    if (!failed) {
        memset(out, placement[0], size);
        memset(in, 0, size);
    }
    const int good = !failed && pwrite(loop, out, size, size) == size &&
                     pread(loop, in, size, size) == size && memcmp(in, out, size) == 0;
    result(good, "/dev/loop0 is written and read as %s", placement);
    free(memory);
}

void compare_homes(const struct scene *scene) {
    result(mount("/dev/vda", "/mnt", "ext4", 0, NULL) == 0, "mount /dev/vda");
    const int loop = make_loop_device();
    char *const list[] = {"/pithctl", "list", "--hash", "--json", NULL};
    char *const objects[] = {"/pithctl", "list", "--objects", "--hash", "--json", NULL};
    for (int p = 0; p < scene->placement_count; p++) {
        move_all(scene->placements[p]);
        use_loop_device(loop, scene->placements[p]);
        show_by_pithctl(scene->placements[p], list);
    }
    show_by_pithctl("objects", objects);
    close(loop);
    result(umount("/mnt") == 0, "umount /mnt");
}

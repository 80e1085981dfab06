// SPDX-License-Identifier: BSD-2-Clause
// Every instance that runs in every placement, and what each home's loader says that it loaded: in
// pithctl's words, between lines "json NAME" and "json end".
#include "guest.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
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

void compare_homes(const struct scene *scene) {
    result(mount("/dev/vda", "/mnt", "ext4", 0, NULL) == 0, "mount /dev/vda");
    char *const list[] = {"/pithctl", "list", "--hash", "--json", NULL};
    char *const objects[] = {"/pithctl", "list", "--objects", "--hash", "--json", NULL};
    for (int p = 0; p < scene->placement_count; p++) {
        move_all(scene->placements[p]);
        show_by_pithctl(scene->placements[p], list);
    }
    show_by_pithctl("objects", objects);
    result(umount("/mnt") == 0, "umount /mnt");
}

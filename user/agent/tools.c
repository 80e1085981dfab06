// SPDX-License-Identifier: BSD-2-Clause
//
// What the initramfs carries for people at a prompt (pithctl, its completion), and the kernel's
// modules. With a root disk it is kept in /run, which moves along, and linked from /usr/local and
// /lib/modules, where any program finds it: images of ./pith have these links, others get them.

#include "agent.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

struct tool {
    const char* path; // in the initramfs, and on the root disk
    const char* kept;
    mode_t mode;
};

// Modules of the kernel: a directory of files, linked as a whole. Its name is the kernel's release.
static const char modules_above[] = "/lib/modules";
static const char modules_kept[] = "/run/pith/modules";

static const struct tool tools[] = {
    {"/usr/local/bin/pithctl", "/run/pith/bin/pithctl", 0755},
    {"/usr/local/share/bash-completion/completions/pithctl", "/run/pith/share/pithctl.bash", 0644},
};

// "/lib/modules/6.1.0-pith".
static void modules_path(char* path, size_t capacity) {
    struct utsname names;
    uname(&names);
    snprintf(path, capacity, "%s/%s", modules_above, names.release);
}

static void keep_modules(void) {
    char folder[128], from[400], to[400];
    modules_path(folder, sizeof folder);
    DIR* directory = opendir(folder);
    if (directory == NULL) {
        return;
    }
    mkdir(modules_kept, 0755);
    for (struct dirent* entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(from, sizeof from, "%s/%s", folder, entry->d_name);
        snprintf(to, sizeof to, "%s/%s", modules_kept, entry->d_name);
        int failed = copy_file(from, to, 0644);
        if (failed != 0) {
            report("cannot provide %s: %s", from, strerror(-failed));
        }
    }
    closedir(directory);
}

static void link_modules(void) {
    char path[128];
    if (access(modules_kept, R_OK) == 0) {
        modules_path(path, sizeof path);
        mkdir(modules_above, 0755);
        (void)!symlink(modules_kept, path);
    }
}

static void make_parents(const char* path) {
    char parent[128];
    for (const char* slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
        mkdir(parent, 0755);
    }
}

// Before the root is switched. What the initramfs does not have is not missed.
void keep_tools(void) {
    for (size_t index = 0; index < sizeof tools / sizeof *tools; ++index) {
        const struct tool* tool = &tools[index];
        if (access(tool->path, R_OK) != 0) {
            continue;
        }
        make_parents(tool->kept);
        int failed = copy_file(tool->path, tool->kept, tool->mode);
        if (failed != 0) {
            report("cannot provide %s: %s", tool->path, strerror(-failed));
        }
    }
    keep_modules();
}

// On the root disk. One that is read-only, or has a file of that name, is left as it is.
void link_tools(void) {
    for (size_t index = 0; index < sizeof tools / sizeof *tools; ++index) {
        const struct tool* tool = &tools[index];
        if (access(tool->kept, R_OK) == 0) {
            make_parents(tool->path);
            (void)!symlink(tool->kept, tool->path);
        }
    }
    link_modules();
}

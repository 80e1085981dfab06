// SPDX-License-Identifier: BSD-2-Clause
//
// What the initramfs carries for people at a prompt (pithctl, its completion). With a root disk it
// is kept in /run, which moves along, and linked from /usr/local, where any shell finds it.

#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tool {
    const char* path; // in the initramfs, and on the root disk
    const char* kept;
    mode_t mode;
};

static const struct tool tools[] = {
    {"/usr/local/bin/pithctl", "/run/pith/bin/pithctl", 0755},
    {"/usr/local/share/bash-completion/completions/pithctl", "/run/pith/share/pithctl.bash", 0644},
};

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
        if (copy_file(tool->path, tool->kept, tool->mode) != 0) {
            report("cannot provide %s: %s", tool->path, strerror(errno));
        }
    }
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
}

// SPDX-License-Identifier: BSD-2-Clause
//
// Loads the kernel modules that the initramfs carries, in the order its list gives (dependencies
// first), and removes each file to give its memory back. An initramfs without the list needs none.

#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load_module(const char* path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        report("cannot open %s: %s", path, strerror(errno));
        return;
    }
    if (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST) {
        report("cannot load %s: %s", path, strerror(errno));
    }
    close(fd);
    unlink(path);
}

void load_modules(const char* order_file) {
    FILE* order = fopen(order_file, "re");
    if (order == NULL) {
        return;
    }
    char path[256];
    while (fgets(path, sizeof path, order) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        if (path[0] != '\0') {
            load_module(path);
        }
    }
    fclose(order);
    unlink(order_file);
}

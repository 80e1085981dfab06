// SPDX-License-Identifier: BSD-2-Clause
//
// System calls that do next to nothing, and files in tmpfs.

#include "operation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int g_file = -1;

static int getppid_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        syscall(SYS_getppid);
    }
    return 0;
}

static int open_zero(void) {
    g_file = open("/dev/zero", O_RDONLY);
    return outcome(g_file);
}

static int open_filled_file(void) {
    static char page[4096];
    g_file = open("/tmp/file", O_RDWR | O_CREAT, 0600);
    return g_file < 0 ? outcome(g_file) : outcome(pwrite(g_file, page, sizeof page, 0));
}

static void close_file(void) { close(g_file); }

static int read_run(unsigned count) {
    char byte;
    for (unsigned index = 0; index < count; ++index) {
        if (read(g_file, &byte, 1) != 1) {
            return outcome(-1);
        }
    }
    return 0;
}

static int pread_run(unsigned count) {
    static char page[4096];
    for (unsigned index = 0; index < count; ++index) {
        if (pread(g_file, page, sizeof page, 0) != (ssize_t)sizeof page) {
            return outcome(-1);
        }
    }
    return 0;
}

static int fstat_run(unsigned count) {
    struct stat status;
    for (unsigned index = 0; index < count; ++index) {
        if (fstat(g_file, &status) != 0) {
            return outcome(-1);
        }
    }
    return 0;
}

static int stat_run(unsigned count) {
    struct stat status;
    for (unsigned index = 0; index < count; ++index) {
        if (stat("/tmp/file", &status) != 0) {
            return outcome(-1);
        }
    }
    return 0;
}

static int open_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        int fd = open("/tmp/file", O_RDONLY);
        if (fd < 0) {
            return outcome(fd);
        }
        close(fd);
    }
    return 0;
}

static int create_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        int fd = open("/tmp/new", O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd < 0) {
            return outcome(fd);
        }
        close(fd);
        if (unlink("/tmp/new") != 0) {
            return outcome(-1);
        }
    }
    return 0;
}

static const struct operation operations[] = {
    {"getppid", getppid_run, 4000, 1, NULL, NULL},
    {"read_zero", read_run, 4000, 1, open_zero, close_file},
    {"fstat", fstat_run, 2000, 1, open_filled_file, close_file},
    {"stat", stat_run, 2000, 1, open_filled_file, close_file},
    {"open_close", open_run, 2000, 1, open_filled_file, close_file},
    {"create_close_unlink", create_run, 1000, 1, NULL, NULL},
    {"pread_4k", pread_run, 2000, 1, open_filled_file, close_file},
};
const struct operation_list file_operations = {operations, sizeof operations / sizeof *operations};

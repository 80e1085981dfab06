// SPDX-License-Identifier: BSD-2-Clause
//
// The file systems of a machine: the kernel's own, then the root disk, onto which the root is
// switched as Debian's initramfs does (mount, move, chroot).

#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { device_patience_ms = 10000, pause_ms = 5 };

struct kernel_mount {
    const char* source;
    const char* target;
    const char* type;
    unsigned long flags;
    const char* options;
    bool required;
};

static const struct kernel_mount kernel_mounts[] = {
    {"proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true},
    {"sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false},
    {"udev", "/dev", "devtmpfs", MS_NOSUID, "mode=0755", true},
    {"devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666", false},
    {"tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", false},
    {"tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", true},
};

static const char* const moved_mounts[] = {"/proc", "/sys", "/dev", "/run"};

static void make_device_links(void) {
    static const char* const links[][2] = {
        {"/proc/self/fd", "/dev/fd"},
        {"/proc/self/fd/0", "/dev/stdin"},
        {"/proc/self/fd/1", "/dev/stdout"},
        {"/proc/self/fd/2", "/dev/stderr"},
    };
    for (size_t index = 0; index < sizeof links / sizeof *links; ++index) {
        (void)!symlink(links[index][0], links[index][1]);
    }
}

int mount_kernel_file_systems(void) {
    for (size_t index = 0; index < sizeof kernel_mounts / sizeof *kernel_mounts; ++index) {
        const struct kernel_mount* entry = &kernel_mounts[index];
        mkdir(entry->target, 0755);
        if (mount(entry->source, entry->target, entry->type, entry->flags, entry->options) == 0) {
            continue;
        }
        int error = errno;
        report("cannot mount %s on %s: %s", entry->type, entry->target, strerror(error));
        if (entry->required) {
            return -error;
        }
    }
    make_device_links();
    return 0;
}

static bool wait_for_device(const char* device) {
    for (int waited = 0; waited < device_patience_ms; waited += pause_ms) {
        struct stat status;
        if (stat(device, &status) == 0 && S_ISBLK(status.st_mode)) {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000L}, NULL);
    }
    return false;
}

static void report_block_devices(void) {
    DIR* directory = opendir("/sys/class/block");
    if (directory == NULL) {
        return;
    }
    for (struct dirent* entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] != '.') {
            report("there is /dev/%s", entry->d_name);
        }
    }
    closedir(directory);
}

// Makes `directory` the root of this process and of all it starts.
static int switch_root(const char* directory) {
    for (size_t index = 0; index < sizeof moved_mounts / sizeof *moved_mounts; ++index) {
        char target[64];
        snprintf(target, sizeof target, "%s%s", directory, moved_mounts[index]);
        mkdir(target, 0755);
        if (mount(moved_mounts[index], target, NULL, MS_MOVE, NULL) != 0) {
            report("cannot move %s to %s: %s", moved_mounts[index], target, strerror(errno));
        }
    }
    if (chdir(directory) != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 ||
        chdir("/") != 0) {
        int error = errno;
        report("cannot switch the root to %s: %s", directory, strerror(error));
        return -error;
    }
    return 0;
}

int switch_to_root_disk(const char* device, const char* type, bool read_only) {
    if (!wait_for_device(device)) {
        report("root device %s does not appear", device);
        report_block_devices();
        return -ENODEV;
    }
    mkdir("/root", 0700);
    if (mount(device, "/root", type, read_only ? MS_RDONLY : 0, NULL) != 0) {
        int error = errno;
        report("cannot mount %s (%s) as the root: %s", device, type, strerror(error));
        return -error;
    }
    return switch_root("/root");
}

void mount_copy_in(const char* device) {
    mkdir("/copy-in", 0755);
    if (!wait_for_device(device) || mount(device, "/copy-in", "ext4", MS_RDONLY, NULL) != 0) {
        report("cannot mount %s on /copy-in: %s", device, strerror(errno));
    }
}

int copy_file(const char* source, const char* target, mode_t mode) {
    int from = open(source, O_RDONLY | O_CLOEXEC);
    int to = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    int error = from < 0 || to < 0 ? -errno : 0;
    char bytes[4096];
    for (ssize_t got; error == 0 && (got = read(from, bytes, sizeof bytes)) != 0;) {
        error = got < 0 ? -errno : write_all(to, bytes, (size_t)got);
    }
    if (from >= 0) {
        close(from);
    }
    if (to >= 0) {
        close(to);
    }
    return error;
}

// Puts `poweroff` and its kin where images link to them. Called before the root is switched, while
// /init is still this program; /run moves along.
void prepare_run_directory(void) {
    static const char* const names[] = {"poweroff", "reboot", "halt"};
    mkdir("/run/pith", 0755);
    mkdir("/run/pith/bin", 0755);
    keep_tools();
    if (copy_file("/init", "/run/pith/agent", 0755) != 0) {
        report("cannot provide poweroff: %s", strerror(errno));
        return;
    }
    for (size_t index = 0; index < sizeof names / sizeof *names; ++index) {
        char link[64];
        snprintf(link, sizeof link, "/run/pith/bin/%s", names[index]);
        (void)!symlink("/run/pith/agent", link);
    }
}

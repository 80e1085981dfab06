// SPDX-License-Identifier: BSD-2-Clause
//
// The end of the machine: processes, disks, power. Also `poweroff`, `reboot` and `halt`, which this
// binary is when it is called by those names; they only signal process 1.

#include "agent.h"

#include <errno.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { polite_ms = 500, pause_ms = 5 };

static bool processes_are_left(void) {
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    return kill(-1, 0) == 0;
}

static bool wait_for_processes(int patience_ms) {
    for (int waited = 0; waited < patience_ms; waited += pause_ms) {
        if (!processes_are_left()) {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000L}, NULL);
    }
    return !processes_are_left();
}

void end_all_processes(void) {
    if (!processes_are_left()) {
        return;
    }
    kill(-1, SIGTERM);
    kill(-1, SIGHUP);
    kill(-1, SIGCONT);
    if (!wait_for_processes(polite_ms)) {
        kill(-1, SIGKILL);
        wait_for_processes(polite_ms);
    }
}

// What the command mounted from disks, the last first.
static void unmount_disks(void) {
    enum { most = 64 };
    char* targets[most];
    size_t count = 0;
    FILE* mounts = setmntent("/proc/self/mounts", "r");
    if (mounts == NULL) {
        return;
    }
    for (struct mntent* entry; count < most && (entry = getmntent(mounts)) != NULL;) {
        if (strncmp(entry->mnt_fsname, "/dev/", 5) == 0 && strcmp(entry->mnt_dir, "/") != 0) {
            targets[count++] = strdup(entry->mnt_dir);
        }
    }
    endmntent(mounts);
    while (count-- > 0) {
        if (targets[count] != NULL && umount(targets[count]) != 0) {
            report("cannot unmount %s: %s", targets[count], strerror(errno));
        }
        free(targets[count]);
    }
}

void settle_disks(void) {
    sync();
    unmount_disks();
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0 && errno != EINVAL) {
        report("cannot make the root file system read-only: %s", strerror(errno));
    }
}

void leave(enum outcome outcome) {
    sync();
    // Falls through to the next when the kernel cannot do one; a restart ends the machine as well,
    // for the host starts it with -no-reboot.
    if (outcome != outcome_reboot) {
        reboot(RB_POWER_OFF);
    }
    reboot(RB_AUTOBOOT);
    report("the kernel refuses to power off and to restart: %s", strerror(errno));
    for (;;) {
        pause();
    }
}

static const struct {
    const char* name;
    int signal;
} power_commands[] = {
    {"poweroff", SIGUSR2},
    {"reboot", SIGTERM},
    {"halt", SIGUSR1},
};
enum { power_command_count = sizeof power_commands / sizeof *power_commands };

bool is_power_command(const char* name) {
    for (int index = 0; index < power_command_count; ++index) {
        if (strcmp(power_commands[index].name, name) == 0) {
            return true;
        }
    }
    return false;
}

int power_command(const char* name) {
    for (int index = 0; index < power_command_count; ++index) {
        if (strcmp(power_commands[index].name, name) != 0) {
            continue;
        }
        if (kill(1, power_commands[index].signal) == 0) {
            return 0;
        }
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
        return 1;
    }
    fprintf(stderr, "%s: not a power command\n", name);
    return 1;
}

// SPDX-License-Identifier: BSD-2-Clause
//
// What process 1 does, from the first line to the last.

#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { bye_patience_ms = 10000 };

// A kernel without a console starts process 1 with no open files; 0 to 2 must not become ports.
static void open_standard_files(void) {
    for (int fd = open("/dev/console", O_RDWR); fd >= 0; fd = dup(fd)) {
        if (fd > STDERR_FILENO) {
            close(fd);
            return;
        }
    }
}

static int prepare_root(void) {
    char device[128];
    char type[32] = "ext4";
    char ignored[2];
    prepare_run_directory();
    if (boot_option("root", device, sizeof device) && strncmp(device, "/dev/", 5) == 0) {
        boot_option("rootfstype", type, sizeof type);
        bool read_only = boot_option("ro", ignored, sizeof ignored);
        int failed = switch_to_root_disk(device, type, read_only);
        if (failed < 0) {
            return failed;
        }
        link_tools();
    }
    if (boot_option("agent.copy_in", device, sizeof device)) {
        mount_copy_in(device);
    }
    return 0;
}

static void set_host_name(void) {
    char name[65] = "pith";
    int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t length = read(fd, name, sizeof name - 1);
        name[length < 0 ? 0 : length] = '\0';
        close(fd);
    }
    name[strcspn(name, "\n")] = '\0';
    if (sethostname(name, strlen(name)) != 0) {
        report("cannot set the host name: %s", strerror(errno));
    }
}

static int fail_to_host(int control, const char* what, int error) {
    char text[256];
    int length = snprintf(text, sizeof text, "%s: %s", what, strerror(-error));
    message_write(control, message_failure, text, (size_t)length);
    return error;
}

// Everything has arrived when the host says so; then the power may go.
static void wait_for_bye(int control) {
    struct pollfd event = {.fd = control, .events = POLLIN};
    struct message message = {0};
    do {
        message_free(&message);
        if (poll(&event, 1, bye_patience_ms) <= 0 || message_read(control, &message) < 0) {
            return;
        }
    } while (message.kind != message_bye);
    message_free(&message);
}

static enum outcome run_session(const struct ports* ports, int root_error) {
    struct message message;
    struct request request;
    struct child child;
    message_write(ports->control, message_hello, PROTOCOL_VERSION, sizeof PROTOCOL_VERSION);
    int failed = message_read(ports->control, &message);
    if (failed < 0) {
        return outcome_host_gone;
    }
    if (root_error < 0) {
        fail_to_host(ports->control, "cannot prepare the root file system", root_error);
        wait_for_bye(ports->control);
        return outcome_poweroff;
    }
    failed = parse_start(&message, &request);
    if (failed == 0) {
        failed = spawn(&request, &child);
    }
    if (failed < 0) {
        fail_to_host(ports->control, "cannot start the command", failed);
        wait_for_bye(ports->control);
        return outcome_poweroff;
    }
    struct result result = relay(ports, &child);
    settle_disks();
    char words[96];
    int length = snprintf(words, sizeof words, "%d%c%llu%c%llu%c", result.status, 0,
                          (unsigned long long)result.output_bytes, 0,
                          (unsigned long long)result.error_bytes, 0);
    message_write(ports->control, message_exit, words, (size_t)length);
    wait_for_bye(ports->control);
    return result.outcome;
}

int main(int argc, char** argv) {
    const char* name = argc > 0 ? argv[0] : "";
    const char* slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    if (is_power_command(name)) {
        return power_command(name);
    }
    if (getpid() != 1) {
        fprintf(stderr, "agent: process 1 of a machine; not for calling by hand\n");
        return 1;
    }
    open_standard_files();
    block_signals();
    struct ports ports;
    if (mount_kernel_file_systems() < 0) {
        leave(outcome_poweroff);
    }
    load_modules("/modules/order");
    if (open_ports(&ports) < 0) {
        leave(outcome_poweroff);
    }
    int root_error = prepare_root();
    set_host_name();
    leave(run_session(&ports, root_error));
}

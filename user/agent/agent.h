// SPDX-License-Identifier: BSD-2-Clause
//
// The guest agent: process 1 of every machine that `./pith run` starts, the same binary on Pith and
// on Linux. It prepares the file systems, runs one command or one login shell, carries its standard
// streams over virtio-console ports, and powers the machine off. README.md has the protocol.

#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The virtio-console port of each stream; the host side is tools/pith/machine.py.
enum port_number {
    port_control = 1,
    port_stdin = 2,
    port_stdout = 3,
    port_stderr = 4,
};

// One message on the control port: `length` bytes of payload follow a byte of kind.
enum message_kind {
    // host to agent
    message_start = 'S',        // words: "pipes" or "terminal", TERM, rows, columns, argv...
    message_window = 'W',       // words: rows, columns
    message_end_of_input = 'E', // word: how many bytes of standard input there were
    message_signal = 'K',       // word: the number of a signal for the command's process group
    message_bye = 'B',          // everything arrived: power off
    // agent to host
    message_hello = 'H',   // word: protocol version
    message_failure = 'F', // text: the machine cannot run the command
    message_exit = 'X',    // words: status, bytes of standard output, bytes of standard error
};

#define PROTOCOL_VERSION "1"

struct message {
    char kind;
    uint32_t length;
    char* payload; // NUL-terminated beyond `length`; owned, freed by message_free()
};

struct ports {
    int control;
    int input;
    int output;
    int error;
};

// What the host asked for in message_start. `words` points into the message's payload.
struct request {
    bool terminal;
    const char* terminal_type;
    int rows;
    int columns;
    char** argv; // NULL-terminated; argv[0] == NULL asks for a login shell
};

// The running command and the agent's ends of its streams; -1 where there is none.
struct child {
    pid_t pid;
    int input;
    int output;
    int error;
    bool terminal;
};

// What ended the session.
enum outcome {
    outcome_exited,
    outcome_poweroff,
    outcome_reboot,
    outcome_halt,
    outcome_host_gone,
};

struct result {
    enum outcome outcome;
    int status; // 128 + signal number when a signal ended the command
    uint64_t output_bytes;
    uint64_t error_bytes;
};

// mounts.c. Each answers 0 or a negative errno, having said on the console what failed.
int mount_kernel_file_systems(void);
int switch_to_root_disk(const char* device, const char* type, bool read_only);
void mount_copy_in(const char* device);
void prepare_run_directory(void);
int copy_file(const char* source, const char* target, mode_t mode);

// tools.c
void keep_tools(void);
void link_tools(void);

// command_line.c. Answers false when the kernel's command line has no `name` or `name=...`.
bool boot_option(const char* name, char* value, size_t capacity);

// modules.c
void load_modules(const char* order_file);

// ports.c
int open_ports(struct ports* ports);
int write_all(int fd, const void* bytes, size_t length);

// control.c. Messages are read and written whole; negative errno, -ENOTCONN when the host left.
int message_read(int control, struct message* message);
int message_write(int control, char kind, const void* payload, size_t length);
void message_free(struct message* message);
int parse_start(struct message* message, struct request* request);
const char* message_word(const struct message* message, size_t index);

// spawn.c
int spawn(const struct request* request, struct child* child);
void set_window(int terminal, int rows, int columns);

// relay.c. Blocks until the command ended and all its output is with the host.
struct result relay(const struct ports* ports, struct child* child);

// signals.c
void block_signals(void);
void unblock_signals(void);
bool signal_arrived(int number);
int wait_for_events(struct pollfd* events, nfds_t count, int timeout_ms);

// shutdown.c
void end_all_processes(void);
void settle_disks(void);
_Noreturn void leave(enum outcome outcome);
bool is_power_command(const char* name);
int power_command(const char* name);

// report.c. Formats to the console, with the agent's name in front.
__attribute__((format(printf, 1, 2))) void report(const char* format, ...);

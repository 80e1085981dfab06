// SPDX-License-Identifier: BSD-2-Clause
// Runs every program under DIRECTORY/<family>/<name>, each in a fresh scratch directory, with its
// output captured and a time limit. Prints `PASS family/name` or `FAIL family/name status`, the
// output of what failed (with --trace: of everything), and at last `N passed, N failed`.
// As process 1 it first mounts what the programs need, and at the end switches the machine off.
//
//   runner [--trace] [--seconds N] [--scratch DIR] [DIRECTORY [FILTER...]]
//
// It uses few system calls (no threads, no timers, no poll), so that a young kernel can run it.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { max_programs = 2000, name_size = 128, path_size = 512 };

static const char *directory = "/syscalls";
static const char *scratch = "/tmp/scratch";
static const char *output_path = "/tmp/output";
static bool trace;
static int limit_seconds = 60;
static char names[max_programs][name_size];
static int name_count, passed, failed;

static int compare_names(const void *a, const void *b) {
    return strcmp(a, b);
}

static bool selected(const char *name, char **filters) {
    if (!*filters)
        return true;
    for (; *filters; filters++)
        if (strstr(name, *filters))
            return true;
    return false;
}

static void collect_family(const char *family, char **filters) {
    char path[path_size], name[name_size * 2];
    snprintf(path, sizeof path, "%s/%s", directory, family);
    DIR *stream = opendir(path);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_name[0] == '.' || name_count == max_programs)
            continue;
        int length = snprintf(name, sizeof name, "%s/%s", family, entry->d_name);
        if (length < name_size && selected(name, filters))
            memcpy(names[name_count++], name, length + 1);
    }
    closedir(stream);
}

static void collect(char **filters) {
    DIR *stream = opendir(directory);
    if (!stream) {
        printf("runner: cannot open %s: %s\n", directory, strerror(errno));
        return;
    }
    for (struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_name[0] != '.')
            collect_family(entry->d_name, filters);
    closedir(stream);
    qsort(names, name_count, name_size, compare_names);
}

// Removes what is below the path; errors show themselves when the directory is made anew.
static void remove_tree(const char *path) {
    char below[path_size];
    chmod(path, 0700);
    DIR *stream = opendir(path);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        struct stat status;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (lstat(below, &status) == 0 && S_ISDIR(status.st_mode)) {
            remove_tree(below);
            rmdir(below);
        } else {
            unlink(below);
        }
    }
    closedir(stream);
}

static void start_program(const char *name) {
    char path[path_size];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    setsid();
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL);
    umask(022);
    int input = open("/dev/null", O_RDONLY);
    int output = open(output_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    if (input < 0 || output < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 ||
        dup2(output, 2) < 0)
        _exit(125);
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    if (chdir(scratch) < 0)
        _exit(125);
    char *arguments[] = {path, NULL};
    char *environment[] = {"PATH=/usr/bin:/bin", "LANG=C", NULL};
    execve(path, arguments, environment);
    dprintf(1, "runner: cannot execute %s: %s\n", path, strerror(errno));
    _exit(126);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

// Yields the wait status; -1 when the program was ended for taking too long.
static int wait_for(pid_t pid) {
    double start = seconds_now();
    long pause = 200000;
    int status;
    for (;;) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        if (seconds_now() - start > limit_seconds)
            break;
        nanosleep(&(struct timespec){0, pause}, NULL);
        if (pause < 10000000)
            pause *= 2;
    }
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return -1;
}

// Prints the captured output, each line after a bar; yields whether a line reports a failure.
static bool show_output(bool print) {
    FILE *stream = fopen(output_path, "r");
    char line[2048];
    bool bad = false;
    while (stream && fgets(line, sizeof line, stream)) {
        bad |= strncmp(line, "FAILED", 6) == 0;
        if (print)
            printf("| %s%s", line, strchr(line, '\n') ? "" : "\n");
    }
    if (stream)
        fclose(stream);
    return bad;
}

static void describe(int status, char *text, int size) {
    if (status == -1)
        snprintf(text, size, "timeout");
    else if (WIFSIGNALED(status))
        snprintf(text, size, "signal %d", WTERMSIG(status));
    else
        snprintf(text, size, "exit %d", WEXITSTATUS(status));
}

static void run(const char *name) {
    char text[32];
    remove_tree(scratch);
    rmdir(scratch);
    if (mkdir(scratch, 0755) < 0)
        printf("runner: cannot make %s: %s\n", scratch, strerror(errno));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        start_program(name);
    int status = pid < 0 ? 125 << 8 : wait_for(pid);
    kill(-pid, SIGKILL);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    bool good = status == 0 && !show_output(false);
    describe(status, text, sizeof text);
    if (good)
        printf("PASS %s\n", name);
    else
        printf("FAIL %s %s\n", name, text);
    show_output(trace || !good);
    fflush(stdout);
    good ? passed++ : failed++;
}

static void mount_one(const char *type, const char *where, const char *options) {
    mkdir(where, 0755);
    if (mount(type, where, type, 0, options) < 0 && errno != EBUSY)
        printf("runner: cannot mount %s on %s: %s\n", type, where, strerror(errno));
}

static void prepare_machine(void) {
    mount_one("devtmpfs", "/dev", "");
    mkdir("/dev/pts", 0755);
    mkdir("/dev/shm", 01777);
    mount_one("devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666");
    mount_one("proc", "/proc", "");
    mount_one("sysfs", "/sys", "");
    mount_one("tmpfs", "/dev/shm", "");
    mount_one("tmpfs", "/tmp", "mode=1777");
    int console = open("/dev/console", O_RDWR);
    for (int fd = 0; console >= 0 && fd < 3; fd++)
        dup2(console, fd);
    if (console > 2)
        close(console);
}

static char **parse(char **argument) {
    for (; *argument && strncmp(*argument, "--", 2) == 0; argument++) {
        if (!strcmp(*argument, "--trace"))
            trace = true;
        else if (!strcmp(*argument, "--seconds") && argument[1])
            limit_seconds = atoi(*++argument);
        else if (!strcmp(*argument, "--scratch") && argument[1])
            scratch = *++argument;
    }
    if (*argument) {
        char *absolute = realpath(*argument, NULL);  // the programs start in another directory
        directory = absolute ? absolute : *argument;
        argument++;
    }
    return argument;
}

int main(int argc, char **argv) {
    (void)argc;
    bool first = getpid() == 1;
    if (first) {
        prepare_machine();
        printf("\n");  // the firmware leaves its last line unfinished
    }
    char **filters = parse(argv + 1);
    char output[path_size];
    snprintf(output, sizeof output, "%s.output", scratch);
    output_path = output;
    signal(SIGHUP, SIG_IGN);
    collect(filters);
    for (int i = 0; i < name_count; i++)
        run(names[i]);
    remove_tree(scratch);
    rmdir(scratch);
    unlink(output_path);
    printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    if (first) {
        sync();
        sleep(1);
        reboot(RB_POWER_OFF);
    }
    return failed || name_count == 0 ? 1 : 0;
}

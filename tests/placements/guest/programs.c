// SPDX-License-Identifier: BSD-2-Clause
// Load by Debian's own programs, whose pages come from the disk under test: transactions of sqlite3
// and a checksum of a tree of files, which are thrown out of the page cache before each reading.
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DATABASE "/storm.db"
#define TREE "etc usr/lib/x86_64-linux-gnu/perl-base"

enum { transactions_per_program = 4 };

// Runs `words` in `root` with `input`; what it said, errors included. Its status, or -1.
static int run(const char *root, char *const words[], const char *input, char *said, size_t size) {
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0)
        return -1;
    const pid_t child = fork();
    if (child == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(out[1], 2);
        for (int i = 3; i < 64; i++)
            close(i);
        if (chroot(root) != 0 || chdir("/") != 0)
            _exit(126);
        execv(words[0], words);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    if (child > 0 && write(in[1], input, strlen(input)) != (ssize_t)strlen(input))
        complain("%s does not read its input", words[0]);
    close(in[1]);
    size_t length = 0;
    ssize_t got;
    while (length < size - 1 && (got = read(out[0], said + length, size - 1 - length)) > 0)
        length += (size_t)got;
    said[length] = 0;
    close(out[0]);
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

static int run_sqlite(const char *root, const char *input, char *said, size_t size) {
    char *const words[] = {"/usr/bin/sqlite3", "-batch", "-bail", DATABASE, NULL};
    return run(root, words, input, said, size);
}

// Row n holds n and a text made of it; the sum in another table changes with it or not at all.
static void add_transactions(struct program_load *load) {
    char input[2000], said[2000], wanted[200] = "";
    size_t length = 0, end = 0;
    for (int i = 1; i <= transactions_per_program; i++) {
        const uint64_t n = load->rows + (uint64_t)i;
        length += (size_t)snprintf(input + length, sizeof input - length,
                                   "BEGIN; INSERT INTO t VALUES(%" PRIu64 ", printf('%%0400d', "
                                   "%" PRIu64 ")); UPDATE s SET total = total + %" PRIu64
                                   "; COMMIT; SELECT 'done %" PRIu64 "';\n",
                                   n, n * 7919, n, n);
        end += (size_t)snprintf(wanted + end, sizeof wanted - end, "done %" PRIu64 "\n", n);
    }
    const int status = run_sqlite(load->root, input, said, sizeof said);
    if (status != 0 || strcmp(said, wanted) != 0)
        complain("sqlite3: status %x, \"%.200s\"", (unsigned)status, said);
    else
        load->rows += transactions_per_program;
}

static void check_rows(const struct program_load *load, const char *more, const char *wanted_more) {
    char input[300], said[2000], wanted[300];
    const uint64_t n = load->rows, sum = n * (n + 1) / 2;
    snprintf(input, sizeof input,
             "SELECT count(*), coalesce(sum(n), 0), (SELECT total FROM s) FROM t;\n"
             "SELECT count(*) FROM t WHERE x <> printf('%%0400d', n * 7919);\n%s",
             more);
    snprintf(wanted, sizeof wanted, "%" PRIu64 "|%" PRIu64 "|%" PRIu64 "\n0\n%s", n, sum, sum,
             wanted_more);
    const int status = run_sqlite(load->root, input, said, sizeof said);
    if (status != 0 || strcmp(said, wanted) != 0)
        complain("sqlite3 after %" PRIu64 " rows: status %x, \"%.200s\"", n, (unsigned)status,
                 said);
}

void *use_sqlite(void *argument) {
    struct program_load *load = argument;
    char said[500];
    if (run_sqlite(load->root,
                   "CREATE TABLE t(n INTEGER PRIMARY KEY, x TEXT); CREATE TABLE s(total INTEGER);"
                   "INSERT INTO s VALUES(0);",
                   said, sizeof said) != 0)
        complain("sqlite3 makes no table: \"%.200s\"", said);
    while (!stop) {
        add_transactions(load);
        if (++load->rounds % 8 == 0)
            check_rows(load, "", "");
    }
    check_rows(load, "PRAGMA integrity_check;\n", "ok\n");
    return NULL;
}

// --- the tree

static char tree_sum[200];

static int forget_pages(const char *path, const struct stat *is, int type, struct FTW *place) {
    (void)is, (void)place;
    if (type != FTW_F)
        return 0;
    const int file = open(path, O_RDONLY);
    if (file < 0)
        return 0; // tar will say so
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
    return 0;
}

static int sum_tree(const char *root, char *said, size_t size) {
    char names[] = TREE;
    char *rest = names;
    for (char *name; (name = strsep(&rest, " "));) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s", root, name);
        nftw(path, forget_pages, 16, FTW_PHYS);
    }
    char *const words[] = {"/bin/bash", "-c",
                           "set -o pipefail; tar --sort=name -c " TREE " | sha256sum", NULL};
    return run(root, words, "", said, size);
}

int remember_tree(const char *root) {
    return sum_tree(root, tree_sum, sizeof tree_sum) == 0 && strlen(tree_sum) == 64 + 4;
}

void *use_tree(void *argument) {
    struct program_load *load = argument;
    while (!stop) {
        char said[500];
        const int status = sum_tree(load->root, said, sizeof said);
        if (status != 0 || strcmp(said, tree_sum) != 0)
            complain("the tree: status %x, \"%.300s\"", (unsigned)status, said);
        load->rounds++;
    }
    return NULL;
}

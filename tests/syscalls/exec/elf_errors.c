// SPDX-License-Identifier: BSD-2-Clause
// Damaged ELF files are refused and the caller lives.
#include "../test.h"

#include <elf.h>
static Elf64_Ehdr header;
static void try(const char *what, void (*damage)(void), int error) {
    int from = open(test_argv[0], O_RDONLY);
    static char image[1 << 20];
    long size = read(from, image, sizeof image);
    close(from);
    memcpy(&header, image, sizeof header);
    damage();
    memcpy(image, &header, sizeof header);
    int fd = open("bad", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    write(fd, image, size);
    close(fd);
    char *arguments[] = {"bad", NULL};
    note("%s:", what);
    FAILS(execv("bad", arguments), error);
}
static void magic(void) { header.e_ident[0] = 'X'; }
static void object(void) { header.e_type = ET_REL; }
static void machine(void) { header.e_machine = EM_AARCH64; }
static void entry_size(void) { header.e_phentsize = 10; }
static void no_entries(void) { header.e_phnum = 0; }
static void many_entries(void) { header.e_phnum = 65535; }
static void far_entries(void) { header.e_phoff = 1L << 40; }
static void test(void) {
    try("magic", magic, ENOEXEC);
    try("relocatable object", object, ENOEXEC);
    try("other machine", machine, ENOEXEC);
    try("size of a program header", entry_size, ENOEXEC);
    try("no program headers", no_entries, ENOEXEC);
    try("too many program headers", many_entries, ENOEXEC);
    try("program headers beyond the end", far_entries, ENOEXEC);
}

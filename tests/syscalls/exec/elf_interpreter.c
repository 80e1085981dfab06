// SPDX-License-Identifier: BSD-2-Clause
// An ELF file whose interpreter is missing is ENOENT, and bad ones are refused.
#include "../test.h"

#include <elf.h>
static struct {
    Elf64_Ehdr header;
    Elf64_Phdr programs[2];
    char interpreter[64];
} image;
static void put(const char *interpreter, int size) {
    memset(&image, 0, sizeof image);
    memcpy(image.header.e_ident, ELFMAG, 4);
    image.header.e_ident[EI_CLASS] = ELFCLASS64;
    image.header.e_ident[EI_DATA] = ELFDATA2LSB;
    image.header.e_ident[EI_VERSION] = 1;
    image.header.e_type = ET_EXEC;
    image.header.e_machine = EM_X86_64;
    image.header.e_version = 1;
    image.header.e_phoff = sizeof image.header;
    image.header.e_phentsize = sizeof(Elf64_Phdr);
    image.header.e_phnum = 2;
    image.programs[0] = (Elf64_Phdr){.p_type = PT_INTERP, .p_flags = PF_R,
                                     .p_offset = offsetof(typeof(image), interpreter),
                                     .p_filesz = size};
    image.programs[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = 0x400000,
                                     .p_filesz = sizeof image, .p_memsz = sizeof image};
    strcpy(image.interpreter, interpreter);
    int fd = open("program", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    write(fd, &image, sizeof image);
    close(fd);
}
static void test(void) {
    char *arguments[] = {"program", NULL};
    put("/nowhere/ld.so", 15);
    FAILS(execv("program", arguments), ENOENT);
    put("/nowhere/ld.so", 14);
    FAILS(execv("program", arguments), ENOEXEC);
    put("", 1);
    FAILS(execv("program", arguments), ENOEXEC);
    put("x", 5000);
    FAILS(execv("program", arguments), ENOEXEC);
    close(make_file("text", "no program at all, but long enough to be read as a header: "
                            "0123456789012345678901234567890123456789"));
    chmod("text", 0755);
    char path[PATH_MAX];
    getcwd(path, sizeof path);
    strcat(path, "/text");
    put(path, strlen(path) + 1);
    FAILS(execv("program", arguments), ELIBBAD);
}

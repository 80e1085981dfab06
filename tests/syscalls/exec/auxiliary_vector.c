// SPDX-License-Identifier: BSD-2-Clause
// The auxiliary vector says what a program must know.
#include "../test.h"

#include <elf.h>
#include <sys/auxv.h>
static void test(void) {
    IS(getauxval(AT_PAGESZ), 4096);
    IS(getauxval(AT_PHENT), 56);
    CHECK(getauxval(AT_PHDR) != 0);
    CHECK(getauxval(AT_PHNUM) > 0);
    CHECK(getauxval(AT_ENTRY) != 0);
    CHECK(getauxval(AT_SYSINFO_EHDR) != 0);
    CHECK(memcmp((void *)getauxval(AT_SYSINFO_EHDR), ELFMAG, 4) == 0);
    IS(getauxval(AT_UID), getuid());
    IS(getauxval(AT_EGID), getegid());
    IS(getauxval(AT_SECURE), 0);
    IS(getauxval(AT_CLKTCK), 100);
    TEXT((char *)getauxval(AT_PLATFORM), "x86_64");
    CHECK(strcmp((char *)getauxval(AT_EXECFN), test_argv[0]) == 0);
    const unsigned char *random = (void *)getauxval(AT_RANDOM);
    int sum = 0;
    for (int i = 0; i < 16; i++)
        sum |= random[i];
    CHECK(sum != 0);
    static unsigned long vector[128];
    int fd = open("/proc/self/auxv", O_RDONLY);
    long size = read(fd, vector, sizeof vector);
    CHECK(size > 0 && size % 16 == 0);
    IS(vector[size / 8 - 2], AT_NULL);
}

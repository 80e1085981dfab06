// SPDX-License-Identifier: BSD-2-Clause
// uname's fields, host and domain names. Needs root.
#include "../test.h"

#include <sys/utsname.h>
static void test(void) {
    struct utsname name;
    IS(uname(&name), 0);
    TEXT(name.sysname, "Linux");
    TEXT(name.machine, "x86_64");
    int major = 0, minor = 0;
    IS(sscanf(name.release, "%d.%d", &major, &minor), 2);
    CHECK(major >= 5);
    CHECK(strlen(name.version) > 0);
    char old[65];
    strcpy(old, name.nodename);
    IS(sethostname("pith-host", 9), 0);
    IS(uname(&name), 0);
    TEXT(name.nodename, "pith-host");
    FAILS(sethostname("x", -1), EINVAL);
    FAILS(sethostname("x", 65), EINVAL);
    FAILS(sethostname(BAD_POINTER, 5), EFAULT);
    IS(syscall(SYS_setdomainname, "domain", 6), 0);
    uname(&name);
    TEXT(name.domainname, "domain");
    IS(syscall(SYS_setdomainname, "(none)", 6), 0);
    IS(sethostname(old, strlen(old)), 0);
    EXITS(CHILD({ setresuid(1, 1, 1); FAILS(sethostname("x", 1), EPERM); }), 0);
    FAILS(uname(BAD_POINTER), EFAULT);
}

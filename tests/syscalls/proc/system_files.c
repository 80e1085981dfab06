// SPDX-License-Identifier: BSD-2-Clause
// The system-wide files have the lines that programs look for.
#include "../test.h"

static void has(const char *path, const char *wanted) {
    if (strstr(slurp(path), wanted))
        note("%s has \"%s\"", path, wanted);
    else
        FAILED("%s lacks \"%s\"", path, wanted);
}
static void test(void) {
    double a, b, c;
    int running, total, last;
    has("/proc/meminfo", "MemTotal:");
    has("/proc/meminfo", "MemFree:");
    has("/proc/meminfo", "MemAvailable:");
    has("/proc/meminfo", "Buffers:");
    has("/proc/meminfo", "Cached:");
    has("/proc/meminfo", "SwapTotal:");
    has("/proc/stat", "cpu  ");
    has("/proc/stat", "cpu0 ");
    has("/proc/stat", "btime ");
    has("/proc/stat", "processes ");
    has("/proc/cpuinfo", "processor\t: 0\n");
    has("/proc/cpuinfo", "model name");
    has("/proc/cpuinfo", "flags");
    has("/proc/mounts", " /proc proc ");
    has("/proc/filesystems", "nodev\ttmpfs\n");
    has("/proc/filesystems", "nodev\tproc\n");
    has("/proc/version", "Linux version ");
    IS(sscanf(slurp("/proc/uptime"), "%lf %lf", &a, &b), 2);
    CHECK(a > 0);
    IS(sscanf(slurp("/proc/loadavg"), "%lf %lf %lf %d/%d %d", &a, &b, &c, &running, &total, &last),
       6);
    CHECK(running >= 1 && total >= running);
}

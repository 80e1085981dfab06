// SPDX-License-Identifier: BSD-2-Clause
//
// One line on the machine's console (file descriptor 2 of process 1).

#include "agent.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void report(const char* format, ...) {
    char line[512];
    int used = snprintf(line, sizeof line, "agent: ");
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(line + used, sizeof line - used - 1, format, arguments);
    va_end(arguments);
    int room = (int)sizeof line - used - 2;
    used += wanted < 0 ? 0 : wanted > room ? room : wanted;
    line[used++] = '\n';
    (void)!write(STDERR_FILENO, line, used);
}

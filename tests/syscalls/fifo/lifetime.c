// SPDX-License-Identifier: BSD-2-Clause
// Data in a FIFO is gone when both sides are closed; unlinking leaves the open ends working.
#include "../test.h"

static void test(void) {
    char buffer[8] = "";
    mkfifo("p", 0600);
    int reader = open("p", O_RDONLY | O_NONBLOCK), writer = open("p", O_WRONLY);
    IS(write(writer, "lost", 4), 4);
    close(reader);
    close(writer);
    reader = open("p", O_RDONLY | O_NONBLOCK);
    IS(read(reader, buffer, 8), 0);
    writer = open("p", O_WRONLY);
    IS(unlink("p"), 0);
    IS(write(writer, "kept", 4), 4);
    IS(read(reader, buffer, 8), 4);
    TEXT(buffer, "kept");
    FAILS(open("p", O_RDONLY), ENOENT);
    FAILS(lseek(reader, 0, SEEK_SET), ESPIPE);
}

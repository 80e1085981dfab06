// SPDX-License-Identifier: BSD-2-Clause
// msgsnd and msgrcv: order, types, truncation, copies, limits, refusals. Needs root.
#include "../test.h"

#include <sys/msg.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

static int queue;
static struct {
    long type;
    char text[20000];
} out, in;

static int put(long type, const char *text) {
    out.type = type;
    strcpy(out.text, text);
    return msgsnd(queue, &out, strlen(text) + 1, IPC_NOWAIT);
}
static const char *get(long type, int flags) {
    memset(&in, 0, sizeof in);
    return msgrcv(queue, &in, sizeof in.text, type, flags | IPC_NOWAIT) < 0 ? ERRNO_NAME(errno)
                                                                            : in.text;
}
static void fill(void) {
    REQUIRE(put(3, "three") == 0 && put(1, "one") == 0 && put(2, "two") == 0);
    REQUIRE(put(1, "another one") == 0);
}

static void types(void) {
    fill();
    TEXT(get(0, 0), "three");
    IS(in.type, 3);
    TEXT(get(2, 0), "two");
    TEXT(get(1, 0), "one");
    TEXT(get(2, 0), "ENOMSG");
    TEXT(get(1, MSG_EXCEPT), "ENOMSG");
    TEXT(get(2, MSG_EXCEPT), "another one");
    fill();
    TEXT(get(-2, 0), "one");
    TEXT(get(-2, 0), "another one");
    TEXT(get(-2, 0), "two");
    TEXT(get(-2, 0), "ENOMSG");
    TEXT(get(LONG_MIN, 0), "three");
    TEXT(get(0, 0), "ENOMSG");
}

static void copies(void) {
    fill();
    TEXT(get(1, MSG_COPY), "one");
    TEXT(get(3, MSG_COPY), "another one");
    TEXT(get(4, MSG_COPY), "ENOMSG");
    TEXT(get(-1, MSG_COPY), "ENOMSG");
    TEXT(get(0, MSG_COPY | MSG_EXCEPT), "EINVAL");
    FAILS(msgrcv(queue, &in, 100, 0, MSG_COPY), EINVAL);
    FAILS(msgrcv(queue, &in, 2, 0, MSG_COPY | IPC_NOWAIT), E2BIG);
    FAILS(msgrcv(queue, &in, 2, 0, MSG_COPY | IPC_NOWAIT | MSG_NOERROR), EINVAL);
    IS(msgrcv(queue, &in, 6, 0, MSG_COPY | IPC_NOWAIT), 6);
    for (int i = 0; i < 4; i++)
        REQUIRE(msgrcv(queue, &in, 100, 0, IPC_NOWAIT) > 0);
}

static void sizes(void) {
    REQUIRE(put(1, "a long text") == 0);
    FAILS(msgrcv(queue, &in, 11, 0, IPC_NOWAIT), E2BIG);
    memset(&in, 0, sizeof in);
    IS(msgrcv(queue, &in, 6, 0, MSG_NOERROR), 6);
    TEXT(in.text, "a long");
    TEXT(get(0, 0), "ENOMSG");
    IS(msgsnd(queue, &out, 0, 0), 0);
    IS(msgrcv(queue, &in, 0, 0, 0), 0);
    FAILS(msgsnd(queue, &out, 8193, 0), EINVAL);
    FAILS(msgsnd(queue, &out, -1, 0), EINVAL);
    FAILS(msgrcv(queue, &in, -1, 0, 0), EINVAL);
    // 16384 bytes fit.
    IS(msgsnd(queue, &out, 8192, IPC_NOWAIT), 0);
    IS(msgsnd(queue, &out, 8191, IPC_NOWAIT), 0);
    FAILS(msgsnd(queue, &out, 2, IPC_NOWAIT), EAGAIN);
    IS(msgsnd(queue, &out, 1, IPC_NOWAIT), 0);
    FAILS(msgsnd(queue, &out, 1, IPC_NOWAIT), EAGAIN);
    IS(msgsnd(queue, &out, 0, IPC_NOWAIT), 0);
    struct msqid_ds status;
    IS(msgctl(queue, IPC_STAT, &status), 0);
    IS(status.msg_qnum, 4);
    IS(status.__msg_cbytes, 16384);
    for (int i = 0; i < 4; i++)
        REQUIRE(msgrcv(queue, &in, sizeof in.text, 0, IPC_NOWAIT) >= 0);
}

static void refusals(void) {
    out.type = 0;
    FAILS(msgsnd(queue, &out, 1, 0), EINVAL);
    out.type = -1;
    FAILS(msgsnd(queue, &out, 1, 0), EINVAL);
    out.type = 1;
    FAILS(msgsnd(-1, &out, 1, 0), EINVAL);
    FAILS(msgsnd(queue + 32768, &out, 1, 0), EINVAL);
    FAILS(msgrcv(-1, &in, 1, 0, 0), EINVAL);
    FAILS(msgrcv(queue + 32768, &in, 1, 0, 0), EINVAL);
    FAILS(msgsnd(queue, BAD_POINTER, 1, 0), EFAULT);
    char *pages = map_pages(2);
    munmap(pages + PAGE, PAGE);
    *(long *)(pages + PAGE - 8) = 1;
    FAILS(msgsnd(queue, pages + PAGE - 8, 1, 0), EFAULT);
    IS(msgsnd(queue, pages + PAGE - 8, 0, 0), 0);
    FAILS(msgrcv(queue, BAD_POINTER, 0, 0, 0), EFAULT); // and the message is gone
    FAILS(msgrcv(queue, &in, 1, 0, IPC_NOWAIT), ENOMSG);
    EXITS(CHILD({
        REQUIRE(setgid(1000) == 0 && setuid(1000) == 0);
        FAILS(msgsnd(queue, &out, 1, IPC_NOWAIT), EACCES);
        TEXT(get(0, 0), "ENOMSG");
    }), 0);
}

static void test(void) {
    queue = SUCCEEDS(msgget(IPC_PRIVATE, 0604));
    REQUIRE(queue >= 0);
    types();
    copies();
    sizes();
    refusals();
    IS(msgctl(queue, IPC_RMID, NULL), 0);
    FAILS(msgsnd(queue, &out, 1, 0), EINVAL);
}

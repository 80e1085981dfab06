// SPDX-License-Identifier: BSD-2-Clause
// Waiting senders and receivers: who gets what, signals, changed permission, removal. Needs root.
#include "../test.h"

#include <sys/msg.h>

static int queue;
struct message {
    long type;
    char text[8192];
};
static struct message in, out;

static int put(long type, size_t size) {
    out.type = type;
    return msgsnd(queue, &out, size, 0);
}
static pid_t receiver(long type, size_t size, int want) {
    pid_t child = CHILD({ IS(msgrcv(queue, &in, size, type, 0), want); });
    wait_asleep(child);
    return child;
}
static pid_t refused(long type, size_t size, int error) {
    pid_t child = CHILD({ FAILS(msgrcv(queue, &in, size, type, 0), error); });
    wait_asleep(child);
    return child;
}

static void receivers(void) {
    struct msqid_ds status;
    pid_t second = receiver(2, 100, 20), first = receiver(1, 100, 10), any = receiver(0, 100, 30);
    IS(put(1, 10), 0);
    EXITS(first, 0);
    IS(put(2, 20), 0); // the one that came first, not the one that takes anything
    EXITS(second, 0);
    IS(put(2, 30), 0);
    EXITS(any, 0);
    IS(msgctl(queue, IPC_STAT, &status), 0);
    IS(status.msg_qnum, 0);
    CHECK(status.msg_lspid == getpid());
    CHECK(status.msg_lrpid == any);
    CHECK(status.msg_rtime > 0 && status.msg_stime > 0);
    // Too long for the first, which hears so; the next one gets it.
    pid_t small = refused(0, 5, E2BIG);
    pid_t large = receiver(0, 100, 6);
    IS(put(1, 6), 0);
    EXITS(small, 0);
    EXITS(large, 0);
}

static void senders(void) {
    IS(put(1, 8192), 0);
    IS(put(1, 8192), 0);
    pid_t child = CHILD({ IS(put(7, 100), 0); });
    wait_asleep(child);
    IS(msgrcv(queue, &in, 8192, 0, 0), 8192);
    EXITS(child, 0);
    IS(msgrcv(queue, &in, 8192, 7, 0), 100);
    IS(msgrcv(queue, &in, 8192, 0, 0), 8192);
    // More room by IPC_SET.
    struct msqid_ds status;
    IS(msgctl(queue, IPC_STAT, &status), 0);
    status.msg_qbytes = 10;
    IS(msgctl(queue, IPC_SET, &status), 0);
    child = CHILD({ IS(put(1, 11), 0); });
    wait_asleep(child);
    status.msg_qbytes = 20000;
    IS(msgctl(queue, IPC_SET, &status), 0);
    EXITS(child, 0);
    IS(msgrcv(queue, &in, 8192, 0, 0), 11);
}

static void on_signal(int number) { (void)number; }
static void signals(void) {
    pid_t child = CHILD({
        handle(SIGUSR1, on_signal, SA_RESTART);
        FAILS(msgrcv(queue, &in, 10, 0, 0), EINTR); // whatever SA_RESTART says
    });
    wait_asleep(child);
    IS(kill(child, SIGUSR1), 0);
    EXITS(child, 0);
    // Stopping is no handler: the call goes on.
    child = receiver(0, 10, 3);
    IS(kill(child, SIGSTOP), 0);
    int status;
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    IS(kill(child, SIGCONT), 0);
    IS(put(1, 3), 0);
    EXITS(child, 0);
}

static void changes(void) {
    struct msqid_ds status;
    IS(msgctl(queue, IPC_STAT, &status), 0);
    status.msg_perm.mode = 0606;
    IS(msgctl(queue, IPC_SET, &status), 0);
    pid_t child = CHILD({
        REQUIRE(setgid(1000) == 0 && setuid(1000) == 0);
        FAILS(msgrcv(queue, &in, 10, 0, 0), EACCES);
    });
    while (!strstr(slurp("/proc/sysvipc/msg"), "606"))
        sleep_ms(1);
    wait_asleep(child);
    status.msg_perm.mode = 0600;
    IS(msgctl(queue, IPC_SET, &status), 0);
    EXITS(child, 0);
}

static void removal(void) {
    pid_t reader = refused(0, 10, EIDRM);
    IS(msgctl(queue, IPC_RMID, NULL), 0);
    EXITS(reader, 0);
    queue = msgget(IPC_PRIVATE, 0600);
    IS(put(1, 8192), 0);
    IS(put(1, 8192), 0);
    pid_t writer = CHILD({ FAILS(put(1, 1), EIDRM); });
    wait_asleep(writer);
    IS(msgctl(queue, IPC_RMID, NULL), 0);
    EXITS(writer, 0);
}

static void test(void) {
    queue = SUCCEEDS(msgget(IPC_PRIVATE, 0600));
    receivers();
    senders();
    signals();
    changes();
    removal();
}

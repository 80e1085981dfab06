// SPDX-License-Identifier: BSD-2-Clause
// msgget and msgctl: what they find, show, set and refuse; /proc/sysvipc/msg. Needs root.
#include "../test.h"

#include <sys/msg.h>

#define KEY 0x3a51

static void information(int queue) {
    struct msginfo info;
    CHECK(msgctl(0, IPC_INFO, (struct msqid_ds *)&info) >= queue % 32768);
    IS(info.msgmni, 32000);
    IS(info.msgmax, 8192);
    IS(info.msgmnb, 16384);
    IS(info.msgssz, 16);
    IS(info.msgseg, 65535);
    IS(info.msgpool, 512000);
    IS(info.msgmap, 16384);
    IS(info.msgtql, 16384);
    CHECK(msgctl(0, 12 /* MSG_INFO */, (struct msqid_ds *)&info) >= queue % 32768);
    IS(info.msgpool, 1);
    IS(info.msgmap, 1);
    IS(info.msgtql, 5);
    FAILS(msgctl(0, IPC_INFO, BAD_POINTER), EFAULT);
}

static void status(int queue) {
    struct msqid_ds s;
    memset(&s, 0x55, sizeof s);
    IS(msgctl(queue, IPC_STAT, &s), 0);
    IS(s.msg_perm.mode, 0640);
    IS(s.msg_perm.__key, KEY);
    IS(s.msg_qnum, 1);
    IS(s.__msg_cbytes, 5);
    IS(s.msg_qbytes, 16384);
    IS(s.msg_rtime, 0);
    IS(s.msg_lrpid, 0);
    CHECK(s.msg_ctime > 1000000000);
    CHECK(msgctl(queue % 32768, 11 /* MSG_STAT */, &s) == queue);
    CHECK(msgctl(queue % 32768, 13 /* MSG_STAT_ANY */, &s) == queue);
    FAILS(msgctl(queue % 32768 + 2000, 11, &s), EINVAL);
    FAILS(msgctl(queue, IPC_STAT, BAD_POINTER), EFAULT);
    FAILS(msgctl(queue, IPC_SET, BAD_POINTER), EFAULT);
    FAILS(msgctl(queue, 50, &s), EINVAL);
    FAILS(msgctl(-1, IPC_STAT, &s), EINVAL);
    s.msg_perm.uid = 1000;
    s.msg_qbytes = 100000; // root may
    IS(msgctl(queue, IPC_SET, &s), 0);
    IS(msgctl(queue, IPC_STAT, &s), 0);
    IS(s.msg_qbytes, 100000);
    EXITS(CHILD({
        REQUIRE(setgid(1000) == 0 && setuid(1000) == 0);
        FAILS(msgctl(queue, IPC_SET, &s), EPERM);
        s.msg_qbytes = 16384;
        IS(msgctl(queue, IPC_SET, &s), 0);
    }), 0);
    EXITS(CHILD({
        REQUIRE(setgid(1001) == 0 && setuid(1001) == 0);
        FAILS(msgctl(queue, IPC_STAT, &s), EACCES);
        FAILS(msgctl(queue, IPC_SET, &s), EPERM);
        FAILS(msgctl(queue, IPC_RMID, NULL), EPERM);
        FAILS(msgget(KEY, 0600), EACCES);
        CHECK(msgget(KEY, 0) == queue);
    }), 0);
}

static void test(void) {
    FAILS(msgget(KEY, 0600), ENOENT);
    int queue = SUCCEEDS(msgget(KEY, IPC_CREAT | 0640));
    REQUIRE(queue >= 0);
    CHECK(msgget(KEY, IPC_CREAT) == queue);
    FAILS(msgget(KEY, IPC_CREAT | IPC_EXCL), EEXIST);
    struct {
        long type;
        char text[8];
    } message = {4, "1234"};
    IS(msgsnd(queue, &message, 5, 0), 0);
    information(queue);
    status(queue);
    char *line = strchr(slurp("/proc/sysvipc/msg"), '\n') + 1;
    int key, id, mode, bytes, count, sender, reader, user;
    IS(sscanf(line, "%d %d %o %d %d %d %d %d", &key, &id, &mode, &bytes, &count, &sender, &reader,
              &user), 8);
    CHECK(key == KEY && id == queue && mode == 0640 && bytes == 5 && count == 1);
    CHECK(sender == getpid() && reader == 0 && user == 1000);
    IS(strlen(line), 120);
    IS(msgctl(queue, IPC_RMID, NULL), 0);
    FAILS(msgctl(queue, IPC_RMID, NULL), EINVAL);
    TEXT(slurp("/proc/sysvipc/msg"),
         "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid"
         "      stime      rtime      ctime\n");
    TEXT(slurp("/proc/sys/kernel/msgmax"), "8192\n");
    TEXT(slurp("/proc/sys/kernel/msgmnb"), "16384\n");
    TEXT(slurp("/proc/sys/kernel/msgmni"), "32000\n");
    struct msginfo info;
    IS(msgctl(0, 12 /* MSG_INFO */, (struct msqid_ds *)&info), 0);
    IS(info.msgmap, 0);
    IS(info.msgtql, 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What native calls and programs share, for C and C++ alike. docs/native-api.md explains it. */
#pragma once

#include <stdint.h>

/* A call's number is this plus its row in calls.def. Bits 30 and 29: Linux has numbers below 1024
   and, for x32, the same with bit 30 alone; filters made by libseccomp refuse what has bit 30. */
#define PITH_CALL_BASE 0x60000000u

/* What a handle of a port lets its holder do. */
#define PITH_RIGHT_CALL 1u      /* send messages and wait for the reply */
#define PITH_RIGHT_RECEIVE 2u   /* take messages and reply; choose badges */
#define PITH_RIGHT_DUPLICATE 4u /* make handles with fewer rights */
#define PITH_RIGHT_TRANSFER 8u  /* send the handle to another process */
#define PITH_RIGHTS_ALL 15u

#define PITH_MESSAGE_WORDS 4
#define PITH_MESSAGE_BYTES_MAX 4096u
#define PITH_MESSAGE_HANDLES_MAX 8u

/* Flags of a new handle. */
#define PITH_KEEP_ON_EXEC 1u

/* Flags of a transfer. */
#define PITH_END_BY_SIGNAL 1u /* a signal ends the wait for a reply, too */
#define PITH_DO_NOT_WAIT 2u   /* receive: EAGAIN where there is no call */

/* What a message carries besides its words, and what the caller takes of the other side's. */
struct pith_transfer {
    uint64_t deadline;       /* nanoseconds of CLOCK_MONOTONIC; 0: none */
    uint64_t send_data;      /* address */
    uint64_t receive_data;   /* address */
    uint32_t flags;
    uint32_t send_size;      /* bytes, at most PITH_MESSAGE_BYTES_MAX */
    uint32_t send_count;     /* handles, at most PITH_MESSAGE_HANDLES_MAX */
    uint32_t send_moves;     /* bit n: handle n leaves the sender once it has been received */
    int32_t send_handles[8];
    uint32_t receive_size;   /* in: room in bytes; out: bytes received */
    uint32_t receive_count;  /* in: room in handles; out: handles received */
    int32_t receive_handles[8];
};

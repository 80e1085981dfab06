/* SPDX-License-Identifier: BSD-2-Clause */
/* Pith's native calls for programs in C and C++, with a C library or without. docs/native-api.md
   explains them. Errors are negative error numbers, as the kernel gives them; nothing sets errno.
   On a kernel without native calls all of pith_port_... answer -ENOSYS. */
#pragma once

#include "abi/native/transfer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The part of a message that travels in registers. */
struct pith_words {
    uint64_t word[PITH_MESSAGE_WORDS];
};

/* A port, with all rights. `flags`: 0 or PITH_KEEP_ON_EXEC. */
int pith_port_create(uint32_t flags);
/* Another handle of it with rights that `port` has. A badge other than `port`'s own takes
   PITH_RIGHT_RECEIVE. */
int pith_port_duplicate(int port, uint32_t rights, uint64_t badge, uint32_t flags);
int pith_port_information(int port, uint32_t *rights, uint64_t *badge);

/* Sends *words and what `transfer` (may be null) says, and waits for the reply, which takes their
   place. */
int pith_call(int port, struct pith_words *words, struct pith_transfer *transfer);
/* Takes a call. Answers the token to reply by, above 0; *badge (may be null) is the caller's. */
int64_t pith_receive(int port, struct pith_words *words, struct pith_transfer *transfer,
                     uint64_t *badge);
/* Answers a call, once. */
int pith_reply(int port, uint32_t token, const struct pith_words *words,
               struct pith_transfer *transfer);
/* Both in one entry. -ESRCH, -EMSGSIZE: the reply was not given and nothing received; -EINTR,
   -ETIMEDOUT, -EAGAIN: it was given. */
int64_t pith_reply_and_receive(int port, uint32_t token, struct pith_words *words,
                               struct pith_transfer *transfer, uint64_t *badge);

/* Events: counters that poll and epoll know (eventfd(2)). */
int pith_event_create(void);
int pith_event_signal(int event);
/* Waits until it was signalled since the last wait; `deadline` as in a transfer. -ETIMEDOUT. */
int pith_event_wait(int event, uint64_t deadline);

/* Rings: entries of one size from one producer to one consumer, through shared memory. Neither side
   trusts the other with more than the entries' contents. */
struct pith_ring_handles {
    int memory;
    int data_bell;  /* rung for the consumer */
    int space_bell; /* rung for the producer */
};
struct pith_ring {
    void *memory;
    uint64_t size;
    uint32_t entry_size, entry_count;
    uint32_t index; /* own: how many entries went through here, modulo 2^32 */
    int is_producer;
    struct pith_ring_handles handles;
};

/* `entry_count` is a power of two. The handles are the caller's to send and to close. */
int pith_ring_create(struct pith_ring_handles *handles, uint32_t entry_size, uint32_t entry_count);
/* Maps one side. -EINVAL: the memory is not what was agreed on, or could shrink. */
int pith_ring_attach(struct pith_ring *ring, const struct pith_ring_handles *handles,
                     uint32_t entry_size, uint32_t entry_count, int is_producer);
void pith_ring_detach(struct pith_ring *ring);
/* -EAGAIN: full, empty; -EBADMSG: the other side has written nonsense over its counter. */
int pith_ring_push(struct pith_ring *ring, const void *entry);
int pith_ring_pop(struct pith_ring *ring, void *entry);
/* The same, waiting until there is room, an entry, or the deadline. */
int pith_ring_push_wait(struct pith_ring *ring, const void *entry, uint64_t deadline);
int pith_ring_pop_wait(struct pith_ring *ring, void *entry, uint64_t deadline);

#ifdef __cplusplus
}
#endif

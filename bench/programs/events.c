// SPDX-License-Identifier: BSD-2-Clause
// Waiting for events among a hundred descriptors, and io_uring's cheapest operation.
#include "bench.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

enum { descriptors = 100, ring_entries = 32 };

static int fds[descriptors][2], epoll_fd;
static struct pollfd poll_set[descriptors];

static int make_descriptors(void) {
    for (int i = 0; i < descriptors; i++) {
        if (pipe(fds[i]) < 0)
            return errno;
        poll_set[i] = (struct pollfd){.fd = fds[i][0], .events = POLLIN};
    }
    return write(fds[descriptors / 2][1], "x", 1) == 1 ? 0 : errno;
}

static int set_up_epoll(void) {
    int error = make_descriptors();
    epoll_fd = epoll_create1(0);
    if (error || epoll_fd < 0)
        return error ? error : errno;
    for (int i = 0; i < descriptors; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = i};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fds[i][0], &event) < 0)
            return errno;
    }
    return 0;
}

static uint64_t run_epoll(int count) {
    struct epoll_event events[16];
    return TIMED(count, call6(SYS_epoll_wait, epoll_fd, (long)events, 16, 0, 0, 0));
}

static uint64_t run_poll(int count) {
    return TIMED(count, call3(SYS_poll, (long)poll_set, descriptors, 0));
}

static int uring;
static struct io_uring_sqe *entries;
static unsigned *submit_tail, *complete_head, *complete_tail, submit_mask;

static int set_up_uring(void) {
    struct io_uring_params parameters = {0};
    uring = (int)syscall(SYS_io_uring_setup, ring_entries, &parameters);
    if (uring < 0)
        return errno;
    size_t size = parameters.sq_off.array + parameters.sq_entries * 4;
    size_t other = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
    char *ring = mmap(NULL, size > other ? size : other, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_POPULATE, uring, IORING_OFF_SQ_RING);
    entries = mmap(NULL, parameters.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_POPULATE, uring, IORING_OFF_SQES);
    if (ring == MAP_FAILED || entries == MAP_FAILED)
        return errno;
    submit_tail = (unsigned *)(ring + parameters.sq_off.tail);
    submit_mask = *(unsigned *)(ring + parameters.sq_off.ring_mask);
    complete_head = (unsigned *)(ring + parameters.cq_off.head);
    complete_tail = (unsigned *)(ring + parameters.cq_off.tail);
    unsigned *array = (unsigned *)(ring + parameters.sq_off.array);
    for (unsigned i = 0; i < parameters.sq_entries; i++)
        array[i] = i;
    memset(entries, 0, parameters.sq_entries * sizeof *entries);
    return 0;
}

static uint64_t run_uring(int count) {
    return TIMED(count, {
        for (int j = 0; j < ring_entries; j++)
            entries[(*submit_tail + j) & submit_mask].opcode = IORING_OP_NOP;
        __atomic_store_n(submit_tail, *submit_tail + ring_entries, __ATOMIC_RELEASE);
        long done = call6(SYS_io_uring_enter, uring, ring_entries, ring_entries,
                          IORING_ENTER_GETEVENTS, 0, 0);
        MUST(done == ring_entries);
        unsigned tail = __atomic_load_n(complete_tail, __ATOMIC_ACQUIRE);
        MUST(tail - *complete_head == ring_entries);
        __atomic_store_n(complete_head, tail, __ATOMIC_RELEASE);
    });
}

const struct row event_rows[] = {
    {.key = "epoll_wait_1_of_100", .set_up = set_up_epoll, .run = run_epoll, .count = 300},
    {.key = "poll_1_of_100", .set_up = make_descriptors, .run = run_poll, .count = 50},
    {.key = "io_uring_nop_32", .set_up = set_up_uring, .run = run_uring, .count = 20,
     .per = ring_entries},
    {0},
};

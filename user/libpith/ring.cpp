// SPDX-License-Identifier: BSD-2-Clause
// Rings in shared memory. Each side counts what it did in a word of its own and reads the other's;
// it keeps its own count, and the sizes, in private memory, so that whatever the other side writes
// moves no pointer of this one out of the entries. A bell is rung only for a side that said that it
// sleeps.
#include "user/libpith/system_call.h"

using namespace libpith;

namespace {

constexpr uint64_t page = 4096;
constexpr uint64_t close_on_exec = 1, allow_sealing = 2; // memfd_create(2)
constexpr uint64_t add_seals = 1033, get_seals = 1034;   // fcntl(2)
constexpr uint64_t seal_seal = 1, seal_shrink = 2, seal_grow = 4;
constexpr uint64_t read_and_write = 3, shared = 1; // mmap(2)
constexpr uint64_t from_end = 2;                   // lseek(2)
constexpr uint64_t largest = uint64_t{1} << 30;

// One side's words, in a cache line of their own.
struct alignas(64) Side {
    uint32_t count;  // entries that this side has pushed, or popped
    uint32_t sleeps; // it waits for its bell
};
struct Header {
    Side producer, consumer;
};
static_assert(sizeof(Header) <= page);

Header &header(const pith_ring &ring) { return *static_cast<Header *>(ring.memory); }
Side &own(const pith_ring &ring) {
    return ring.is_producer ? header(ring).producer : header(ring).consumer;
}
Side &other(const pith_ring &ring) {
    return ring.is_producer ? header(ring).consumer : header(ring).producer;
}
char *entry_at(const pith_ring &ring) {
    return static_cast<char *>(ring.memory) + page +
           uint64_t{ring.index & (ring.entry_count - 1)} * ring.entry_size;
}

uint64_t size_of(uint32_t entry_size, uint32_t entry_count) {
    if (entry_size == 0 || entry_count == 0 || (entry_count & (entry_count - 1)) != 0)
        return 0;
    const uint64_t bytes = uint64_t{entry_size} * entry_count;
    return bytes <= largest ? page + ((bytes + page - 1) & ~(page - 1)) : 0;
}

void copy(char *to, const char *from, uint32_t size) {
    for (uint32_t i = 0; i < size; ++i)
        to[i] = from[i];
}

// 0: this side may go on. -EAGAIN, -EBADMSG.
int check(const pith_ring &ring) {
    // Acquire: the entry was written (or read out) before the count that says so.
    const uint32_t count = __atomic_load_n(&other(ring).count, __ATOMIC_ACQUIRE);
    const uint32_t used = ring.is_producer ? ring.index - count : count - ring.index;
    if (used > ring.entry_count)
        return -error_bad_message;
    return used == (ring.is_producer ? ring.entry_count : 0) ? -error_again : 0;
}

// The entry is done with: tells the other side, and wakes it if it sleeps.
int publish(pith_ring &ring) {
    ++ring.index;
    __atomic_store_n(&own(ring).count, ring.index, __ATOMIC_RELEASE);
    // Full fence, here and in sleep(): we see that it sleeps, or it sees the new count.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&other(ring).sleeps, __ATOMIC_RELAXED) == 0)
        return 0;
    __atomic_store_n(&other(ring).sleeps, 0, __ATOMIC_RELAXED);
    return pith_event_signal(ring.is_producer ? ring.handles.data_bell : ring.handles.space_bell);
}

int sleep(pith_ring &ring, uint64_t deadline) {
    __atomic_store_n(&own(ring).sleeps, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    int result = check(ring);
    if (result == -error_again)
        result = pith_event_wait(
            ring.is_producer ? ring.handles.space_bell : ring.handles.data_bell, deadline);
    __atomic_store_n(&own(ring).sleeps, 0, __ATOMIC_RELAXED);
    return result;
}

} // namespace

int pith_ring_create(pith_ring_handles *handles, uint32_t entry_size, uint32_t entry_count) {
    const uint64_t size = size_of(entry_size, entry_count);
    if (size == 0)
        return -error_invalid;
    int made[3] = {static_cast<int>(linux_call(LinuxCall::memfd_create, address("ring"),
                                               close_on_exec | allow_sealing)),
                   pith_event_create(), pith_event_create()};
    int64_t result = 0;
    for (const int handle : made)
        result = handle < 0 ? handle : result;
    if (result == 0)
        result = linux_call(LinuxCall::ftruncate, word(made[0]), size);
    if (result == 0) // or a peer could cut it off under us
        result = linux_call(LinuxCall::fcntl, word(made[0]), add_seals,
                            seal_shrink | seal_grow | seal_seal);
    if (result == 0) {
        *handles = {made[0], made[1], made[2]};
        return 0;
    }
    for (const int handle : made)
        if (handle >= 0)
            linux_call(LinuxCall::close, word(handle));
    return static_cast<int>(result);
}

int pith_ring_attach(pith_ring *ring, const pith_ring_handles *handles, uint32_t entry_size,
                     uint32_t entry_count, int is_producer) {
    const uint64_t size = size_of(entry_size, entry_count);
    const int64_t seals = linux_call(LinuxCall::fcntl, word(handles->memory), get_seals);
    if (size == 0 || seals < 0 || (static_cast<uint64_t>(seals) & seal_shrink) == 0 ||
        linux_call(LinuxCall::lseek, word(handles->memory), 0, from_end) !=
            static_cast<int64_t>(size))
        return -error_invalid;
    const int64_t at = linux_call(LinuxCall::mmap, 0, size, read_and_write, shared,
                                  word(handles->memory), 0);
    if (at < 0)
        return static_cast<int>(at);
    *ring = {reinterpret_cast<void *>(at), size, entry_size, entry_count, 0, is_producer, *handles};
    return 0;
}

void pith_ring_detach(pith_ring *ring) {
    linux_call(LinuxCall::munmap, address(ring->memory), ring->size);
    ring->memory = nullptr;
}

int pith_ring_push(pith_ring *ring, const void *entry) {
    if (const int result = check(*ring))
        return result;
    copy(entry_at(*ring), static_cast<const char *>(entry), ring->entry_size);
    return publish(*ring);
}

int pith_ring_pop(pith_ring *ring, void *entry) {
    if (const int result = check(*ring))
        return result;
    copy(static_cast<char *>(entry), entry_at(*ring), ring->entry_size);
    return publish(*ring);
}

int pith_ring_push_wait(pith_ring *ring, const void *entry, uint64_t deadline) {
    int result;
    while ((result = pith_ring_push(ring, entry)) == -error_again)
        if ((result = sleep(*ring, deadline)) < 0)
            break;
    return result;
}

int pith_ring_pop_wait(pith_ring *ring, void *entry, uint64_t deadline) {
    int result;
    while ((result = pith_ring_pop(ring, entry)) == -error_again)
        if ((result = sleep(*ring, deadline)) < 0)
            break;
    return result;
}

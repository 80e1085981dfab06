// SPDX-License-Identifier: BSD-2-Clause
// What the kernel and the server host (host/user) agree on: how handlers are entered, the host's
// system calls, and where things lie in the address space of a server process. A call's number is
// in the first register of Linux's convention, its arguments in the others; it answers a value >= 0
// or -errno, and some answer a second value beside it. A wrong argument ends the instance.
#pragma once

#include "abi/component/component.h"

namespace component::server {

// Why the host is entered. Its registers: entry, argument, the thread's page, arena size.
enum class Entry : u64 {
    load,  // argument: bytes of the object; nothing of the object has run yet
    facts, // writes HandlerPage::facts
    start, // from here on: handlers of the object
    quiesce,
    resume,
    stop,
    submit,    // HandlerPage::requests[0]
    submit_batch, // argument: how many of them; HandlerPage::answers, as many as `done` says
    interrupt, // argument: the line
    timer,     // argument: the timer
    migrate,   // argument: the layout of the state at old_arena_base; HandlerPage::old_arena_size
};

enum class Call : u64 {
    done,      // (word, value): the entry is over; load, facts and stages: errno; submit: Answer;
               // submit_batch: how many have an answer, less than all if the last is busy
    make_room, // (bytes): memory for the code, writable until it is sealed
    seal,      // (bytes of text): text becomes executable, the rest constant

    // Env. Pointers to what the caller reads or writes; views are the second value.
    log,
    now,
    wall_clock,
    sleep_until,
    set_timer,
    cancel_timer,
    random,
    configuration,
    count,
    fail,
    device_fact,
    window_info,
    read_register, // second value: the register
    write_register,
    window_memory, // (window, offset): length; second value: view, for good
    read_configuration_space,
    control,
    enable_interrupt,
    disable_interrupt,
    acknowledge_interrupt,
    allocate_dma,
    free_dma,
    dma_view, // (block): length; second value: view
    dma_block,
    map_buffer,
    buffer_view, // (request, buffer, offset): length; second value: view
    copy_from_buffer,
    copy_to_buffer,
    offer,
    update_offer,
    withdraw,
    complete,
    deliver,
    child_count,
    child_properties,
    call_child,
    request_services, // (request): block size; second value: state

    // VolumeServices of the request whose services were asked for.
    volume_begin, // answers begin's; second value: the result
    volume_set_block_size,
    volume_device_blocks, // second value
    volume_view,          // (block): checked; second value: view
    volume_mark_checked,
    volume_edit,      // (block, mode, tag, marks); second value: the private copy
    volume_edited,    // (index, EditedBlock*)
    volume_release,   // (start, count, kind)
    volume_available, // (BlockRange*): in and out
    volume_promised,  // second value
    volume_publish,   // (Publication*)
    volume_discard,
    volume_commit,
    volume_report,
    volume_damaged,
    volume_now, // second value
    volume_random,

    count_of_calls,
};
inline constexpr u64 call_count = static_cast<u64>(Call::count_of_calls);

inline constexpr u32 batch_capacity = 32;

struct Facts {
    u8 object_hash[32];
    u8 text_hash[32];
};

// One per thread, at the start of its region.
struct HandlerPage {
    Request requests[batch_capacity];
    Answer answers[batch_capacity];
    u32 running; // index of the request of a batch whose handler runs
    Facts facts;
    u64 old_arena_size;
};
static_assert(sizeof(HandlerPage) <= 4096);

// The process's addresses. What is not named is not mapped.
inline constexpr u64 object_base = 0x1000'0000; // the object, byte for byte, read-only
inline constexpr u64 code_base = 0x2000'0000;   // where it is loaded to
inline constexpr u64 code_limit = 0x1000'0000;
inline constexpr u64 arena_base = 0x4000'0000;
inline constexpr u64 old_arena_base = 0x8000'0000; // while a new version migrates, read-only
inline constexpr u64 thread_base = 0x1'0000'0000;
inline constexpr u64 thread_stride = 0x100'0000;
inline constexpr u64 dma_base = 0x4'0000'0000;
inline constexpr u64 dma_stride = 0x80'0000;
inline constexpr u64 window_base = 0x100'0000'0000;
inline constexpr u64 window_stride = 0x100'0000'0000;

// In a thread's region.
inline constexpr u64 copies_offset = 0x1'0000; // pieces of requests' buffers
inline constexpr u64 copies_size = 0x4000;
inline constexpr u64 stack_offset = 0x2'0000; // guard pages around it
inline constexpr u64 stack_size = 0x8000;
inline constexpr u64 blocks_offset = 0x10'0000; // copies of metadata blocks
inline constexpr u64 blocks_size = thread_stride - blocks_offset;

} // namespace component::server

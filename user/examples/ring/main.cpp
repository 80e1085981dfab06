// SPDX-License-Identifier: BSD-2-Clause
// A stream through shared memory: one process makes numbers, the other adds them up. The handles of
// the ring travel in one message; after that the kernel is entered only when one side has to sleep.
#include "user/examples/process.h"
#include "user/libpith/pith.h"

namespace {

constexpr u32 entry_count = 64, number_count = 100'000;

i32 produce(const pith_ring_handles& handles) {
    pith_ring ring;
    if (pith_ring_attach(&ring, &handles, sizeof(u64), entry_count, true) != 0)
        return 1;
    for (u64 number = 1; number <= number_count; ++number)
        if (pith_ring_push_wait(&ring, &number, 0) != 0)
            return 1;
    return 0;
}

// Receives the ring's handles in a call, then what goes through it.
i32 consume(int port) {
    pith_words words = {};
    pith_transfer transfer = {};
    transfer.receive_count = 3;
    const i64 token = pith_receive(port, &words, &transfer, nullptr);
    if (token < 0 || transfer.receive_count != 3)
        return 1;
    const pith_ring_handles handles = {transfer.receive_handles[0], transfer.receive_handles[1],
                                       transfer.receive_handles[2]};
    pith_ring ring;
    if (pith_ring_attach(&ring, &handles, sizeof(u64), entry_count, false) != 0 ||
        pith_reply(port, static_cast<u32>(token), &words, nullptr) != 0)
        return 1;
    u64 sum = 0;
    for (u32 i = 0; i < number_count; ++i) {
        u64 number = 0;
        if (pith_ring_pop_wait(&ring, &number, 0) != 0)
            return 1;
        sum += number;
    }
    runtime::Output(1).print("{} numbers, sum {}\n", number_count, sum);
    return 0;
}

} // namespace

i32 runtime::run_program(std::span<const char* const>) {
    const int port = pith_port_create(0);
    if (port < 0)
        return 1;
    const auto consumer = example::start_child([&] { return consume(port); });
    pith_ring_handles handles;
    if (!consumer || pith_ring_create(&handles, sizeof(u64), entry_count) != 0)
        return 1;
    pith_words words = {};
    pith_transfer transfer = {};
    transfer.send_count = 3;
    transfer.send_handles[0] = handles.memory;
    transfer.send_handles[1] = handles.data_bell;
    transfer.send_handles[2] = handles.space_bell;
    if (pith_call(port, &words, &transfer) != 0 || produce(handles) != 0)
        return 1;
    return example::wait_for(*consumer).value_or(1);
}

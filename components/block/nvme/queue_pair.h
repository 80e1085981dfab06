// SPDX-License-Identifier: BSD-2-Clause
// QueuePair: a submission queue and its completion queue (NVM Express Base 2.0, 3.3.1). Arena data;
// the rings lie in DMA memory. Of what the controller writes only what can be true is taken:
// anything else is a fault, and the driver ends its instance.
#pragma once

#include "abi/component/dma.h"
#include "components/block/nvme/commands.h"
#include "components/block/nvme/registers.h"

namespace nvme {

using component::DmaPlace;
using component::Env;

class QueuePair {
public:
    // Empty queues of `size` entries each, in zeroed memory. The admin queue is number 0.
    void initialize(u16 number, u16 size, const DmaPlace& submissions,
                    const DmaPlace& completions) {
        *this = {};
        number_ = number;
        size_ = size;
        submissions_ = submissions;
        completions_ = completions;
        phase_ = 1;
    }
    u16 size() const { return size_; }
    const DmaPlace& submissions() const { return submissions_; }
    const DmaPlace& completions() const { return completions_; }
    // Commands that the controller has not completed.
    u32 outstanding() const { return outstanding_; }
    bool has_room() const { return outstanding_ + 1 < size_; }

    // Needs room. The controller hears of it by ring().
    void push(Env& env, const Command& command);
    void ring(Env& env, Window registers, u32 stride);

    // The next completion, false if there is none. Errors: proto, when it cannot be true. Whether
    // its id is one of those outstanding is for the caller to say.
    Result<bool> take(Env& env, Completion& into);
    // Gives the entries that were taken back to the controller.
    void release(Env& env, Window registers, u32 stride);

private:
    u16 next(u16 index) const { return index + 1 == size_ ? 0 : static_cast<u16>(index + 1); }

    DmaPlace submissions_;
    DmaPlace completions_;
    u16 number_ = 0;
    u16 size_ = 0;
    u16 tail_ = 0;       // where the next command goes
    u16 completion_ = 0; // where the next completion will be
    u16 phase_ = 0;      // its phase bit
    u16 outstanding_ = 0;
    u16 taken_ = 0; // since the last release
};

inline void QueuePair::push(Env& env, const Command& command) {
    VERIFY(has_room());
    const u32 at = tail_ * u32{sizeof(Command)};
    const component::SharedMemory ring(
        component::view_of(env, submissions_, size_ * sizeof(Command)));
    const auto words = std::bit_cast<std::array<u64, sizeof(Command) / sizeof(u64)>>(command);
    for (u32 i = 0; i < words.size(); ++i)
        ring.store<u64>(at + i * u32{sizeof(u64)}, words[i]);
    tail_ = next(tail_);
    ++outstanding_;
}

inline void QueuePair::ring(Env& env, Window registers, u32 stride) {
    std::atomic_thread_fence(std::memory_order_release); // the commands before the doorbell
    env.write_register(registers.index, doorbells + u64{2} * number_ * stride, 4, tail_);
}

inline Result<bool> QueuePair::take(Env& env, Completion& into) {
    const component::SharedMemory ring(
        component::view_of(env, completions_, size_ * sizeof(Completion)));
    const u32 at = completion_ * u32{sizeof(Completion)};
    const u32 last = ring.load_acquire<u32>(at + 12); // id and status: written last
    if (((last >> 16) & 1) != phase_)
        return false;
    const u32 heads = ring.load<u32>(at + 8);
    into.result = ring.load<u32>(at);
    into.submission_head = static_cast<u16>(heads);
    into.submission_queue = static_cast<u16>(heads >> 16);
    into.id = static_cast<u16>(last);
    into.status = static_cast<u16>(last >> 16);
    // How far the controller has fetched is not relied on: it fetches in order, so whatever it has
    // not fetched is outstanding, and fewer than the queue holds are.
    if (outstanding_ == 0 || into.submission_queue != number_ || into.submission_head >= size_)
        return Failure(Errno::proto);
    --outstanding_;
    ++taken_;
    completion_ = next(completion_);
    if (completion_ == 0)
        phase_ ^= 1;
    return true;
}

inline void QueuePair::release(Env& env, Window registers, u32 stride) {
    if (taken_ == 0)
        return;
    taken_ = 0;
    env.write_register(registers.index, doorbells + (u64{2} * number_ + 1) * stride, 4,
                       completion_);
}

} // namespace nvme

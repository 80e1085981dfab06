// SPDX-License-Identifier: BSD-2-Clause
#include "linux/poll/poll_table.h"

#include "base/allocate.h"
#include "core/sched/scheduler.h"

namespace linux {

PollTable::PollTable() : sleeper_(false), thread_(core::Thread::current()) {}

PollTable::~PollTable() {
    usize rest = count_;
    const auto end_entry = [](void* place) {
        auto& entry = *static_cast<Entry*>(place);
        entry.queue.remove(entry);
        entry.~Entry();
    };
    while (Block* block = blocks_) {
        const usize in_block = (rest - inline_entries - 1) % block_entries + 1;
        for (usize index = 0; index < in_block; ++index)
            end_entry(block->entries[index]);
        rest -= in_block;
        blocks_ = block->next;
        ::operator delete(block);
    }
    for (usize index = 0; index < rest; ++index)
        end_entry(inline_[index]);
}

void* PollTable::next_place() {
    if (count_ < inline_entries)
        return inline_[count_];
    const usize in_block = (count_ - inline_entries) % block_entries;
    if (in_block == 0) {
        auto* block = static_cast<Block*>(::operator new(sizeof(Block), base::fallible));
        if (!block)
            return nullptr;
        block->next = blocks_;
        blocks_ = block;
    }
    return blocks_->entries[in_block];
}

void PollTable::add(core::WaitQueue& queue, core::Object*) {
    void* place = next_place();
    if (!place) [[unlikely]] {
        failed_ = true;
        return;
    }
    auto* entry = new (place) Entry(*this, *file_, queue, events_);
    ++count_;
    queue.add(*entry);
}

bool PollTable::wake_entry(core::Waiter& waiter, core::WakeEvents events) {
    auto& entry = static_cast<Entry&>(waiter);
    if (events != 0 && (events & entry.events) == 0)
        return false;
    // Sequentially consistent: pairs with the sleeper, which announces its sleep and then looks
    // here.
    entry.table.triggered_.store(true);
    core::Scheduler::wake(entry.table.thread_);
    return true;
}

Result<> PollTable::sleep(Nanos deadline) {
    Result<> outcome;
    sleeper_.prepare(core::Sleep::interruptible);
    if (!triggered_.load())
        outcome = sleeper_.suspend(core::Sleep::interruptible, deadline);
    sleeper_.finish();
    triggered_.store(false);
    return outcome;
}

} // namespace linux

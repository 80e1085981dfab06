// SPDX-License-Identifier: BSD-2-Clause
// PollTable: what one poll or select call hangs on the queues of the files it watches while it
// sleeps. The first pass over the files needs none; a few entries lie in the table itself, on the
// caller's stack.
#pragma once

#include "abi/linux/types.h"
#include "core/task/thread.h"
#include "linux/vfs/open_file.h"

namespace linux {

class PollTable final : public PollRegistration {
public:
    // For the current thread.
    PollTable();
    ~PollTable(); // off all queues
    PollTable(const PollTable&) = delete;
    PollTable& operator=(const PollTable&) = delete;

    // The file whose poll() is called next, and the events that should end the sleep.
    void prepare(OpenFile& file, u32 events) {
        file_ = &file;
        events_ = events;
    }
    // An entry could not be made for want of memory.
    bool failed() const { return failed_; }

    // Sleeps until a watched queue was woken since the last sleep (or since the table began).
    // Errors: intr, timedout.
    Result<> sleep(Nanos deadline);

private:
    struct Entry : core::Waiter {
        Entry(PollTable& in_table, OpenFile& of_file, core::WaitQueue& on_queue, u32 wanted)
            : Waiter(&PollTable::wake_entry, false), table(in_table),
              file(Ref<OpenFile>::share(of_file)), queue(on_queue), events(wanted) {}
        PollTable& table;
        Ref<OpenFile> file; // keeps the queue
        core::WaitQueue& queue;
        const u32 events;
    };
    static constexpr usize inline_entries = 8;
    static constexpr usize block_entries = 56;
    struct Block {
        Block* next;
        alignas(Entry) u8 entries[block_entries][sizeof(Entry)];
    };

    // The caller's own process keeps whatever owner there is.
    void add(core::WaitQueue& queue, core::Object* owner) override;
    static bool wake_entry(core::Waiter& waiter, core::WakeEvents events);
    void* next_place();

    core::ThreadWaiter sleeper_;
    core::Thread& thread_;
    std::atomic<bool> triggered_{false};
    bool failed_ = false;
    OpenFile* file_ = nullptr;
    u32 events_ = 0;
    usize count_ = 0;         // of all entries
    Block* blocks_ = nullptr; // newest first, all but the newest full
    alignas(Entry) u8 inline_[inline_entries][sizeof(Entry)];
};

} // namespace linux

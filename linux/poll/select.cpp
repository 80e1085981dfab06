// SPDX-License-Identifier: BSD-2-Clause
// select(2) and pselect6(2): three sets of descriptors as bitmaps of 64-bit words.
#include <algorithm>
#include <bit>

#include "abi/linux/poll.h"
#include "base/allocate.h"
#include "base/bits.h"
#include "linux/poll/poll_table.h"
#include "linux/poll/poll_timeout.h"
#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// Which poll events make a descriptor appear in which set.
constexpr u32 read_set = poll_event::in | poll_event::read_normal | poll_event::read_band |
                         poll_event::hang_up | poll_event::error;
constexpr u32 write_set = poll_event::out | poll_event::write_normal | poll_event::write_band |
                          poll_event::error;
constexpr u32 except_set = poll_event::priority;
constexpr u32 events_of[3] = {read_set, write_set, except_set};

class Selection {
public:
    // `addresses` of the read, write and except sets, 0 for none. Errors: fault, nomem.
    Result<> read(u32 count, const u64 (&addresses)[3]) {
        words_ = base::divide_up(count, 64u);
        std::copy(addresses, addresses + 3, addresses_);
        if (6 * words_ > std::size(inline_)) {
            bits_ = static_cast<u64*>(::operator new(6 * words_ * sizeof(u64), base::fallible));
            if (!bits_)
                return Failure(Errno::nomem);
        }
        std::fill(bits_, bits_ + 6 * words_, 0);
        for (u32 set = 0; set < 3; ++set) {
            if (addresses[set] == 0)
                continue;
            TRY(core::copy_from_user(wanted(set), UserVirt(addresses[set]), words_ * sizeof(u64)));
            if (const u32 rest = count % 64; rest != 0)
                wanted(set)[words_ - 1] &= (u64{1} << rest) - 1;
        }
        return {};
    }
    Selection() = default;
    ~Selection() {
        if (bits_ != inline_)
            ::operator delete(bits_);
    }
    Selection(const Selection&) = delete;
    Selection& operator=(const Selection&) = delete;

    // One pass; the number of bits set in the results. Registers with `table` while there are none.
    // Errors: badf.
    Result<u32> scan(PollTable* table) {
        u32 ready = 0;
        for (u32 word = 0; word < words_; ++word) {
            u64 left = wanted(0)[word] | wanted(1)[word] | wanted(2)[word];
            for (; left != 0; left &= left - 1) {
                const u32 fd = word * 64 + static_cast<u32>(std::countr_zero(left));
                ready += TRY(look(fd, ready == 0 ? table : nullptr));
            }
        }
        return ready;
    }

    // Errors: fault.
    Result<> write() const {
        for (u32 set = 0; set < 3; ++set)
            if (addresses_[set] != 0)
                TRY(core::copy_to_user(UserVirt(addresses_[set]), bits_ + (3 + set) * words_,
                                       words_ * sizeof(u64)));
        return {};
    }

private:
    u64* wanted(u32 set) { return bits_ + set * words_; }
    u64* found(u32 set) { return bits_ + (3 + set) * words_; }

    Result<u32> look(u32 fd, PollTable* table) {
        auto file = TRY(borrow_file(fd));
        const u32 word = fd / 64;
        const u64 bit = u64{1} << (fd % 64);
        u32 events = 0;
        for (u32 set = 0; set < 3; ++set)
            if ((wanted(set)[word] & bit) != 0)
                events |= events_of[set];
        if (table) [[unlikely]]
            table->prepare(*file, events | poll_event::error | poll_event::hang_up);
        const u32 now = file->poll(table) & events;
        u32 ready = 0;
        for (u32 set = 0; set < 3; ++set)
            if ((wanted(set)[word] & bit) != 0 && (now & events_of[set]) != 0) {
                found(set)[word] |= bit;
                ++ready;
            }
        return ready;
    }

    u32 words_ = 0; // per set
    u64 addresses_[3] = {};
    u64 inline_[6 * 16]; // up to 1024 descriptors
    u64* bits_ = inline_; // three sets wanted, three found
};

// Errors: intr, nomem, badf.
[[gnu::noinline]] Result<u32> wait_for_any(Selection& selection, const PollTimeout& timeout) {
    PollTable table;
    u32 ready = TRY(selection.scan(&table));
    bool timed_out = false;
    while (ready == 0 && !timed_out) {
        if (table.failed())
            return Failure(Errno::nomem);
        const auto outcome = table.sleep(timeout.deadline);
        if (!outcome && outcome.error() == Errno::timedout)
            timed_out = true;
        ready = TRY(selection.scan(nullptr));
        if (!outcome && !timed_out && ready == 0)
            return Failure(Errno::intr);
    }
    return ready;
}

// Errors: intr, inval, badf, fault, nomem.
Result<u32> select(i32 count, const u64 (&addresses)[3], const PollTimeout& timeout) {
    if (count < 0)
        return Failure(Errno::inval);
    // More descriptors than can be open need no look.
    const u64 limit = Process::current().limits(Resource::open_files).maximum;
    const u32 considered =
        static_cast<u32>(std::min<u64>(static_cast<u64>(count), base::align_up(limit, u64{64})));
    Selection selection;
    TRY(selection.read(considered, addresses));
    u32 ready = TRY(selection.scan(nullptr));
    if (ready == 0 && !timeout.immediate)
        ready = TRY(wait_for_any(selection, timeout));
    TRY(selection.write());
    return ready;
}

// What the program gets for an interrupted call whose remaining time could (not) be stored.
Result<u64> finish(const Result<u32>& ready, bool stored) {
    if (ready)
        return *ready;
    if (ready.error() != Errno::intr)
        return Failure(ready.error());
    return Failure(stored ? Errno::restartnohand : Errno::intr);
}

} // namespace

Result<u64> sys_select(i32 count, u64 read, u64 write, u64 except, UserInOut<TimeVal> timeout) {
    PollTimeout limit;
    if (timeout)
        limit = TRY(PollTimeout::after(TRY(timeout.read())));
    const auto ready = select(count, {read, write, except}, limit);
    bool stored = true;
    if (timeout) {
        const u64 left = limit.left().value;
        stored = timeout
                     .write({static_cast<i64>(left / 1'000'000'000),
                             static_cast<i64>(left % 1'000'000'000 / 1000)})
                     .has_value();
    }
    return finish(ready, stored);
}

Result<u64> sys_pselect6(i32 count, u64 read, u64 write, u64 except, UserInOut<TimeSpec> timeout,
                         UserIn<SelectMask> mask) {
    SelectMask selected{};
    if (mask)
        selected = TRY(mask.read());
    PollTimeout limit;
    if (timeout)
        limit = TRY(PollTimeout::after(TRY(timeout.read())));
    if (selected.mask != 0) {
        if (selected.size != sizeof(SignalSet))
            return Failure(Errno::inval);
        begin_temporary_mask(TRY(UserIn<SignalSet>(selected.mask).read()));
    }
    const auto ready = select(count, {read, write, except}, limit);
    if (selected.mask != 0)
        end_temporary_mask(!ready && ready.error() == Errno::intr);
    bool stored = true;
    if (timeout) {
        const u64 left = limit.left().value;
        stored = timeout
                     .write({static_cast<i64>(left / 1'000'000'000),
                             static_cast<i64>(left % 1'000'000'000)})
                     .has_value();
    }
    return finish(ready, stored);
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// From pipe to pipe: splice(2) moves slots, tee(2) shares their pages.
#include <algorithm>

#include "linux/file/user_vector.h"
#include "linux/pipe/splice.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// Both pipes locked, the one with the lower address first.
class BothLocked {
public:
    BothLocked(Pipe& a, Pipe& b) PITH_NO_ANALYSIS : first_(&a < &b ? a : b),
                                                    second_(&a < &b ? b : a) {
        first_.lock().acquire(PipeLock::Role::splice);
        second_.lock().acquire(PipeLock::Role::splice_second);
    }
    ~BothLocked() PITH_NO_ANALYSIS {
        second_.lock().release();
        first_.lock().release();
    }
    BothLocked(const BothLocked&) = delete;
    BothLocked& operator=(const BothLocked&) = delete;

private:
    Pipe& first_;
    Pipe& second_;
};

// A second reference to the first `length` bytes of a slot.
PipeSlot share(PipeSlot& slot, usize length) {
    PipeSlot copy = slot;
    copy.page = core::PageRef::share(*slot.page).release();
    copy.length = static_cast<u32>(length);
    // Neither may grow over bytes the other will see.
    copy.mergeable = false;
    slot.mergeable = false;
    return copy;
}

// Something to take and room to put it. Errors: pipe, again, restartsys. False: no writer is left.
Result<bool> wait_for_both(Pipe& from, Pipe& to, bool non_block) {
    while (true) {
        if (from.is_empty()) {
            if (!from.has_writers())
                return false;
            TRY(from.wait_readable(non_block));
            continue;
        }
        if (!to.has_readers()) {
            send_broken_pipe_signal();
            return Failure(Errno::pipe);
        }
        if (!to.is_full())
            return true;
        TRY(to.wait_writable(non_block));
    }
}

void move_slots(Pipe& from, Pipe& to, usize length, usize& done) {
    while (done < length && !from.is_empty() && !to.is_full()) {
        PipeSlot& slot = from.ring().front();
        const usize part = std::min<usize>(slot.length, length - done);
        if (part == slot.length) {
            to.ring().push(from.ring().pop());
        } else {
            to.ring().push(share(slot, part));
            slot.offset += static_cast<u32>(part);
            slot.length -= static_cast<u32>(part);
        }
        done += part;
    }
}

void share_slots(Pipe& from, Pipe& to, usize length, usize& done) {
    for (u32 index = 0; done < length && index < from.ring().used() && !to.is_full(); ++index) {
        PipeSlot& slot = from.ring().at(index);
        const usize part = std::min<usize>(slot.length, length - done);
        to.ring().push(share(slot, part));
        done += part;
    }
}

template <typename Transfer>
Result<usize> between(Pipe& from, Pipe& to, bool non_block, Transfer transfer) {
    if (&from == &to)
        return Failure(Errno::inval);
    while (true) {
        if (!TRY(wait_for_both(from, to, non_block)))
            return 0;
        usize done = 0;
        {
            BothLocked guard(from, to);
            transfer(done);
        }
        if (done == 0)
            continue; // someone was faster
        from.wake_writers();
        to.wake_readers();
        return done;
    }
}

} // namespace

Result<usize> splice_pipes(Pipe& from, Pipe& to, usize length, bool non_block) {
    return between(from, to, non_block,
                   [&](usize& done) { move_slots(from, to, length, done); });
}

Result<usize> tee_pipes(Pipe& from, Pipe& to, usize length, bool non_block) {
    return between(from, to, non_block,
                   [&](usize& done) { share_slots(from, to, length, done); });
}

Result<u64> sys_tee(u32 in_fd, u32 out_fd, u64 length, u32 flags) {
    if ((flags & ~splice_flag::all) != 0)
        return Failure(Errno::inval);
    if (length == 0)
        return 0;
    const auto in = TRY(borrow_file(in_fd));
    const auto out = TRY(borrow_file(out_fd));
    if (!in->is_readable() || !out->is_writable())
        return Failure(Errno::badf);
    if (in->family() != FileFamily::pipe || out->family() != FileFamily::pipe)
        return Failure(Errno::inval);
    const bool non_block = (flags & splice_flag::non_block) != 0 ||
                           ((in->flags() | out->flags()) & open_flag::non_block) != 0;
    return TRY(tee_pipes(PipeFile::of(*in).pipe(), PipeFile::of(*out).pipe(),
                         std::min<u64>(length, transfer_maximum), non_block));
}

} // namespace linux

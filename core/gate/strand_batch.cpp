// SPDX-License-Identifier: BSD-2-Clause
// A strand whose home takes several requests at once. Each of them is in the table while the batch
// runs, so when the home ends in it, those without an answer are repeated like all others.
#include "core/gate/strand.h"

namespace core {

using component::Answer;

// With `first`, which was taken from the queue, what may go with it. Owner; lock_ is held. False if
// nothing may.
bool Strand::gather_batch_locked(GateCall& first) {
    if (!target_.submit_batch || is_cautious() || !first.may_be_batched())
        return false;
    batch_.count = 0;
    u64 bytes = 0;
    for (GateCall* next = &first;; next = queue_.pop_front(), --queued_) {
        bytes += next->request.buffer.length;
        keep_entry(issue(*next));
        batch_.calls[batch_.count] = next;
        batch_.ids[batch_.count++] = next->request.id;
        if (batch_.count == Batch::capacity || !free_ || queue_.empty())
            break;
        const GateCall& following = queue_.front();
        if (!following.may_be_batched() ||
            bytes + following.request.buffer.length > Batch::most_bytes)
            break;
    }
    return true;
}

void Strand::run_batch(CallList& finished) {
    batch_.answered = 0;
    run_component(target_.submit_batch, &batch_);
    const u32 count = batch_.count;
    const u32 answered = batch_.answered < count ? batch_.answered : count;
    batch_.count = 0;
    // An answer of busy goes to the front of the queue, and what comes after it must be there.
    const bool is_cut = answered != 0 && answered < count &&
                        batch_.answers[answered - 1].kind == Answer::Kind::busy;
    for (u32 i = count; i-- > answered && is_cut;)
        return_unstarted(i);
    for (u32 i = 0; i < answered; ++i)
        take_answer(*batch_.calls[i], batch_.ids[i], batch_.answers[i], finished);
    if (is_cut || answered == count)
        return;
    for (u32 i = answered; i < count; ++i) { // the home ended in it
        if (find(batch_.ids[i]) == batch_.calls[i])
            mark_pending(*batch_.calls[i]);
    }
    condemn(Errno::proto);
}

// Nobody has looked at the batch's call at `index`.
void Strand::return_unstarted(u32 index) PITH_NO_ANALYSIS {
    GateCall& call = *batch_.calls[index];
    if (find(batch_.ids[index]) != &call)
        return; // it was answered all the same
    take_back(call);
    lock_.acquire();
    push_queue_front_locked(call);
    lock_.release();
}

// The call of the batch whose handler runs. Owner.
GateCall* Strand::running_in_batch() {
    const u32 index = __atomic_load_n(batch_.running, __ATOMIC_RELAXED);
    if (index >= batch_.count)
        return nullptr;
    return find(batch_.ids[index]) == batch_.calls[index] ? batch_.calls[index] : nullptr;
}

} // namespace core

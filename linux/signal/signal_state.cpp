// SPDX-License-Identifier: BSD-2-Clause
#include "linux/signal/signal_state.h"

namespace linux {

QueuedSignal* create_entry(const SigInfo& info, UserAccount& account, u64 limit,
                           bool even_beyond) {
    const u32 before = account.pending_signals.fetch_add(1, std::memory_order_relaxed);
    QueuedSignal* entry = nullptr;
    if (even_beyond || before < limit)
        entry = new (base::fallible) QueuedSignal;
    if (!entry) {
        account.pending_signals.fetch_sub(1, std::memory_order_relaxed);
        return nullptr;
    }
    entry->info = info;
    entry->account = RefOrNull<UserAccount>::share(&account);
    return entry;
}

void release_entry(QueuedSignal* entry) {
    if (!entry || entry->of_timer)
        return;
    entry->account->pending_signals.fetch_sub(1, std::memory_order_relaxed);
    delete entry;
}

void release_entries(List<QueuedSignal, &QueuedSignal::link>& entries) {
    while (QueuedSignal* entry = entries.pop_front())
        release_entry(entry);
}

QueuedSignal* PendingSignals::take(i32 number, SigInfo& info) {
    QueuedSignal* first = nullptr;
    bool more = false;
    for (QueuedSignal& entry : queue) {
        if (entry.info.number != number)
            continue;
        if (first) {
            more = true;
            break;
        }
        first = &entry;
    }
    if (!more)
        set.remove(number);
    if (!first) { // its details were lost for want of memory
        info = SigInfo::from_kernel(number, signal_code::user);
        return nullptr;
    }
    info = first->info;
    queue.remove(*first);
    return first;
}

void PendingSignals::discard(SignalSet which,
                             List<QueuedSignal, &QueuedSignal::link>& dropped) {
    if ((set & which).empty())
        return;
    set = set & ~which;
    for (QueuedSignal& entry : queue) {
        if (!which.has(entry.info.number))
            continue;
        queue.remove(entry);
        dropped.push_back(entry);
    }
}

Result<Ref<SignalHandlers>> SignalHandlers::create() { return Ref<SignalHandlers>::create(); }

Result<Ref<SignalHandlers>> SignalHandlers::clone() const {
    Ref<SignalHandlers> copy = TRY(create());
    core::LockGuard guard(lock_);
    for (i32 i = 0; i < signal_number::last; ++i)
        copy->actions_[i] = actions_[i];
    copy->ignored_.store(ignored_, std::memory_order_relaxed);
    copy->explicitly_ignored_.store(explicitly_ignored_, std::memory_order_relaxed);
    copy->caught_.store(caught_, std::memory_order_relaxed);
    return copy;
}

SignalAction SignalHandlers::get(i32 number) const {
    core::LockGuard guard(lock_);
    return actions_[number - 1];
}

SignalAction SignalHandlers::exchange(i32 number, const SignalAction& action) {
    core::LockGuard guard(lock_);
    const SignalAction old = actions_[number - 1];
    actions_[number - 1] = action;
    update_sets(number);
    return old;
}

SignalAction SignalHandlers::take_for_delivery(i32 number) {
    core::LockGuard guard(lock_);
    SignalAction& action = actions_[number - 1];
    const SignalAction taken = action;
    if ((taken.flags & action_flag::reset_handler) != 0 && taken.handler > handler_ignore) {
        action.handler = handler_default;
        update_sets(number);
    }
    return taken;
}

void SignalHandlers::reset(bool ignored_too) {
    core::LockGuard guard(lock_);
    for (i32 number = 1; number <= signal_number::last; ++number) {
        SignalAction& action = actions_[number - 1];
        const bool keep = action.handler == handler_ignore && !ignored_too;
        action = {};
        action.handler = keep ? handler_ignore : handler_default;
        update_sets(number);
    }
}

void SignalHandlers::update_sets(i32 number) {
    const u64 bit = SignalSet::of(number).bits;
    const u64 handler = actions_[number - 1].handler;
    const bool by_default = handler == handler_default && ignored_by_default.has(number);
    auto put = [bit](std::atomic<u64>& set, bool value) {
        const u64 old = set.load(std::memory_order_relaxed); // writers hold lock_
        set.store(value ? old | bit : old & ~bit, std::memory_order_relaxed);
    };
    put(ignored_, by_default || handler == handler_ignore);
    put(explicitly_ignored_, handler == handler_ignore);
    put(caught_, handler > handler_ignore);
}

} // namespace linux

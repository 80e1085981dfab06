// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/credentials.h"

#include <algorithm>

#include "base/sort.h"

#include "core/sync/lock.h"
#include "linux/process/process.h"
#include "linux/process/process_table.h"

namespace linux {

namespace {

constexpr u32 account_buckets = 64;
constinit core::Lock<core::lock_class::user_accounts> g_accounts_lock;
constinit UserAccount* g_accounts[account_buckets] = {}; // chains; guarded by g_accounts_lock

UserAccount*& bucket_of(UserId id) { return g_accounts[id % account_buckets]; }

} // namespace

UserAccount* UserAccount::find_locked(UserId id) {
    for (UserAccount* account = bucket_of(id); account; account = account->next_)
        if (account->id == id && account->try_add_reference())
            return account;
    return nullptr;
}

Result<Ref<UserAccount>> UserAccount::of(UserId id) {
    {
        core::LockGuard guard(g_accounts_lock);
        if (UserAccount* found = find_locked(id))
            return Ref<UserAccount>::adopt(found);
    }
    Ref<UserAccount> fresh = TRY(Ref<UserAccount>::create(id));
    core::LockGuard guard(g_accounts_lock);
    if (UserAccount* found = find_locked(id)) // another CPU was faster; ours is in no chain
        return Ref<UserAccount>::adopt(found);
    fresh->next_ = bucket_of(id);
    fresh->chained_ = true;
    bucket_of(id) = fresh.get();
    return fresh;
}

UserAccount::~UserAccount() {
    if (!chained_)
        return;
    core::LockGuard guard(g_accounts_lock);
    UserAccount** link = &bucket_of(id);
    while (*link != this)
        link = &(*link)->next_;
    *link = next_;
}

Result<Ref<const GroupSet>> GroupSet::create(std::span<const GroupId> groups) {
    GroupId* copy = nullptr;
    if (!groups.empty()) {
        copy = new (base::fallible) GroupId[groups.size()];
        if (!copy)
            return Failure(Errno::nomem);
        for (usize i = 0; i < groups.size(); ++i)
            copy[i] = groups[i];
        base::sort(std::span<GroupId>(copy, groups.size()));
    }
    auto made = Ref<GroupSet>::create(copy, static_cast<u32>(groups.size()));
    if (!made) {
        delete[] copy;
        return Failure(Errno::nomem);
    }
    return Ref<const GroupSet>::adopt(made->release());
}

GroupSet::~GroupSet() { delete[] groups_; }

bool GroupSet::contains(GroupId group) const {
    return std::binary_search(groups_, groups_ + count_, group);
}

Result<Ref<Credentials>> Credentials::create_root() {
    Ref<const GroupSet> groups = TRY(GroupSet::create({}));
    Ref<UserAccount> account = TRY(UserAccount::of(0));
    Ref<Credentials> root = TRY(Ref<Credentials>::create(std::move(groups), std::move(account)));
    root->permitted = root->effective = root->bounding = CapabilitySet::all();
    return root;
}

Result<Ref<Credentials>> Credentials::copy() const {
    Ref<Credentials> copy = TRY(Ref<Credentials>::create(groups, account));
    copy->real_user = real_user;
    copy->effective_user = effective_user;
    copy->saved_user = saved_user;
    copy->file_user = file_user;
    copy->real_group = real_group;
    copy->effective_group = effective_group;
    copy->saved_group = saved_group;
    copy->file_group = file_group;
    copy->secure_bits = secure_bits;
    copy->inheritable = inheritable;
    copy->permitted = permitted;
    copy->effective = effective;
    copy->bounding = bounding;
    copy->ambient = ambient;
    return copy;
}

const Credentials& current_credentials() { return *Task::current().credentials; }

bool capable(Capability capability) { return current_credentials().has(capability); }

void replace_credentials(Ref<Credentials> credentials) {
    Task& task = Task::current();
    const Credentials& old = *task.credentials;
    const bool identity_changed = old.effective_user != credentials->effective_user ||
                                  old.effective_group != credentials->effective_group ||
                                  old.file_user != credentials->file_user ||
                                  old.file_group != credentials->file_group ||
                                  !old.permitted.includes(credentials->permitted);
    if (identity_changed) {
        if (ProgramImage* image = task.process->image.get())
            image->dumpable.store(g_suid_dumpable.load(std::memory_order_relaxed),
                                  std::memory_order_relaxed);
        task.parent_death_signal = 0;
    }
    if (credentials->account != old.account) {
        credentials->account->processes.fetch_add(1, std::memory_order_relaxed);
        old.account->processes.fetch_sub(1, std::memory_order_relaxed);
    }
    Ref<const Credentials> fresh = Ref<const Credentials>::adopt(credentials.release());
    ProcessTable::lock().acquire(); // readers of other tasks' credentials hold it
    std::swap(task.credentials, fresh);
    ProcessTable::lock().release();
}

Ref<const Credentials> credentials_of(const Task& task) {
    ProcessTableGuard guard(ProcessTable::lock());
    return task.credentials;
}

} // namespace linux

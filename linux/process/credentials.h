// SPDX-License-Identifier: BSD-2-Clause
// Credentials: who a task acts as. Immutable once published: a change makes a copy, edits it and
// replaces Task::credentials whole (replace_credentials), so that readers of their own take no
// lock.
#pragma once

#include <atomic>
#include <span>

#include "abi/linux/process.h"
#include "base/ref.h"

namespace linux {

struct CapabilitySet {
    u64 bits = 0;

    static constexpr CapabilitySet all() {
        return {(u64{1} << static_cast<unsigned>(Capability::count)) - 1};
    }
    static constexpr CapabilitySet of(Capability one) {
        return {u64{1} << static_cast<unsigned>(one)};
    }
    constexpr bool has(Capability one) const { return (bits >> static_cast<unsigned>(one)) & 1; }
    constexpr bool includes(CapabilitySet other) const { return (other.bits & ~bits) == 0; }
    constexpr CapabilitySet operator|(CapabilitySet o) const { return {bits | o.bits}; }
    constexpr CapabilitySet operator&(CapabilitySet o) const { return {bits & o.bits}; }
    constexpr CapabilitySet operator~() const { return {~bits & all().bits}; }
    constexpr bool operator==(const CapabilitySet&) const = default;
};

// What is counted per real user. One object per user id in use.
class UserAccount : public RefCounted<UserAccount> {
public:
    // The account of `id`, made when absent. Process context. Errors: nomem.
    static Result<Ref<UserAccount>> of(UserId id);

    const UserId id;
    std::atomic<u32> processes{0};       // tasks (RLIMIT_NPROC)
    std::atomic<u32> pending_signals{0}; // queued ones (RLIMIT_SIGPENDING)
    std::atomic<u64> locked_bytes{0};    // shared memory locked (RLIMIT_MEMLOCK)
    std::atomic<u64> pipe_pages{0};      // pages of pipe buffers, watches, …: for the vfs
    std::atomic<u32> inotify_watches{0};
    std::atomic<u32> inotify_instances{0};

    ~UserAccount();

private:
    friend class Ref<UserAccount>;
    explicit UserAccount(UserId user) : id(user) {}
    static UserAccount* find_locked(UserId id);
    UserAccount* next_ = nullptr; // in the table's chain, guarded by its lock
    bool chained_ = false;
};

// Supplementary groups, sorted ascending. Immutable.
class GroupSet : public RefCounted<GroupSet> {
public:
    static constexpr u32 maximum = 65536;

    // A copy of `groups`, sorted. Errors: nomem.
    static Result<Ref<const GroupSet>> create(std::span<const GroupId> groups);
    ~GroupSet();

    bool contains(GroupId group) const;
    std::span<const GroupId> list() const { return {groups_, count_}; }

private:
    friend class Ref<GroupSet>;
    GroupSet(GroupId* groups, u32 count) : groups_(groups), count_(count) {}
    GroupId* groups_;
    u32 count_;
};

class Credentials : public RefCounted<Credentials> {
public:
    UserId real_user = 0, effective_user = 0, saved_user = 0;
    UserId file_user = 0; // fsuid: what file permission checks use
    GroupId real_group = 0, effective_group = 0, saved_group = 0;
    GroupId file_group = 0;
    u32 secure_bits = 0;
    CapabilitySet inheritable, permitted, effective, bounding, ambient;
    Ref<const GroupSet> groups;
    Ref<UserAccount> account; // of real_user

    // Root with every capability: the first process. Errors: nomem.
    static Result<Ref<Credentials>> create_root();
    // A copy to edit. Errors: nomem.
    Result<Ref<Credentials>> copy() const;

    bool has(Capability capability) const { return effective.has(capability); }
    // The file-system group or a supplementary one.
    bool in_group(GroupId group) const { return group == file_group || groups->contains(group); }
    bool in_effective_group(GroupId group) const {
        return group == effective_group || groups->contains(group);
    }

    ~Credentials() = default;

private:
    friend class Ref<Credentials>;
    Credentials(Ref<const GroupSet> with_groups, Ref<UserAccount> with_account)
        : groups(std::move(with_groups)), account(std::move(with_account)) {}
};

class Task;

// /proc/sys/fs/suid_dumpable: what a program that changed identity becomes.
inline constinit std::atomic<u8> g_suid_dumpable{0};

// Of the current task.
const Credentials& current_credentials();
bool capable(Capability capability);
// Publishes new credentials of the current task: counts the account, adjusts dumpability. Cannot
// fail.
void replace_credentials(Ref<Credentials> credentials);
// Another task's credentials, with a reference. Process context.
Ref<const Credentials> credentials_of(const Task& task);

} // namespace linux

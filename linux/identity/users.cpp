// SPDX-License-Identifier: BSD-2-Clause
// User and group ids, and what changing them does to capabilities (credentials(7),
// capabilities(7)).
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

constexpr u32 unchanged = ~0u; // (uid_t)-1

bool is_one_of(u32 id, u32 a, u32 b, u32 c) { return id == a || id == b || id == c; }

// Leaving or becoming root moves capabilities, unless the task asked otherwise.
void fix_capabilities(Credentials& fresh, const Credentials& old) {
    if ((old.secure_bits & secure_bit::no_setuid_fixup) != 0)
        return;
    const bool had_root = old.real_user == 0 || old.effective_user == 0 || old.saved_user == 0;
    const bool has_root =
        fresh.real_user == 0 || fresh.effective_user == 0 || fresh.saved_user == 0;
    if (had_root && !has_root) {
        if ((old.secure_bits & secure_bit::keep_capabilities) == 0)
            fresh.permitted = fresh.effective = {};
        fresh.ambient = {};
    }
    if (old.effective_user == 0 && fresh.effective_user != 0)
        fresh.effective = {};
    if (old.effective_user != 0 && fresh.effective_user == 0)
        fresh.effective = fresh.permitted;
}

// Capabilities about files follow the file-system user alone.
void fix_file_capabilities(Credentials& fresh, const Credentials& old) {
    constexpr CapabilitySet about_files =
        CapabilitySet::of(Capability::chown) | CapabilitySet::of(Capability::mknod) |
        CapabilitySet::of(Capability::dac_override) |
        CapabilitySet::of(Capability::dac_read_search) | CapabilitySet::of(Capability::fowner) |
        CapabilitySet::of(Capability::fsetid) | CapabilitySet::of(Capability::linux_immutable) |
        CapabilitySet::of(Capability::mac_override);
    if ((old.secure_bits & secure_bit::no_setuid_fixup) != 0)
        return;
    if (old.file_user == 0 && fresh.file_user != 0)
        fresh.effective = fresh.effective & ~about_files;
    if (old.file_user != 0 && fresh.file_user == 0)
        fresh.effective = fresh.effective | (fresh.permitted & about_files);
}

Result<Ref<Credentials>> copy_current() { return current_credentials().copy(); }

Result<u64> publish_users(Ref<Credentials> fresh) {
    const Credentials& old = current_credentials();
    if (fresh->real_user != old.real_user)
        fresh->account = TRY(UserAccount::of(fresh->real_user));
    fresh->file_user = fresh->effective_user;
    fix_capabilities(*fresh, old);
    replace_credentials(std::move(fresh));
    return 0;
}

Result<u64> publish_groups(Ref<Credentials> fresh) {
    fresh->file_group = fresh->effective_group;
    replace_credentials(std::move(fresh));
    return 0;
}

} // namespace

Result<u64> sys_getuid() { return current_credentials().real_user; }
Result<u64> sys_geteuid() { return current_credentials().effective_user; }
Result<u64> sys_getgid() { return current_credentials().real_group; }
Result<u64> sys_getegid() { return current_credentials().effective_group; }

Result<u64> sys_getresuid(UserOut<u32> real, UserOut<u32> effective, UserOut<u32> saved) {
    const Credentials& self = current_credentials();
    TRY(real.write(self.real_user));
    TRY(effective.write(self.effective_user));
    TRY(saved.write(self.saved_user));
    return 0;
}
Result<u64> sys_getresgid(UserOut<u32> real, UserOut<u32> effective, UserOut<u32> saved) {
    const Credentials& self = current_credentials();
    TRY(real.write(self.real_group));
    TRY(effective.write(self.effective_group));
    TRY(saved.write(self.saved_group));
    return 0;
}

Result<u64> sys_setuid(u32 user) {
    if (user == unchanged)
        return Failure(Errno::inval);
    const Credentials& old = current_credentials();
    Ref<Credentials> fresh = TRY(copy_current());
    if (old.has(Capability::setuid))
        fresh->real_user = fresh->saved_user = user;
    else if (user != old.real_user && user != old.saved_user)
        return Failure(Errno::perm);
    fresh->effective_user = user;
    return publish_users(std::move(fresh));
}

Result<u64> sys_setgid(u32 group) {
    if (group == unchanged)
        return Failure(Errno::inval);
    const Credentials& old = current_credentials();
    Ref<Credentials> fresh = TRY(copy_current());
    if (old.has(Capability::setgid))
        fresh->real_group = fresh->saved_group = group;
    else if (group != old.real_group && group != old.saved_group)
        return Failure(Errno::perm);
    fresh->effective_group = group;
    return publish_groups(std::move(fresh));
}

Result<u64> sys_setreuid(u32 real, u32 effective) {
    const Credentials& old = current_credentials();
    Ref<Credentials> fresh = TRY(copy_current());
    const bool may = old.has(Capability::setuid);
    if (real != unchanged) {
        if (!may && real != old.real_user && real != old.effective_user)
            return Failure(Errno::perm);
        fresh->real_user = real;
    }
    if (effective != unchanged) {
        if (!may && !is_one_of(effective, old.real_user, old.effective_user, old.saved_user))
            return Failure(Errno::perm);
        fresh->effective_user = effective;
    }
    if (real != unchanged || (effective != unchanged && effective != old.real_user))
        fresh->saved_user = fresh->effective_user;
    return publish_users(std::move(fresh));
}

Result<u64> sys_setregid(u32 real, u32 effective) {
    const Credentials& old = current_credentials();
    Ref<Credentials> fresh = TRY(copy_current());
    const bool may = old.has(Capability::setgid);
    if (real != unchanged) {
        if (!may && real != old.real_group && real != old.effective_group)
            return Failure(Errno::perm);
        fresh->real_group = real;
    }
    if (effective != unchanged) {
        if (!may && !is_one_of(effective, old.real_group, old.effective_group, old.saved_group))
            return Failure(Errno::perm);
        fresh->effective_group = effective;
    }
    if (real != unchanged || (effective != unchanged && effective != old.real_group))
        fresh->saved_group = fresh->effective_group;
    return publish_groups(std::move(fresh));
}

Result<u64> sys_setresuid(u32 real, u32 effective, u32 saved) {
    const Credentials& old = current_credentials();
    Ref<Credentials> fresh = TRY(copy_current());
    if (!old.has(Capability::setuid))
        for (u32 id : {real, effective, saved})
            if (id != unchanged &&
                !is_one_of(id, old.real_user, old.effective_user, old.saved_user))
                return Failure(Errno::perm);
    if (real != unchanged)
        fresh->real_user = real;
    if (effective != unchanged)
        fresh->effective_user = effective;
    if (saved != unchanged)
        fresh->saved_user = saved;
    return publish_users(std::move(fresh));
}

Result<u64> sys_setresgid(u32 real, u32 effective, u32 saved) {
    const Credentials& old = current_credentials();
    Ref<Credentials> fresh = TRY(copy_current());
    if (!old.has(Capability::setgid))
        for (u32 id : {real, effective, saved})
            if (id != unchanged &&
                !is_one_of(id, old.real_group, old.effective_group, old.saved_group))
                return Failure(Errno::perm);
    if (real != unchanged)
        fresh->real_group = real;
    if (effective != unchanged)
        fresh->effective_group = effective;
    if (saved != unchanged)
        fresh->saved_group = saved;
    return publish_groups(std::move(fresh));
}

// Both give the old id whether they changed it or not.
Result<u64> sys_setfsuid(u32 user) {
    const Credentials& old = current_credentials();
    const u32 before = old.file_user;
    const bool may = user == before || old.has(Capability::setuid) ||
                     is_one_of(user, old.real_user, old.effective_user, old.saved_user);
    if (user == unchanged || user == before || !may)
        return before;
    Result<Ref<Credentials>> fresh = copy_current();
    if (!fresh)
        return before;
    (*fresh)->file_user = user;
    fix_file_capabilities(**fresh, old);
    replace_credentials(std::move(*fresh));
    return before;
}
Result<u64> sys_setfsgid(u32 group) {
    const Credentials& old = current_credentials();
    const u32 before = old.file_group;
    const bool may = group == before || old.has(Capability::setgid) ||
                     is_one_of(group, old.real_group, old.effective_group, old.saved_group);
    if (group == unchanged || group == before || !may)
        return before;
    Result<Ref<Credentials>> fresh = copy_current();
    if (!fresh)
        return before;
    (*fresh)->file_group = group;
    replace_credentials(std::move(*fresh));
    return before;
}

Result<u64> sys_getgroups(i32 size, UserOut<u32> target) {
    const std::span<const GroupId> groups = current_credentials().groups->list();
    if (size < 0 || (size != 0 && static_cast<usize>(size) < groups.size()))
        return Failure(Errno::inval);
    if (size != 0)
        TRY(target.write_array(groups));
    return groups.size();
}

namespace {

struct GroupBuffer {
    explicit GroupBuffer(usize count) : ids(new (base::fallible) GroupId[count]) {}
    ~GroupBuffer() { delete[] ids; }
    GroupId* ids;
};

} // namespace

Result<u64> sys_setgroups(i32 size, UserIn<u32> source) {
    if (!capable(Capability::setgid))
        return Failure(Errno::perm);
    if (size < 0 || static_cast<u32>(size) > GroupSet::maximum)
        return Failure(Errno::inval);
    const usize count = static_cast<usize>(size);
    GroupBuffer buffer(count);
    if (count != 0 && !buffer.ids)
        return Failure(Errno::nomem);
    const std::span<GroupId> ids(buffer.ids, count);
    if (count != 0)
        TRY(source.read_array(ids));
    Ref<Credentials> fresh = TRY(copy_current());
    fresh->groups = TRY(GroupSet::create(ids));
    replace_credentials(std::move(fresh));
    return 0;
}

} // namespace linux

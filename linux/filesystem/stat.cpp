// SPDX-License-Identifier: BSD-2-Clause
// stat, statx, access, readlink: what one may learn about a file.
#include "linux/filesystem/at_path.h"
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/access_time.h"
#include "linux/vfs/open_file.h"

namespace linux {

namespace {

Stat to_stat(const Attributes& a) {
    Stat stat{};
    stat.device = a.file_system.to_user();
    stat.inode = a.number;
    stat.links = a.links;
    stat.mode = a.mode;
    stat.user = a.user;
    stat.group = a.group;
    stat.special_device = a.device.to_user();
    stat.size = static_cast<i64>(a.size);
    stat.block_size = a.block_size;
    stat.blocks = static_cast<i64>(a.blocks);
    stat.access_seconds = a.access.seconds;
    stat.access_nanoseconds = static_cast<u64>(a.access.nanoseconds);
    stat.modify_seconds = a.modify.seconds;
    stat.modify_nanoseconds = static_cast<u64>(a.modify.nanoseconds);
    stat.change_seconds = a.change.seconds;
    stat.change_nanoseconds = static_cast<u64>(a.change.nanoseconds);
    return stat;
}

Result<u64> store(Inode& inode, UserOut<Stat> target) {
    const Stat stat = to_stat(TRY(inode.attributes()));
    TRY(target.write(stat));
    return u64{0};
}

Result<u64> stat_path(UserString user_path, UserOut<Stat> target, u32 walk_flags) {
    PathName name;
    TRY(name.read(user_path));
    const Path path = TRY(Walk(nullptr, name, walk_flags).run());
    return store(path.inode(), target);
}

Result<u64> stat_descriptor(u32 fd, UserOut<Stat> target) {
    const BorrowedFile file = TRY(borrow_file(fd, true));
    return store(file->inode(), target);
}

} // namespace

Result<u64> sys_stat(UserString path, UserOut<Stat> target) {
    return stat_path(path, target, walk_flag::follow);
}
Result<u64> sys_lstat(UserString path, UserOut<Stat> target) { return stat_path(path, target, 0); }
Result<u64> sys_fstat(u32 fd, UserOut<Stat> target) { return stat_descriptor(fd, target); }

Result<u64> sys_newfstatat(i32 directory, UserString user_path, UserOut<Stat> target, u32 flags) {
    constexpr u32 known = at_flag::symlink_no_follow | at_flag::no_automount | at_flag::empty_path |
                          at_flag::statx_sync_type;
    if (flags & ~known)
        return Failure(Errno::inval);
    PathName name;
    TRY(name.read_even_empty(user_path));
    if (!name.empty()) [[likely]] {
        const u32 walk_flags = flags & at_flag::symlink_no_follow ? 0 : walk_flag::follow;
        const Path path = TRY(resolve(directory, name, walk_flags));
        return store(path.inode(), target);
    }
    if (!(flags & at_flag::empty_path))
        return Failure(Errno::noent);
    if (directory >= 0) // fstat as newer C libraries spell it
        return stat_descriptor(static_cast<u32>(directory), target);
    const Path path = TRY(path_at(directory, user_path, flags, LastLink::follow));
    return store(path.inode(), target);
}

namespace {

StatxTime statx_time(TimeSpec time) {
    return {time.seconds, static_cast<u32>(time.nanoseconds), 0};
}

struct StatxSource {
    Attributes attributes;
    const Mount* mount = nullptr;
    bool is_mount_root = false;
};

Statx to_statx(const StatxSource& source, u32 inode_flags) {
    const Attributes& a = source.attributes;
    Statx x{};
    x.mask = statx_mask::basic | (a.has_birth ? statx_mask::birth : 0);
    x.block_size = a.block_size;
    x.links = a.links;
    x.user = a.user;
    x.group = a.group;
    x.mode = static_cast<u16>(a.mode);
    x.inode = a.number;
    x.size = a.size;
    x.blocks = a.blocks;
    x.attributes = a.statx_flags;
    x.attributes_mask = a.statx_flags_mask | statx_attribute::mount_root;
    x.attributes |= inode_flags & (statx_attribute::append | statx_attribute::immutable |
                                   statx_attribute::no_dump);
    if (source.is_mount_root)
        x.attributes |= statx_attribute::mount_root;
    x.access = statx_time(a.access);
    x.modify = statx_time(a.modify);
    x.change = statx_time(a.change);
    if (a.has_birth)
        x.birth = statx_time(a.birth);
    x.special_major = a.device.major;
    x.special_minor = a.device.minor;
    x.device_major = a.file_system.major;
    x.device_minor = a.file_system.minor;
    if (source.mount) {
        x.mount_id = source.mount->id();
        x.mask |= statx_mask::mount_id;
    }
    return x;
}

Result<u64> store_statx(Inode& inode, const Path* path, UserOut<Statx> target) {
    StatxSource source;
    source.attributes = TRY(inode.attributes());
    if (path) {
        source.mount = &path->mount();
        source.is_mount_root = &path->dentry() == &path->mount().root();
    }
    TRY(target.write(to_statx(source, inode.inode_flags())));
    return u64{0};
}

} // namespace

Result<u64> sys_statx(i32 directory, UserString user_path, u32 flags, u32 mask,
                      UserOut<Statx> target) {
    constexpr u32 known = at_flag::symlink_no_follow | at_flag::no_automount | at_flag::empty_path |
                          at_flag::statx_sync_type;
    if ((mask & statx_mask::reserved) || (flags & ~known) ||
        (flags & at_flag::statx_sync_type) == at_flag::statx_sync_type)
        return Failure(Errno::inval);
    if ((flags & at_flag::empty_path) && directory >= 0) {
        PathName name;
        TRY(name.read_even_empty(user_path));
        if (name.empty()) {
            const BorrowedFile file = TRY(borrow_file(static_cast<u32>(directory), true));
            return store_statx(file->inode(), file->path(), target);
        }
    }
    const Path path = TRY(path_at(directory, user_path, flags, LastLink::follow));
    return store_statx(path.inode(), &path, target);
}

// ---- access -------------------------------------------------------------------------------------

namespace {

// The rights of the real user: his ids, and capabilities only if he is root.
Result<Ref<const Credentials>> real_credentials() {
    Ref<Credentials> real = TRY(current_credentials().copy());
    real->file_user = real->real_user;
    real->file_group = real->real_group;
    constexpr u32 no_fixup = 1 << 2; // SECBIT_NO_SETUID_FIXUP
    if (!(real->secure_bits & no_fixup))
        real->effective = real->real_user == 0 ? real->permitted : CapabilitySet{};
    return Ref<const Credentials>(std::move(real));
}

void exchange_credentials(Task& task, Ref<const Credentials>& credentials) {
    core::LockGuard guard(ProcessTable::lock());
    std::swap(task.credentials, credentials);
}

Result<u64> check_access_as(const Credentials& credentials, i32 directory, UserString user_path,
                            u32 mode, u32 flags) {
    const Path path = TRY(path_at(directory, user_path, flags & ~at_flag::effective_access,
                                  LastLink::follow));
    const Inode& inode = path.inode();
    if ((mode & may::execute) && inode.is_regular() &&
        (path.mount().flags() & mount_flag::no_execute))
        return Failure(Errno::acces);
    TRY(check_permission(inode, mode, credentials));
    if ((mode & may::write) && path.mount().is_read_only() &&
        (inode.is_regular() || inode.is_directory() || inode.is_symlink()))
        return Failure(Errno::rofs);
    return u64{0};
}

Result<u64> check_access(i32 directory, UserString user_path, u32 mode, u32 flags) {
    constexpr u32 known =
        at_flag::effective_access | at_flag::symlink_no_follow | at_flag::empty_path;
    if ((mode & ~7u) || (flags & ~known))
        return Failure(Errno::inval);
    Ref<const Credentials> credentials = Task::current().credentials;
    const Credentials& own = *credentials;
    const bool differs = own.file_user != own.real_user || own.file_group != own.real_group ||
                         (own.real_user != 0 && own.effective.bits != 0) ||
                         (own.real_user == 0 && !(own.effective == own.permitted));
    if ((flags & at_flag::effective_access) || !differs)
        return check_access_as(own, directory, user_path, mode, flags);
    // The walk as well happens with the real user's rights. Others look at a task's credentials
    // under the table's lock.
    Task& task = Task::current();
    credentials = TRY(real_credentials());
    const Credentials& real = *credentials;
    exchange_credentials(task, credentials);
    const Result<u64> outcome = check_access_as(real, directory, user_path, mode, flags);
    exchange_credentials(task, credentials);
    return outcome;
}

} // namespace

Result<u64> sys_access(UserString path, u32 mode) {
    return check_access(at_working_directory, path, mode, 0);
}
Result<u64> sys_faccessat(i32 directory, UserString path, u32 mode) {
    return check_access(directory, path, mode, 0);
}
Result<u64> sys_faccessat2(i32 directory, UserString path, u32 mode, u32 flags) {
    return check_access(directory, path, mode, flags);
}

// ---- readlink -----------------------------------------------------------------------------------

Result<u64> sys_readlinkat(i32 directory, UserString user_path, UserVirt buffer, i32 size) {
    if (size <= 0)
        return Failure(Errno::inval);
    const Path path = TRY(path_at(directory, user_path, at_flag::empty_path, LastLink::stay));
    Inode& inode = path.inode();
    if (!inode.is_symlink()) {
        PathName name;
        TRY(name.read_even_empty(user_path));
        return Failure(name.empty() ? Errno::noent : Errno::inval);
    }
    note_access(path.mount(), inode);
    const std::string_view cached = inode.cached_target();
    const usize room = static_cast<usize>(size);
    if (cached.data()) {
        const usize length = cached.size() < room ? cached.size() : room;
        TRY(core::copy_to_user(buffer, cached.data(), length));
        return u64{length};
    }
    void* memory = ::operator new(LinkTarget::capacity, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    LinkTarget target{{static_cast<char*>(memory), LinkTarget::capacity}};
    Result<> outcome = inode.read_link(target);
    const usize length = target.length < room ? target.length : room;
    if (outcome)
        outcome = core::copy_to_user(buffer, memory, length);
    ::operator delete(memory);
    TRY(outcome);
    return u64{length};
}

Result<u64> sys_readlink(UserString path, UserVirt buffer, i32 size) {
    return sys_readlinkat(at_working_directory, path, buffer, size);
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// chmod, chown, utimensat and their kin.
#include "linux/filesystem/at_path.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/notify.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

constexpr u32 fixed_flags = inode_flag::immutable | inode_flag::append_only;

InodeRole role_of(const Inode& inode) {
    return inode.is_directory() ? InodeRole::directory : InodeRole::file;
}

// What a descriptor names, for the f* calls. O_PATH is refused but for fchownat with AT_EMPTY_PATH.
struct DescriptorTarget {
    BorrowedFile file;
    Result<> check() const {
        const Path* path = file->path();
        return path ? check_writable(*path) : Result<>();
    }
};

Result<> change_mode(Inode& inode, u32 mode) {
    InodeGuard guard(inode.lock(), role_of(inode));
    if (inode.inode_flags() & fixed_flags)
        return Failure(Errno::perm);
    if (!is_owner_or_capable(inode))
        return Failure(Errno::perm);
    if (inode.is_symlink())
        return Failure(Errno::opnotsupp);
    mode &= 07777;
    const Credentials& credentials = current_credentials();
    if (!credentials.in_group(inode.group()) && !credentials.has(Capability::fsetid))
        mode &= ~file_mode::set_group;
    AttributeChange change;
    change.fields = attribute::mode | attribute::change_time;
    change.mode = mode;
    change.change = file_time_now();
    TRY(inode.set_attributes(change));
    return {};
}

struct NewOwner {
    u32 user, group; // ~0: stays
};

bool may_change_owner(const Inode& inode, const NewOwner& wanted) {
    const Credentials& credentials = current_credentials();
    if (credentials.has(Capability::chown))
        return true;
    if (wanted.user != ~0u &&
        (credentials.file_user != inode.user() || wanted.user != inode.user()))
        return false;
    if (wanted.group == ~0u)
        return true;
    return credentials.file_user == inode.user() &&
           (wanted.group == inode.group() || credentials.in_group(wanted.group));
}

Result<> change_owner(Inode& inode, const NewOwner& wanted) {
    InodeGuard guard(inode.lock(), role_of(inode));
    if (inode.inode_flags() & fixed_flags)
        return Failure(Errno::perm);
    if (!may_change_owner(inode, wanted))
        return Failure(Errno::perm);
    AttributeChange change;
    change.fields = attribute::change_time;
    change.change = file_time_now();
    if (wanted.user != ~0u) {
        change.fields |= attribute::user;
        change.user = wanted.user;
    }
    if (wanted.group != ~0u) {
        change.fields |= attribute::group;
        change.group = wanted.group;
    }
    if (!inode.is_directory() && !inode.is_symlink()) {
        u32 mode = inode.mode() & ~file_mode::set_user;
        constexpr u32 set_group_executable = file_mode::set_group | 0010;
        if ((mode & set_group_executable) == set_group_executable)
            mode &= ~file_mode::set_group;
        if (mode != inode.mode()) {
            change.fields |= attribute::mode;
            change.mode = mode & 07777;
        }
    }
    return inode.set_attributes(change);
}

Result<u64> change_mode_at(const Path& path, u32 mode) {
    TRY(check_writable(path));
    TRY(change_mode(path.inode(), mode));
    notify_inode_and_parent(path, notify_event::attributes);
    return u64{0};
}

Result<u64> change_owner_at(const Path& path, NewOwner wanted) {
    TRY(check_writable(path));
    TRY(change_owner(path.inode(), wanted));
    notify_inode_and_parent(path, notify_event::attributes);
    return u64{0};
}

} // namespace

Result<u64> sys_fchmodat(i32 directory, UserString path, u32 mode) {
    return change_mode_at(TRY(path_at(directory, path, 0, LastLink::follow)), mode);
}

Result<u64> sys_chmod(UserString path, u32 mode) {
    return sys_fchmodat(at_working_directory, path, mode);
}

Result<u64> sys_fchmod(u32 fd, u32 mode) {
    const DescriptorTarget target{TRY(borrow_file(fd))};
    TRY(target.check());
    TRY(change_mode(target.file->inode(), mode));
    if (const Path* path = target.file->path())
        notify_inode_and_parent(*path, notify_event::attributes);
    return u64{0};
}

Result<u64> sys_fchownat(i32 directory, UserString path, u32 user, u32 group, u32 flags) {
    if (flags & ~(at_flag::symlink_no_follow | at_flag::empty_path))
        return Failure(Errno::inval);
    return change_owner_at(TRY(path_at(directory, path, flags, LastLink::follow)), {user, group});
}

Result<u64> sys_chown(UserString path, u32 user, u32 group) {
    return sys_fchownat(at_working_directory, path, user, group, 0);
}

Result<u64> sys_lchown(UserString path, u32 user, u32 group) {
    return sys_fchownat(at_working_directory, path, user, group, at_flag::symlink_no_follow);
}

Result<u64> sys_fchown(u32 fd, u32 user, u32 group) {
    const DescriptorTarget target{TRY(borrow_file(fd))};
    TRY(target.check());
    TRY(change_owner(target.file->inode(), {user, group}));
    if (const Path* path = target.file->path())
        notify_inode_and_parent(*path, notify_event::attributes);
    return u64{0};
}

// ---- times --------------------------------------------------------------------------------------

namespace {

constexpr i64 time_now = 0x3fff'ffff, time_omit = 0x3fff'fffe; // UTIME_NOW, UTIME_OMIT

struct NewTimes {
    bool both_now = false; // no times given
    TimeSpec access{}, modify{};
};

bool is_valid(TimeSpec time) {
    return time.nanoseconds == time_now || time.nanoseconds == time_omit ||
           (time.nanoseconds >= 0 && time.nanoseconds < 1'000'000'000);
}

void apply_time(TimeSpec wanted, TimeSpec now, u32 field, AttributeChange& change) {
    if (wanted.nanoseconds == time_omit)
        return;
    change.fields |= field;
    TimeSpec& place = field == attribute::access_time ? change.access : change.modify;
    place = wanted.nanoseconds == time_now ? now : wanted;
}

Result<> change_times(Inode& inode, const NewTimes& times) {
    InodeGuard guard(inode.lock(), role_of(inode));
    const bool now_now = times.both_now || (times.access.nanoseconds == time_now &&
                                            times.modify.nanoseconds == time_now);
    if (inode.inode_flags() & inode_flag::immutable)
        return Failure(Errno::perm);
    if (!now_now && (inode.inode_flags() & inode_flag::append_only))
        return Failure(Errno::perm);
    if (!is_owner_or_capable(inode)) {
        if (!now_now)
            return Failure(Errno::perm);
        TRY(check_permission(inode, may::write));
    }
    AttributeChange change;
    const TimeSpec now = file_time_now();
    change.fields = attribute::change_time;
    change.change = now;
    const TimeSpec current{0, time_now};
    apply_time(times.both_now ? current : times.access, now, attribute::access_time, change);
    apply_time(times.both_now ? current : times.modify, now, attribute::modify_time, change);
    return inode.set_attributes(change);
}

bool omits_all(const NewTimes& times) {
    return !times.both_now && times.access.nanoseconds == time_omit &&
           times.modify.nanoseconds == time_omit;
}

Result<u64> change_times_at(const Path& path, const NewTimes& times) {
    TRY(check_writable(path));
    TRY(change_times(path.inode(), times));
    notify_inode_and_parent(path, notify_event::attributes);
    return u64{0};
}

Result<NewTimes> read_timevals(UserIn<TimeVal> user) {
    NewTimes times;
    if (!user) {
        times.both_now = true;
        return times;
    }
    const TimeVal access = TRY(user.read_at(0)), modify = TRY(user.read_at(1));
    constexpr i64 million = 1'000'000;
    if (access.microseconds < 0 || access.microseconds >= million || modify.microseconds < 0 ||
        modify.microseconds >= million)
        return Failure(Errno::inval);
    times.access = {access.seconds, access.microseconds * 1000};
    times.modify = {modify.seconds, modify.microseconds * 1000};
    return times;
}

} // namespace

Result<u64> sys_utimensat(i32 directory, UserString user_path, UserIn<TimeSpec> user_times,
                          u32 flags) {
    NewTimes times;
    times.both_now = !user_times;
    if (user_times) {
        times.access = TRY(user_times.read_at(0));
        times.modify = TRY(user_times.read_at(1));
        if (omits_all(times))
            return u64{0};
        if (!is_valid(times.access) || !is_valid(times.modify))
            return Failure(Errno::inval);
    }
    if (!user_path && directory != at_working_directory) { // futimens
        if (flags != 0)
            return Failure(Errno::inval);
        const DescriptorTarget target{TRY(borrow_file(static_cast<u32>(directory)))};
        TRY(target.check());
        TRY(change_times(target.file->inode(), times));
        if (const Path* path = target.file->path())
            notify_inode_and_parent(*path, notify_event::attributes);
        return u64{0};
    }
    if (flags & ~(at_flag::symlink_no_follow | at_flag::empty_path))
        return Failure(Errno::inval);
    return change_times_at(TRY(path_at(directory, user_path, flags, LastLink::follow)), times);
}

Result<u64> sys_futimesat(i32 directory, UserString path, UserIn<TimeVal> user_times) {
    const NewTimes times = TRY(read_timevals(user_times));
    if (!path && directory != at_working_directory) {
        const DescriptorTarget target{TRY(borrow_file(static_cast<u32>(directory)))};
        TRY(target.check());
        TRY(change_times(target.file->inode(), times));
        return u64{0};
    }
    return change_times_at(TRY(path_at(directory, path, 0, LastLink::follow)), times);
}

Result<u64> sys_utimes(UserString path, UserIn<TimeVal> times) {
    return sys_futimesat(at_working_directory, path, times);
}

Result<u64> sys_utime(UserString path, UserIn<UserTimes> user_times) {
    NewTimes times;
    times.both_now = !user_times;
    if (user_times) {
        const UserTimes seconds = TRY(user_times.read());
        times.access = {seconds.access, 0};
        times.modify = {seconds.modify, 0};
    }
    return change_times_at(TRY(path_at(at_working_directory, path, 0, LastLink::follow)), times);
}

} // namespace linux

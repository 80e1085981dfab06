// SPDX-License-Identifier: BSD-2-Clause
// Calls that make, remove and rename entries of directories.
#include "linux/filesystem/at_path.h"
#include "linux/process/credentials.h"
#include "linux/process/file_context.h"
#include "linux/process/task.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/entries.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

// A name whose last component is about to be made or removed: the walk, stopped at the parent.
class ParentWalk {
public:
    // Errors: those of resolve.
    Result<> run(i32 directory, UserString user_path) {
        TRY(name_.read(user_path));
        const Path* base = nullptr;
        if (directory != at_working_directory && name_.text()[0] != '/') {
            base_ = TRY(borrow_file(static_cast<u32>(directory), true));
            base = base_->path();
            if (!base || !base->inode().is_directory())
                return Failure(Errno::notdir);
        }
        walk_ = new (storage_) Walk(base, name_, 0);
        parent_ = TRY(walk_->run_to_parent());
        return {};
    }
    ParentWalk() = default;
    ParentWalk(const ParentWalk&) = delete;
    ParentWalk& operator=(const ParentWalk&) = delete;
    ~ParentWalk() {
        if (walk_)
            walk_->~Walk();
    }
    const Walk& walk() const { return *walk_; }
    const Path& parent() const { return parent_; }

private:
    PathName name_;
    BorrowedFile base_;
    Path parent_;
    Walk* walk_ = nullptr;
    alignas(Walk) u8 storage_[sizeof(Walk)];
};

Result<u64> make_node(i32 directory, UserString path, const NewNode& node) {
    ParentWalk where;
    TRY(where.run(directory, path));
    const bool is_directory = (node.mode & file_mode::type_mask) == file_mode::directory;
    NewEntry entry = TRY(NewEntry::prepare(where.parent(), where.walk(),
                                           is_directory ? NewEntry::Wanted::directory
                                                        : NewEntry::Wanted::other));
    TRY(entry.make(node));
    return u64{0};
}

} // namespace

Result<u64> sys_mkdirat(i32 directory, UserString path, u32 mode) {
    NewNode node;
    node.mode = file_mode::directory | apply_umask(mode & 01777);
    return make_node(directory, path, node);
}

Result<u64> sys_mkdir(UserString path, u32 mode) {
    return sys_mkdirat(at_working_directory, path, mode);
}

Result<u64> sys_mknodat(i32 directory, UserString path, u32 mode, u64 device) {
    NewNode node;
    node.mode = (mode & file_mode::type_mask) | apply_umask(mode & 07777);
    switch (mode & file_mode::type_mask) {
    case 0: node.mode |= file_mode::regular; break;
    case file_mode::regular:
    case file_mode::fifo:
    case file_mode::socket: break;
    case file_mode::character_device:
    case file_mode::block_device:
        node.device = DeviceNumber::from_user(static_cast<u32>(device));
        break;
    case file_mode::directory: return Failure(Errno::perm);
    default: return Failure(Errno::inval);
    }
    const u32 type = node.mode & file_mode::type_mask;
    const bool is_device = type == file_mode::character_device || type == file_mode::block_device;
    ParentWalk where;
    TRY(where.run(directory, path));
    NewEntry entry = TRY(NewEntry::prepare(where.parent(), where.walk(), NewEntry::Wanted::other));
    TRY(check_create(where.parent().dentry()));
    if (is_device && !capable(Capability::mknod))
        return Failure(Errno::perm);
    TRY(entry.make(node));
    return u64{0};
}

Result<u64> sys_mknod(UserString path, u32 mode, u64 device) {
    return sys_mknodat(at_working_directory, path, mode, device);
}

Result<u64> sys_symlinkat(UserString user_target, i32 directory, UserString path) {
    PathName target;
    TRY(target.read(user_target));
    NewNode node;
    node.mode = file_mode::symlink | 0777;
    node.target = target.view();
    return make_node(directory, path, node);
}

Result<u64> sys_symlink(UserString target, UserString path) {
    return sys_symlinkat(target, at_working_directory, path);
}

// ---- links --------------------------------------------------------------------------------------

namespace {

// fs.protected_hardlinks: only what one could read and write anyway.
Result<> check_link_source(const Inode& inode) {
    if (g_protected_links.hard_links.load(std::memory_order_relaxed) == 0 ||
        is_owner_or_capable(inode))
        return {};
    constexpr u32 set_group_executable = file_mode::set_group | 0010;
    const bool safe = inode.is_regular() && !(inode.mode() & file_mode::set_user) &&
                      (inode.mode() & set_group_executable) != set_group_executable &&
                      check_permission(inode, may::read | may::write);
    return safe ? Result<>() : Failure(Errno::perm);
}

} // namespace

Result<u64> sys_linkat(i32 old_directory, UserString old_path, i32 new_directory,
                       UserString new_path, u32 flags) {
    if (flags & ~(at_flag::symlink_follow | at_flag::empty_path))
        return Failure(Errno::inval);
    if ((flags & at_flag::empty_path) && !capable(Capability::dac_read_search))
        return Failure(Errno::noent);
    const Path source = TRY(path_at(old_directory, old_path, flags, LastLink::stay));
    ParentWalk where;
    TRY(where.run(new_directory, new_path));
    NewEntry entry = TRY(NewEntry::prepare(where.parent(), where.walk(), NewEntry::Wanted::other));
    if (&source.mount() != &where.parent().mount())
        return Failure(Errno::xdev);
    TRY(check_link_source(source.inode()));
    TRY(entry.link(source.inode()));
    return u64{0};
}

Result<u64> sys_link(UserString old_path, UserString new_path) {
    return sys_linkat(at_working_directory, old_path, at_working_directory, new_path, 0);
}

// ---- removing -----------------------------------------------------------------------------------

Result<u64> sys_unlinkat(i32 directory, UserString path, u32 flags) {
    if (flags & ~at_flag::remove_directory)
        return Failure(Errno::inval);
    ParentWalk where;
    TRY(where.run(directory, path));
    TRY(flags & at_flag::remove_directory ? remove_directory(where.parent(), where.walk())
                                          : remove_file(where.parent(), where.walk()));
    return u64{0};
}

Result<u64> sys_unlink(UserString path) { return sys_unlinkat(at_working_directory, path, 0); }

Result<u64> sys_rmdir(UserString path) {
    return sys_unlinkat(at_working_directory, path, at_flag::remove_directory);
}

Result<u64> sys_renameat2(i32 old_directory, UserString old_path, i32 new_directory,
                          UserString new_path, u32 flags) {
    constexpr u32 known = rename_flag::no_replace | rename_flag::exchange | rename_flag::whiteout;
    if (flags & ~known)
        return Failure(Errno::inval);
    if ((flags & rename_flag::exchange) && (flags & ~rename_flag::exchange))
        return Failure(Errno::inval);
    if ((flags & rename_flag::whiteout) && !capable(Capability::mknod))
        return Failure(Errno::perm);
    ParentWalk from, to;
    TRY(from.run(old_directory, old_path));
    TRY(to.run(new_directory, new_path));
    TRY(rename_entry({from.parent(), from.walk(), to.parent(), to.walk()}, flags));
    return u64{0};
}

Result<u64> sys_renameat(i32 old_directory, UserString old_path, i32 new_directory,
                         UserString new_path) {
    return sys_renameat2(old_directory, old_path, new_directory, new_path, 0);
}

Result<u64> sys_rename(UserString old_path, UserString new_path) {
    return sys_renameat2(at_working_directory, old_path, at_working_directory, new_path, 0);
}

} // namespace linux

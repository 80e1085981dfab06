// SPDX-License-Identifier: BSD-2-Clause
// statfs, fstatfs, ustat, and the file handles that are not supported.
#include "linux/filesystem/at_path.h"
#include "linux/process/credentials.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/open_file.h"

namespace linux {

namespace {

// f_flags (ST_*): the mount's and the file system's.
i64 flags_of(const SuperBlock& super_block, u32 mount_flags) {
    constexpr u32 valid = 0x20, relative = 0x1000, no_links = 0x2000; // ST_VALID, ST_RELATIME, …
    u32 flags = valid | (mount_flags & 15);
    flags |= super_block.flags() & (mount_flag::read_only | mount_flag::synchronous |
                                    mount_flag::mandatory_locks);
    flags |= mount_flags & (mount_flag::no_access_time | mount_flag::no_directory_access_time);
    if (mount_flags & mount_flag::relative_access_time)
        flags |= relative;
    if (mount_flags & mount_flag::no_symlinks)
        flags |= no_links;
    return flags;
}

Result<u64> store(SuperBlock& super_block, u32 mount_flags, UserOut<StatFs> target) {
    FileSystemStatistics s;
    s.magic = super_block.magic;
    s.block_size = super_block.block_size;
    s.name_length = super_block.name_maximum;
    TRY(super_block.statistics(s));
    StatFs out{};
    out.type = static_cast<i64>(s.magic);
    out.block_size = s.block_size;
    out.blocks = s.blocks;
    out.free_blocks = s.free_blocks;
    out.available_blocks = s.available_blocks;
    out.files = s.files;
    out.free_files = s.free_files;
    if (s.identity == 0)
        s.identity = super_block.device().to_user();
    out.identity[0] = static_cast<i32>(s.identity);
    out.identity[1] = static_cast<i32>(s.identity >> 32);
    out.name_length = s.name_length;
    out.fragment_size = s.block_size;
    out.flags = flags_of(super_block, mount_flags);
    TRY(target.write(out));
    return u64{0};
}

bool has_device(Mount& mount, void* argument) {
    auto& search = *static_cast<std::pair<u64, RefOrNull<SuperBlock>>*>(argument);
    if (mount.super_block().device().to_user() != search.first)
        return true;
    search.second = RefOrNull<SuperBlock>::share(&mount.super_block());
    return false;
}

} // namespace

Result<u64> sys_statfs(UserString path, UserOut<StatFs> target) {
    const Path place = TRY(path_at(at_working_directory, path, 0, LastLink::follow));
    return store(place.mount().super_block(), place.mount().flags(), target);
}

Result<u64> sys_fstatfs(u32 fd, UserOut<StatFs> target) {
    const BorrowedFile file = TRY(borrow_file(fd, true));
    const Path* path = file->path();
    return store(file->inode().super_block(), path ? path->mount().flags() : 0, target);
}

Result<u64> sys_ustat(u32 device, UserOut<UserStatistics> target) {
    std::pair<u64, RefOrNull<SuperBlock>> search{device, nullptr};
    MountTable::for_each(has_device, &search);
    if (!search.second)
        return Failure(Errno::inval);
    FileSystemStatistics s;
    TRY(search.second->statistics(s));
    UserStatistics out{};
    out.free_blocks = static_cast<i32>(s.free_blocks);
    out.free_inodes = s.free_files;
    TRY(target.write(out));
    return u64{0};
}

Result<u64> sys_name_to_handle_at(i32 directory, UserString path, UserVirt, UserOut<i32>,
                                  u32 flags) {
    if (flags & ~(at_flag::symlink_follow | at_flag::empty_path))
        return Failure(Errno::inval);
    TRY(path_at(directory, path, flags, LastLink::stay));
    return Failure(Errno::opnotsupp);
}

Result<u64> sys_open_by_handle_at(i32, UserVirt, u32) {
    if (!capable(Capability::dac_read_search))
        return Failure(Errno::perm);
    return Failure(Errno::opnotsupp);
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/permission.h"

#include "linux/vfs/mount.h"

namespace linux {

constinit ProtectedLinks g_protected_links;

namespace {

bool mode_allows(const Inode& inode, u32 wanted, const Credentials& credentials) {
    const u32 mode = inode.mode();
    u32 bits = mode;
    if (inode.user() == credentials.file_user)
        bits = mode >> 6;
    else if (((mode >> 3) & 7) != (mode & 7) && credentials.in_group(inode.group()))
        bits = mode >> 3;
    return (wanted & ~bits & 7) == 0;
}

bool capability_allows(const Inode& inode, u32 wanted, const Credentials& credentials) {
    if (inode.is_directory()) {
        if (!(wanted & may::write) && credentials.has(Capability::dac_read_search))
            return true;
        return credentials.has(Capability::dac_override);
    }
    if ((wanted & 7) == may::read && credentials.has(Capability::dac_read_search))
        return true;
    // Even root may execute only what somebody may.
    if ((wanted & may::execute) && !(inode.mode() & 0111))
        return false;
    return credentials.has(Capability::dac_override);
}

} // namespace

Result<> check_permission(const Inode& inode, u32 wanted, const Credentials& credentials) {
    if (wanted & may::write) {
        const bool stored = inode.is_regular() || inode.is_directory() || inode.is_symlink();
        if (stored && inode.super_block().is_read_only())
            return Failure(Errno::rofs);
        if (inode.inode_flags() & inode_flag::immutable)
            return Failure(Errno::perm);
    }
    if (mode_allows(inode, wanted, credentials) || capability_allows(inode, wanted, credentials))
        return {};
    return Failure(Errno::acces);
}

Result<> check_permission(const Inode& inode, u32 wanted) {
    return check_permission(inode, wanted, current_credentials());
}

bool is_owner_or_capable(const Inode& inode) {
    const Credentials& credentials = current_credentials();
    return inode.user() == credentials.file_user || credentials.has(Capability::fowner);
}

void inherit_owner(const Inode& directory, NewNode& node) {
    const Credentials& credentials = current_credentials();
    node.user = credentials.file_user;
    node.group = credentials.file_group;
    if (!(directory.mode() & file_mode::set_group))
        return;
    node.group = directory.group();
    constexpr u32 set_group_executable = file_mode::set_group | 0010;
    if ((node.mode & file_mode::type_mask) == file_mode::directory)
        node.mode |= file_mode::set_group;
    else if ((node.mode & set_group_executable) == set_group_executable &&
             !credentials.in_group(node.group) && !credentials.has(Capability::fsetid))
        node.mode &= ~file_mode::set_group;
}

Result<> check_writable(const Path& path) {
    return path.mount().is_read_only() ? Result<>(Failure(Errno::rofs)) : Result<>();
}

u32 mode_without_privileges(const Inode& inode) {
    u32 mode = inode.mode();
    if (!inode.is_regular())
        return mode;
    mode &= ~file_mode::set_user;
    constexpr u32 set_group_executable = file_mode::set_group | 0010;
    if ((mode & set_group_executable) == set_group_executable)
        mode &= ~file_mode::set_group;
    return mode;
}

Result<> remove_privileges(Inode& inode) {
    if (!(inode.mode() & (file_mode::set_user | file_mode::set_group))) [[likely]]
        return {};
    const u32 mode = mode_without_privileges(inode);
    if (mode == inode.mode() || capable(Capability::fsetid))
        return {};
    AttributeChange change;
    change.fields = attribute::mode | attribute::change_time;
    change.mode = mode & 07777;
    change.change = file_time_now();
    return inode.set_attributes(change);
}

} // namespace linux

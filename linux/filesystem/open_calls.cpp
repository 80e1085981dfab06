// SPDX-License-Identifier: BSD-2-Clause
// open and its kin: from arguments to an OpenRequest.
#include "linux/syscall/syscall.h"
#include "linux/vfs/open.h"

namespace linux {

namespace {

constexpr u32 known_flags =
    open_flag::access_mode | open_flag::create | open_flag::exclusive | open_flag::no_tty |
    open_flag::truncate | open_flag::append | open_flag::non_block | open_flag::sync |
    open_flag::async | open_flag::direct | open_flag::large_file | open_flag::directory |
    open_flag::no_follow | open_flag::no_access_time | open_flag::close_on_exec | open_flag::path |
    open_flag::temporary;
constexpr u32 path_flags = open_flag::path | open_flag::directory | open_flag::no_follow |
                           open_flag::close_on_exec;
constexpr u32 temporary_bit = open_flag::temporary & ~open_flag::directory;

// What open(2) makes of its flags. Errors: inval.
Result<u32> clean_flags(u32 flags) {
    if (flags & open_flag::path)
        return flags & path_flags;
    if (flags & temporary_bit) {
        if ((flags & open_flag::temporary) != open_flag::temporary ||
            (flags & open_flag::create) || (flags & open_flag::access_mode) == open_flag::read_only)
            return Failure(Errno::inval);
    }
    return flags;
}

Result<u64> open_at(i32 directory, UserString user_path, OpenRequest request) {
    request.directory = directory;
    PathName name;
    TRY(name.read(user_path));
    const bool close_on_exec = (request.flags & open_flag::close_on_exec) != 0;
    Ref<OpenFile> file = TRY(open_file(name, request));
    return install_file(std::move(file), close_on_exec);
}

Result<u64> open_legacy(i32 directory, UserString path, u32 flags, u32 mode) {
    OpenRequest request;
    request.flags = TRY(clean_flags((flags & known_flags) | open_flag::large_file));
    request.mode = mode & 07777;
    return open_at(directory, path, request);
}

// Copies a struct that may be longer or shorter than ours: what we do not know must be zero.
Result<OpenHow> read_how(UserIn<OpenHow> user, u64 size) {
    constexpr u64 smallest = 24;
    if (size < smallest)
        return Failure(Errno::inval);
    if (size > page_size)
        return Failure(Errno::e2big);
    for (u64 at = sizeof(OpenHow); at < size; at += 8) {
        u8 rest[8] = {};
        const u64 part = size - at < 8 ? size - at : 8;
        TRY(core::copy_from_user(rest, user.address() + at, part));
        for (const u8 byte : rest)
            if (byte != 0)
                return Failure(Errno::e2big);
    }
    return user.read();
}

Result<u32> walk_flags_of(u64 resolve) {
    if (resolve & ~resolve_flag::all)
        return Failure(Errno::inval);
    if ((resolve & resolve_flag::beneath) && (resolve & resolve_flag::in_root))
        return Failure(Errno::inval);
    const auto bit = [resolve](u64 from, u32 to) { return resolve & from ? to : 0u; };
    return bit(resolve_flag::no_mounts, walk_flag::no_mounts) |
           bit(resolve_flag::no_magic_links, walk_flag::no_magic_links) |
           bit(resolve_flag::no_links, walk_flag::no_links) |
           bit(resolve_flag::beneath, walk_flag::beneath) |
           bit(resolve_flag::in_root, walk_flag::in_root) |
           bit(resolve_flag::cached, walk_flag::cached);
}

} // namespace

Result<u64> sys_open(UserString path, u32 flags, u32 mode) {
    return open_legacy(at_working_directory, path, flags, mode);
}

Result<u64> sys_openat(i32 directory, UserString path, u32 flags, u32 mode) {
    return open_legacy(directory, path, flags, mode);
}

Result<u64> sys_creat(UserString path, u32 mode) {
    return open_legacy(at_working_directory, path,
                       open_flag::create | open_flag::write_only | open_flag::truncate, mode);
}

Result<u64> sys_openat2(i32 directory, UserString path, UserIn<OpenHow> user_how, u64 size) {
    const OpenHow how = TRY(read_how(user_how, size));
    const u32 flags = static_cast<u32>(how.flags);
    if (how.flags & ~u64{known_flags})
        return Failure(Errno::inval);
    if ((flags & open_flag::path) && (flags & ~path_flags))
        return Failure(Errno::inval);
    const bool creates = (flags & (open_flag::create | temporary_bit)) != 0;
    if (how.mode & ~(creates ? u64{07777} : u64{0}))
        return Failure(Errno::inval);
    OpenRequest request;
    request.resolve = TRY(walk_flags_of(how.resolve));
    if ((request.resolve & walk_flag::cached) &&
        (flags & (open_flag::truncate | open_flag::create | temporary_bit)))
        return Failure(Errno::again);
    request.flags = TRY(clean_flags(flags | (flags & open_flag::path ? 0 : open_flag::large_file)));
    request.mode = static_cast<u32>(how.mode);
    return open_at(directory, path, request);
}

} // namespace linux

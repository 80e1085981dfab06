// SPDX-License-Identifier: BSD-2-Clause
// mount, umount2, pivot_root.
#include "linux/filesystem/at_path.h"
#include "linux/process/credentials.h"
#include "linux/syscall/syscall.h"
#include "linux/system/module_request.h"
#include "linux/vfs/mount.h"

namespace linux {

namespace {

constexpr u32 magic_mask = 0xffff'0000, magic_value = 0xc0ed'0000; // MS_MGC_MSK, MS_MGC_VAL

// A string that may be absent, in memory of its own.
class OptionalText {
public:
    OptionalText() = default;
    OptionalText(const OptionalText&) = delete;
    OptionalText& operator=(const OptionalText&) = delete;
    ~OptionalText() { ::operator delete(static_cast<void*>(memory_)); }

    // Errors: fault, nomem, inval (too long).
    Result<> read(UserString source) {
        if (!source)
            return {};
        memory_ = static_cast<char*>(::operator new(page_size, base::fallible));
        if (!memory_)
            return Failure(Errno::nomem);
        const Result<std::string_view> text = source.read({memory_, page_size});
        if (!text)
            return Failure(text.error() == Errno::nametoolong ? Errno::inval : text.error());
        text_ = *text;
        return {};
    }
    std::string_view view() const { return text_; }
    bool is_present() const { return memory_ != nullptr; }

private:
    char* memory_ = nullptr;
    std::string_view text_;
};

u32 flags_of_mount(u32 flags, const Mount* present) {
    u32 kept = flags & mount_flag::of_mount;
    if (!(flags & mount_flag::no_access_time))
        kept |= mount_flag::relative_access_time; // the default
    if (flags & mount_flag::strict_access_time)
        kept &= ~(mount_flag::relative_access_time | mount_flag::no_access_time);
    // A remount that says nothing about access times leaves them.
    constexpr u32 times = mount_flag::no_access_time | mount_flag::no_directory_access_time |
                          mount_flag::relative_access_time;
    if (present && !(flags & (times | mount_flag::strict_access_time)))
        kept = (kept & ~times) | (present->flags() & times);
    return kept;
}

Result<> change_propagation(const Path& where, u32 flags) {
    constexpr u32 kinds = mount_flag::shared | mount_flag::make_private | mount_flag::slave |
                          mount_flag::unbindable;
    const u32 kind = flags & kinds;
    if ((flags & ~(kinds | mount_flag::recursive | mount_flag::silent)) || (kind & (kind - 1)))
        return Failure(Errno::inval);
    const Propagation wanted = kind == mount_flag::shared         ? Propagation::shared
                               : kind == mount_flag::slave        ? Propagation::slave
                               : kind == mount_flag::make_private ? Propagation::make_private
                                                                  : Propagation::unbindable;
    return MountTable::set_propagation(where, wanted, (flags & mount_flag::recursive) != 0);
}

Result<Path> source_path(std::string_view source) {
    if (source.empty())
        return Failure(Errno::inval);
    return resolve(source, walk_flag::follow);
}

Result<> remount(const Path& where, const MountRequest& request, u32 mount_flags) {
    if (&where.dentry() != &where.mount().root())
        return Failure(Errno::inval);
    if (!(request.flags & mount_flag::bind))
        TRY(MountTable::remount(where.mount().super_block(), request));
    return MountTable::change_flags(where, mount_flags);
}

Result<> mount_new(const Path& where, std::string_view type_name, const MountRequest& request,
                   u32 mount_flags) {
    if (type_name.empty())
        return Failure(Errno::inval);
    const FileSystemType* type = find_file_system(type_name);
    if (!type && request_module("fs-", type_name))
        type = find_file_system(type_name);
    if (!type)
        return Failure(Errno::nodev);
    if (type->on_device() && request.source.empty())
        return Failure(Errno::inval);
    Ref<SuperBlock> super_block = TRY(type->mount(request));
    const std::string_view source = request.source.empty() ? "none" : request.source;
    return MountTable::mount(std::move(super_block), where, mount_flags, source);
}

Result<> dispatch(const Path& where, std::string_view type, const MountRequest& request) {
    constexpr u32 kinds = mount_flag::shared | mount_flag::make_private | mount_flag::slave |
                          mount_flag::unbindable;
    const u32 flags = request.flags;
    if (flags & mount_flag::remount)
        return remount(where, request, flags_of_mount(flags, &where.mount()));
    if (flags & mount_flag::bind)
        return MountTable::bind(TRY(source_path(request.source)), where,
                                (flags & mount_flag::recursive) != 0);
    if (flags & kinds)
        return change_propagation(where, flags);
    if (flags & mount_flag::move)
        return MountTable::move(TRY(source_path(request.source)), where);
    return mount_new(where, type, request, flags_of_mount(flags, nullptr));
}

} // namespace

Result<u64> sys_mount(UserString source, UserString target, UserString type, u64 flags,
                      UserString options) {
    OptionalText type_text, source_text, option_text;
    TRY(type_text.read(type));
    TRY(source_text.read(source));
    TRY(option_text.read(options));
    MountRequest request;
    request.flags = static_cast<u32>(flags);
    if ((request.flags & magic_mask) == magic_value)
        request.flags &= ~magic_mask;
    request.source = source_text.view();
    request.options = option_text.view();
    PathName name;
    TRY(name.read(target));
    const Path where = TRY(resolve(at_working_directory, name, walk_flag::follow));
    if (!capable(Capability::sys_admin))
        return Failure(Errno::perm);
    TRY(dispatch(where, type_text.view(), request));
    return u64{0};
}

Result<u64> sys_umount2(UserString target, u32 flags) {
    constexpr u32 no_follow = 8;
    if (flags & ~15u)
        return Failure(Errno::inval);
    PathName name;
    TRY(name.read(target));
    const Path where =
        TRY(resolve(at_working_directory, name, flags & no_follow ? 0 : walk_flag::follow));
    if (!capable(Capability::sys_admin))
        return Failure(Errno::perm);
    TRY(MountTable::unmount(where, flags));
    return u64{0};
}

Result<u64> sys_pivot_root(UserString new_root, UserString put_old) {
    if (!capable(Capability::sys_admin))
        return Failure(Errno::perm);
    PathName new_name, old_name;
    TRY(new_name.read(new_root));
    TRY(old_name.read(put_old));
    constexpr u32 walk = walk_flag::follow | walk_flag::directory;
    const Path to = TRY(resolve(at_working_directory, new_name, walk));
    const Path old = TRY(resolve(at_working_directory, old_name, walk));
    TRY(MountTable::pivot_root(to, old));
    return u64{0};
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// Extended attributes: name spaces, permissions, sizes; the values are the file system's.
#include "linux/filesystem/at_path.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/notify.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

// What a call works on: a path, or a descriptor that may have none.
struct Target {
    Path path;
    BorrowedFile file;
    bool by_path = true;

    static Result<Target> of_path(UserString user_path, LastLink last) {
        Target target;
        target.path = TRY(path_at(at_working_directory, user_path, 0, last));
        return target;
    }
    static Result<Target> of_descriptor(u32 fd) {
        Target target;
        target.file = TRY(borrow_file(fd));
        target.by_path = false;
        return target;
    }
    Inode& inode() const { return by_path ? path.inode() : file->inode(); }
    Result<> check_writable() const {
        const Path* place = by_path ? &path : file->path();
        return place ? linux::check_writable(*place) : Result<>();
    }
};

struct XattrName {
    char text[xattr_name_maximum + 1];
    usize length = 0;

    // Errors: range (empty or too long), fault.
    Result<> read(UserString source) {
        const Result<std::string_view> name = source.read(text);
        if (!name)
            return Failure(name.error() == Errno::nametoolong ? Errno::range : name.error());
        length = name->size();
        return length == 0 ? Result<>(Failure(Errno::range)) : Result<>();
    }
    std::string_view view() const { return {text, length}; }
};

Result<> check_user_attribute(const Inode& inode, u32 wanted) {
    const Errno refusal = wanted & may::write ? Errno::perm : Errno::nodata;
    if (!inode.is_regular() && !inode.is_directory())
        return Failure(refusal);
    if (inode.is_directory() && (inode.mode() & file_mode::sticky) && (wanted & may::write) &&
        !is_owner_or_capable(inode))
        return Failure(Errno::perm);
    return check_permission(inode, wanted);
}

Result<> check_name_space(const Inode& inode, std::string_view name, u32 wanted) {
    if ((wanted & may::write) &&
        (inode.inode_flags() & (inode_flag::immutable | inode_flag::append_only)))
        return Failure(Errno::perm);
    if (name.starts_with("security.") || name.starts_with("system."))
        return {};
    if (name.starts_with("trusted.")) {
        if (capable(Capability::sys_admin))
            return {};
        return Failure(wanted & may::write ? Errno::perm : Errno::nodata);
    }
    if (name.starts_with("user."))
        return check_user_attribute(inode, wanted);
    return check_permission(inode, wanted);
}

// Setting security.* needs CAP_SYS_ADMIN (capabilities: CAP_SETFCAP).
Result<> check_security(std::string_view name) {
    if (!name.starts_with("security."))
        return {};
    const Capability needed =
        name == "security.capability" ? Capability::setfcap : Capability::sys_admin;
    return capable(needed) ? Result<>() : Failure(Errno::perm);
}

// Memory for a value or a list of names.
class Buffer {
public:
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { ::operator delete(static_cast<void*>(data_)); }
    Result<> allocate(usize size) {
        if (size == 0)
            return {};
        data_ = static_cast<u8*>(::operator new(size, base::fallible));
        size_ = size;
        return data_ ? Result<>() : Failure(Errno::nomem);
    }
    std::span<u8> bytes() const { return {data_, size_}; }
    std::span<char> text() const { return {reinterpret_cast<char*>(data_), size_}; }

private:
    u8* data_ = nullptr;
    usize size_ = 0;
};

InodeRole role_of(const Inode& inode) {
    return inode.is_directory() ? InodeRole::directory : InodeRole::file;
}

struct UserValue {
    UserVirt address;
    u64 size;
};

Result<u64> set(const Target& target, UserString user_name, UserValue value, u32 flags) {
    if (flags & ~(xattr_flag::create | xattr_flag::replace))
        return Failure(Errno::inval);
    XattrName name;
    TRY(name.read(user_name));
    if (value.size > xattr_size_maximum)
        return Failure(Errno::e2big);
    Buffer buffer;
    TRY(buffer.allocate(value.size));
    if (value.size != 0)
        TRY(core::copy_from_user(buffer.bytes().data(), value.address, value.size));
    TRY(target.check_writable());
    Inode& inode = target.inode();
    InodeGuard guard(inode.lock(), role_of(inode));
    TRY(check_name_space(inode, name.view(), may::write));
    TRY(check_security(name.view()));
    TRY(inode.set_xattr(name.view(), buffer.bytes(), flags));
    inode.touch_changed();
    return u64{0};
}

Result<u64> get(const Target& target, UserString user_name, UserValue value) {
    XattrName name;
    TRY(name.read(user_name));
    Inode& inode = target.inode();
    TRY(check_name_space(inode, name.view(), may::read));
    Buffer buffer;
    TRY(buffer.allocate(value.size < xattr_size_maximum ? value.size : xattr_size_maximum));
    Result<usize> length = usize{0};
    {
        InodeGuard guard(inode.lock(), role_of(inode));
        length = inode.get_xattr(name.view(), buffer.bytes());
    }
    if (!length)
        return Failure(length.error());
    if (value.size != 0)
        TRY(core::copy_to_user(value.address, buffer.bytes().data(), *length));
    return u64{*length};
}

Result<u64> list(const Target& target, UserVirt names, u64 size) {
    Inode& inode = target.inode();
    Buffer buffer;
    TRY(buffer.allocate(size < xattr_size_maximum ? size : xattr_size_maximum));
    Result<usize> length = usize{0};
    {
        InodeGuard guard(inode.lock(), role_of(inode));
        length = inode.list_xattr(buffer.text());
    }
    if (!length)
        return Failure(length.error());
    if (size != 0)
        TRY(core::copy_to_user(names, buffer.bytes().data(), *length));
    return u64{*length};
}

Result<u64> remove(const Target& target, UserString user_name) {
    XattrName name;
    TRY(name.read(user_name));
    TRY(target.check_writable());
    Inode& inode = target.inode();
    InodeGuard guard(inode.lock(), role_of(inode));
    TRY(check_name_space(inode, name.view(), may::write));
    TRY(check_security(name.view()));
    TRY(inode.remove_xattr(name.view()));
    inode.touch_changed();
    return u64{0};
}

} // namespace

Result<u64> sys_setxattr(UserString path, UserString name, UserVirt value, u64 size, u32 flags) {
    return set(TRY(Target::of_path(path, LastLink::follow)), name, {value, size}, flags);
}
Result<u64> sys_lsetxattr(UserString path, UserString name, UserVirt value, u64 size, u32 flags) {
    return set(TRY(Target::of_path(path, LastLink::stay)), name, {value, size}, flags);
}
Result<u64> sys_fsetxattr(u32 fd, UserString name, UserVirt value, u64 size, u32 flags) {
    return set(TRY(Target::of_descriptor(fd)), name, {value, size}, flags);
}
Result<u64> sys_getxattr(UserString path, UserString name, UserVirt value, u64 size) {
    return get(TRY(Target::of_path(path, LastLink::follow)), name, {value, size});
}
Result<u64> sys_lgetxattr(UserString path, UserString name, UserVirt value, u64 size) {
    return get(TRY(Target::of_path(path, LastLink::stay)), name, {value, size});
}
Result<u64> sys_fgetxattr(u32 fd, UserString name, UserVirt value, u64 size) {
    return get(TRY(Target::of_descriptor(fd)), name, {value, size});
}
Result<u64> sys_listxattr(UserString path, UserVirt names, u64 size) {
    return list(TRY(Target::of_path(path, LastLink::follow)), names, size);
}
Result<u64> sys_llistxattr(UserString path, UserVirt names, u64 size) {
    return list(TRY(Target::of_path(path, LastLink::stay)), names, size);
}
Result<u64> sys_flistxattr(u32 fd, UserVirt names, u64 size) {
    return list(TRY(Target::of_descriptor(fd)), names, size);
}
Result<u64> sys_removexattr(UserString path, UserString name) {
    return remove(TRY(Target::of_path(path, LastLink::follow)), name);
}
Result<u64> sys_lremovexattr(UserString path, UserString name) {
    return remove(TRY(Target::of_path(path, LastLink::stay)), name);
}
Result<u64> sys_fremovexattr(u32 fd, UserString name) {
    return remove(TRY(Target::of_descriptor(fd)), name);
}

} // namespace linux

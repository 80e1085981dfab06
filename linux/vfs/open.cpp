// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/open.h"

#include "linux/devfs/device_registry.h"
#include "linux/pipe/pipe_file.h"
#include "linux/process/process.h"
#include "linux/vfs/cached_file.h"
#include "linux/vfs/content.h"
#include "linux/vfs/directory_file.h"
#include "linux/vfs/entries.h"
#include "linux/vfs/notify.h"
#include "linux/vfs/path_file.h"
#include "linux/vfs/permission.h"

namespace linux {

Result<Ref<OpenFile>> Inode::open(const Path& path, u32 flags) {
    switch (type()) {
    case file_mode::regular: return CachedFile::create(path, *this, flags);
    case file_mode::directory: return DirectoryFile::create(path, flags);
    case file_mode::character_device:
        return open_device(DeviceType::character, device(), path, flags);
    case file_mode::block_device: return open_device(DeviceType::block, device(), path, flags);
    case file_mode::fifo: return open_fifo(path, flags);
    case file_mode::symlink: return Failure(Errno::loop);
    default: return Failure(Errno::nxio);
    }
}

namespace {

u32 wanted_rights(u32 flags) {
    constexpr u32 by_mode[] = {may::read, may::write, may::read | may::write,
                               may::read | may::write};
    u32 wanted = by_mode[flags & open_flag::access_mode];
    if (flags & open_flag::truncate)
        wanted |= may::write;
    return wanted;
}

Result<> check_kind(const Path& path, u32 wanted) {
    const Inode& inode = path.inode();
    switch (inode.type()) {
    case file_mode::symlink: return Failure(Errno::loop);
    case file_mode::directory:
        if (wanted & may::write)
            return Failure(Errno::isdir);
        return {};
    case file_mode::block_device:
    case file_mode::character_device:
        if (path.mount().flags() & mount_flag::no_devices)
            return Failure(Errno::acces);
        return {};
    default: return {};
    }
}

Result<> check_open(const Path& path, u32 flags, bool created) {
    const Inode& inode = path.inode();
    const u32 wanted = wanted_rights(flags);
    TRY(check_kind(path, wanted));
    if (!created)
        TRY(check_permission(inode, wanted));
    if (inode.inode_flags() & inode_flag::append_only) {
        const bool writes = (flags & open_flag::access_mode) != open_flag::read_only;
        if ((writes && !(flags & open_flag::append)) || (flags & open_flag::truncate))
            return Failure(Errno::perm);
    }
    if ((flags & open_flag::no_access_time) && !is_owner_or_capable(inode))
        return Failure(Errno::perm);
    return {};
}

bool writes_content(const Inode& inode, u32 flags) {
    const u32 mode = flags & open_flag::access_mode;
    return (mode == open_flag::write_only || mode == open_flag::read_write) && inode.is_regular() &&
           !inode.is_generated();
}

// Counts a writer among those of inode, mount and file system; the open file takes it over.
class WriterCount {
public:
    static Result<WriterCount> take(const Path& path) {
        TRY(check_writable(path));
        TRY(path.inode().get_write_access());
        path.mount().writers.fetch_add(1, std::memory_order_acq_rel);
        path.mount().super_block().writers.fetch_add(1, std::memory_order_acq_rel);
        return WriterCount(&path);
    }
    WriterCount() = default;
    WriterCount(WriterCount&& other) noexcept : path_(std::exchange(other.path_, nullptr)) {}
    WriterCount& operator=(WriterCount&& other) noexcept {
        std::swap(path_, other.path_);
        return *this;
    }
    ~WriterCount() {
        if (path_)
            drop_writer(*path_);
    }
    void hand_over() { path_ = nullptr; }

private:
    explicit WriterCount(const Path* path) : path_(path) {}
    const Path* path_ = nullptr;
};

} // namespace

void drop_writer(const Path& path) {
    path.inode().put_write_access();
    path.mount().writers.fetch_sub(1, std::memory_order_acq_rel);
    path.mount().super_block().writers.fetch_sub(1, std::memory_order_acq_rel);
}

namespace {

// The place stands for an open file that has no path of its own (a pipe), found under /proc/PID/fd.
Result<Ref<OpenFile>> open_again(const Path& path, u32 flags) {
    TRY(check_permission(path.inode(), wanted_rights(flags)));
    return static_cast<OpenFile*>(path.dentry().open_file())->reopen(flags);
}

} // namespace

Result<Ref<OpenFile>> open_found(const Path& path, u32 flags, bool created) {
    Inode& inode = path.inode();
    if ((flags & open_flag::directory) && !inode.is_directory())
        return Failure(Errno::notdir);
    if (path.dentry().open_file()) [[unlikely]]
        return open_again(path, flags);
    TRY(check_open(path, flags, created));
    // Terminals look at O_NOCTTY; it is not kept.
    constexpr u32 only_now = open_flag::create | open_flag::exclusive | open_flag::truncate |
                             open_flag::close_on_exec;
    const bool truncates = (flags & open_flag::truncate) && inode.is_regular() && !created &&
                           !inode.is_generated();
    WriterCount writer;
    if (writes_content(inode, flags))
        writer = TRY(WriterCount::take(path));
    else if (truncates)
        TRY(check_writable(path));
    Ref<OpenFile> file = TRY(inode.open(path, flags & ~only_now));
    file->set_flags(file->flags() & ~open_flag::no_tty);
    if (writes_content(inode, flags))
        file->mark_counted_writer();
    writer.hand_over();
    if (truncates) {
        TRY(inode.get_write_access());
        const Result<> truncated = truncate_content(inode, 0);
        inode.put_write_access();
        TRY(truncated);
    }
    notify_file(path.dentry(), notify_event::open);
    return file;
}

namespace {

// Opening what others left in a sticky directory everybody may write to (fs.protected_regular and
// _fifos).
Result<> check_sticky_create(const Path& parent, const Inode& inode) {
    const u32 level = inode.is_regular()                    ? g_protected_links.regular.load()
                      : inode.type() == file_mode::fifo ? g_protected_links.fifos.load()
                                                            : 0;
    const Inode& directory = parent.inode();
    if (level == 0 || !(directory.mode() & file_mode::sticky) || inode.user() == directory.user() ||
        inode.user() == current_credentials().file_user)
        return {};
    if ((directory.mode() & 0002) || ((directory.mode() & 0020) && level >= 2))
        return Failure(Errno::acces);
    return {};
}

struct Created {
    Path path;
    bool is_new;
    bool is_link; // to be followed; path names the link
};

// The last component under O_CREAT: found or made, with the parent's lock held in between.
Result<Created> find_or_create(const Path& parent, const Walk& walk, const OpenRequest& request) {
    Dentry& directory = parent.dentry();
    InodeGuard guard(directory.inode()->lock(), InodeRole::directory);
    Ref<Dentry> entry = TRY(look_up_locked(directory, walk.last()));
    if (!entry->inode()) {
        TRY(check_writable(parent));
        NewNode node;
        node.mode = apply_umask(request.mode & 07777) | file_mode::regular;
        TRY(make_locked(directory, *entry, node));
        return Created{Path::share(parent.mount(), *entry), true, false};
    }
    if (request.flags & open_flag::exclusive)
        return Failure(Errno::exist);
    const bool link = entry->inode()->is_symlink() && !(request.flags & open_flag::no_follow);
    Path path = Path::share(parent.mount(), *entry);
    return Created{link ? std::move(path) : topmost(std::move(path)), false, link};
}

Result<Ref<OpenFile>> open_creating(const Path* base, const PathName& name,
                                    const OpenRequest& request) {
    Walk walk(base, name, request.resolve);
    Path parent = TRY(walk.run_to_parent());
    while (true) {
        if (walk.kind() != LastKind::name || walk.has_slash())
            return Failure(Errno::isdir);
        Created found = TRY(find_or_create(parent, walk, request));
        if (found.is_link) {
            parent = TRY(walk.follow_to_parent(parent, found.path.dentry()));
            continue;
        }
        if (!found.is_new) {
            if (found.path.inode().is_directory())
                return Failure(Errno::isdir);
            TRY(check_sticky_create(parent, found.path.inode()));
        }
        return open_found(found.path, request.flags, found.is_new);
    }
}

Result<Ref<OpenFile>> open_temporary(const Path& directory, const OpenRequest& request) {
    Inode& inode = directory.inode();
    if (!inode.is_directory())
        return Failure(Errno::notdir);
    TRY(check_writable(directory));
    TRY(check_permission(inode, may::write | may::execute));
    NewNode node;
    node.mode = apply_umask(request.mode & 07777) | file_mode::regular;
    inherit_owner(inode, node);
    Ref<Inode> made = TRY(inode.create_temporary(node));
    if (!(request.flags & open_flag::exclusive))
        made->set_linkable();
    base::Text<24> number("#{}", made->number());
    Dentry* entry = Dentry::create(directory.dentry().super_block(), &directory.dentry(),
                                   name_view(number.view()));
    if (!entry)
        return Failure(Errno::nomem);
    entry->set_root_inode(std::move(made));
    entry->set_nameless();
    directory.mount().add_reference();
    const Path path = Path::adopt(directory.mount(), *entry);
    constexpr u32 not_now = open_flag::temporary & ~open_flag::directory;
    return open_found(path, request.flags & ~(not_now | open_flag::directory), true);
}

} // namespace

Result<Ref<OpenFile>> open_file(const PathName& name, const OpenRequest& request) {
    BorrowedFile start;
    const Path* base = nullptr;
    const bool confined = (request.resolve & (walk_flag::beneath | walk_flag::in_root)) != 0;
    if (request.directory != at_working_directory && (confined || name.text()[0] != '/')) {
        start = TRY(borrow_file(static_cast<u32>(request.directory), true));
        base = start->path();
        if (!base || !base->inode().is_directory())
            return Failure(Errno::notdir);
    }
    const u32 flags = request.flags;
    if ((flags & open_flag::create) && !(flags & open_flag::path))
        return open_creating(base, name, request);
    u32 walk_flags = request.resolve;
    if (!(flags & open_flag::no_follow))
        walk_flags |= walk_flag::follow;
    if (flags & open_flag::directory)
        walk_flags |= walk_flag::directory;
    const Path path = TRY(Walk(base, name, walk_flags).run());
    if (flags & open_flag::path)
        return PathFile::create(path, flags);
    if ((flags & open_flag::temporary) == open_flag::temporary)
        return open_temporary(path, request);
    return open_found(path, flags, false);
}

Result<Ref<OpenFile>> open_path(std::string_view name, u32 flags, u32 mode) {
    PathName text;
    TRY(text.set(name));
    return open_file(text, {.flags = flags | open_flag::large_file, .mode = mode});
}

Result<usize> read_into(OpenFile& file, u64 offset, std::span<u8> target) {
    usize done = 0;
    while (done < target.size()) {
        IoCursor cursor(target.subspan(done));
        const usize moved = TRY(file.read(cursor, offset + done, {}));
        if (moved == 0)
            break;
        done += moved;
    }
    return done;
}

} // namespace linux

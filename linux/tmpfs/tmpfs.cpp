// SPDX-License-Identifier: BSD-2-Clause
// The file systems as wholes: options, limits, types.
#include "linux/tmpfs/tmpfs.h"

#include "core/memory/frames.h"
#include "linux/process/credentials.h"
#include "linux/vfs/cached_file.h"
#include "linux/vfs/dentry.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/mount_options.h"
#include "linux/vfs/nameless.h"

namespace linux {

namespace {

constexpr u64 tmpfs_magic = 0x0102'1994, ramfs_magic = 0x8584'58f6; // linux/magic.h
constexpr u32 default_mode = 01777;

u64 half_of_memory() { return core::frame_counts().total / 2; }

} // namespace

struct TmpfsSuperBlock::Options {
    bool has_pages = false, has_inodes = false, has_mode = false, has_user = false,
         has_group = false;
    u64 pages = 0, inodes = 0;
    u32 mode = 0;
    UserId user = 0;
    GroupId group = 0;

    Result<> parse(std::string_view text);
    Result<> parse_one(const MountOption& option);
};

Result<> TmpfsSuperBlock::Options::parse_one(const MountOption& option) {
    const u64 memory = core::frame_counts().total;
    if (option.key == "size") {
        pages = (TRY(parse_size(option.value, memory << page_shift)) + page_size - 1) >> page_shift;
        has_pages = true;
    } else if (option.key == "nr_blocks") {
        pages = TRY(parse_size(option.value, memory));
        has_pages = true;
    } else if (option.key == "nr_inodes") {
        inodes = TRY(parse_size(option.value, memory));
        has_inodes = true;
    } else if (option.key == "mode") {
        mode = static_cast<u32>(TRY(parse_number(option.value, 8))) & 07777;
        has_mode = true;
    } else if (option.key == "uid") {
        user = static_cast<UserId>(TRY(parse_number(option.value)));
        has_user = true;
    } else if (option.key == "gid") {
        group = static_cast<GroupId>(TRY(parse_number(option.value)));
        has_group = true;
    } else if (option.key != "inode64" && option.key != "inode32" &&
               !(option.key == "huge" && option.value == "never")) {
        return Failure(Errno::inval);
    }
    return {};
}

Result<> TmpfsSuperBlock::Options::parse(std::string_view text) {
    MountOption option;
    while (next_mount_option(text, option))
        TRY(parse_one(option));
    return {};
}

TmpfsSuperBlock::TmpfsSuperBlock(const FileSystemType& type, TmpfsLimits limits)
    : SuperBlock(type, Caching::memory), page_limit_(limits.pages), inode_limit_(limits.inodes),
      default_pages_(limits.pages), default_inodes_(limits.inodes) {
    magic = limits.pages ? tmpfs_magic : ramfs_magic;
    has_xattr = true;
    has_birth_times = true;
}

Result<Ref<TmpfsSuperBlock>> TmpfsSuperBlock::create(const FileSystemType& type, TmpfsLimits limits,
                                                     u32 mode) {
    auto* made = new (base::fallible) TmpfsSuperBlock(type, limits);
    if (!made)
        return Failure(Errno::nomem);
    Ref<TmpfsSuperBlock> super_block = Ref<TmpfsSuperBlock>::adopt(made);
    NewNode root;
    root.mode = file_mode::directory | mode;
    Ref<TmpfsInode> inode = TRY(TmpfsInode::create_inode(*made, root));
    TmpfsInode& top = *inode;
    TRY(made->attach_root(std::move(inode)));
    top.set_dentry(made->root());
    return super_block;
}

Result<> TmpfsSuperBlock::apply(const Options& options) {
    const i64 used = pages_used_.load(std::memory_order_relaxed);
    if (options.has_pages && options.pages != 0 && used > static_cast<i64>(options.pages))
        return Failure(Errno::inval);
    if (options.has_inodes && options.inodes != 0 && inodes_used_.load() > options.inodes)
        return Failure(Errno::inval);
    if (options.has_pages)
        page_limit_.store(options.pages, std::memory_order_relaxed);
    if (options.has_inodes)
        inode_limit_.store(options.inodes, std::memory_order_relaxed);
    Inode& top = *root().inode();
    if (options.has_mode)
        top.set_mode(file_mode::directory | options.mode);
    if (options.has_user || options.has_group)
        top.set_owner(options.has_user ? options.user : top.user(),
                      options.has_group ? options.group : top.group());
    return {};
}

Result<> TmpfsSuperBlock::remount(const MountRequest& request) {
    Options options;
    TRY(options.parse(request.options));
    return apply(options);
}

Result<> TmpfsSuperBlock::statistics(FileSystemStatistics& statistics) {
    statistics.magic = magic;
    const u64 limit = page_limit_.load(std::memory_order_relaxed);
    if (limit != 0) {
        const i64 used = pages_used_.load(std::memory_order_relaxed);
        statistics.blocks = limit;
        statistics.free_blocks =
            used < static_cast<i64>(limit) ? limit - static_cast<u64>(used) : 0;
        statistics.available_blocks = statistics.free_blocks;
    }
    const u64 inodes = inode_limit_.load(std::memory_order_relaxed);
    if (inodes != 0) {
        const u64 used = inodes_used_.load(std::memory_order_relaxed);
        statistics.files = inodes;
        statistics.free_files = used < inodes ? inodes - used : 0;
    }
    return {};
}

void TmpfsSuperBlock::describe_options(base::FormatSink& sink) const {
    if (magic == ramfs_magic)
        return;
    const u64 pages = page_limit_.load(std::memory_order_relaxed);
    if (pages != default_pages_ || pages != half_of_memory())
        base::format(sink, ",size={}k", pages << (page_shift - 10));
    const u64 inodes = inode_limit_.load(std::memory_order_relaxed);
    if (inodes != default_inodes_)
        base::format(sink, ",nr_inodes={}", inodes);
    const Inode& top = *root().inode();
    if ((top.mode() & 07777) != default_mode)
        base::format(sink, ",mode={:03o}", top.mode() & 07777);
    if (top.user() != 0)
        base::format(sink, ",uid={}", top.user());
    if (top.group() != 0)
        base::format(sink, ",gid={}", top.group());
    sink.write(",inode64");
}

Result<> TmpfsSuperBlock::take_inode() {
    const u64 limit = inode_limit_.load(std::memory_order_relaxed);
    const u64 before = inodes_used_.fetch_add(1, std::memory_order_relaxed);
    if (limit == 0 || before < limit)
        return {};
    give_inode();
    return Failure(Errno::nospc);
}

bool TmpfsSuperBlock::count_pages(i64 change) {
    const i64 after = pages_used_.fetch_add(change, std::memory_order_relaxed) + change;
    const u64 limit = page_limit_.load(std::memory_order_relaxed);
    return limit == 0 || after <= static_cast<i64>(limit);
}

bool TmpfsSuperBlock::has_room(u64 pages) const {
    const u64 limit = page_limit_.load(std::memory_order_relaxed);
    return limit == 0 || pages_used_.load(std::memory_order_relaxed) + static_cast<i64>(pages) <=
                             static_cast<i64>(limit);
}

// ---- the types ----------------------------------------------------------------------------------

namespace {

class TmpfsType final : public FileSystemType {
public:
    constexpr TmpfsType(const char* name, bool limited)
        : FileSystemType(name, false), limited_(limited) {}

    Result<Ref<SuperBlock>> mount(const MountRequest& request) const override {
        TmpfsSuperBlock::Options options;
        TRY(options.parse(request.options));
        TmpfsLimits limits;
        if (limited_)
            limits = {half_of_memory(), half_of_memory()};
        Ref<TmpfsSuperBlock> made =
            TRY(TmpfsSuperBlock::create(*this, limits, limited_ ? default_mode : 0755));
        const Credentials& credentials = current_credentials();
        made->root().inode()->set_owner(credentials.file_user, credentials.file_group);
        TRY(made->apply(options));
        made->set_flags(request.flags & mount_flag::of_file_system);
        return Ref<SuperBlock>(std::move(made));
    }

private:
    const bool limited_;
};

constinit TmpfsType g_tmpfs("tmpfs", true);
constinit TmpfsType g_ramfs("ramfs", false);
constinit TmpfsType g_rootfs("rootfs", true);

// The mount behind memory files; made once.
constinit Mount* g_memory_mount = nullptr;

} // namespace

void register_tmpfs() {
    register_file_system(g_rootfs);
    register_file_system(g_tmpfs);
    register_file_system(g_ramfs);
}

Result<> mount_root_tmpfs() {
    TRY(DentryCache::initialise());
    TRY(initialise_nameless_inodes());
    Ref<TmpfsSuperBlock> root =
        TRY(TmpfsSuperBlock::create(g_rootfs, {half_of_memory(), half_of_memory()}, 0755));
    TRY(MountTable::mount_root(std::move(root), "none"));
    Ref<TmpfsSuperBlock> memory = TRY(TmpfsSuperBlock::create(g_tmpfs, {}, 01777));
    g_memory_mount = TRY(MountTable::create_internal(std::move(memory), "tmpfs"));
    return {};
}

Result<Path> path_of_nameless(OpenFile& file) {
    Inode& inode = file.inode();
    Dentry* entry = Dentry::create(inode.super_block(), nullptr, name_view("/"));
    if (!entry)
        return Failure(Errno::nomem);
    entry->set_root_inode(Ref<Inode>::share(inode));
    entry->set_open_file(Ref<core::Object>::share(file));
    g_memory_mount->add_reference();
    return Path::adopt(*g_memory_mount, *entry);
}

Result<MemoryFilePlace> create_memory_place(std::string_view name, u64 size) {
    SuperBlock& super_block = g_memory_mount->super_block();
    const Credentials& credentials = current_credentials();
    NewNode node;
    node.mode = file_mode::regular | 0777;
    node.user = credentials.file_user;
    node.group = credentials.file_group;
    Ref<TmpfsInode> inode =
        TRY(TmpfsInode::create_inode(static_cast<TmpfsSuperBlock&>(super_block), node));
    inode->set_links(0);
    inode->set_size(size);
    Inode& content = *inode;
    Dentry* entry = Dentry::create(super_block, &super_block.root(), name_view(name));
    if (!entry)
        return Failure(Errno::nomem);
    entry->set_root_inode(std::move(inode));
    entry->set_nameless();
    g_memory_mount->add_reference();
    return MemoryFilePlace{Path::adopt(*g_memory_mount, *entry), &content};
}

Result<Ref<OpenFile>> create_memory_file(std::string_view name, u64 size, u32 flags) {
    const MemoryFilePlace place = TRY(create_memory_place(name, size));
    return CachedFile::create(place.path, *place.content, flags);
}

} // namespace linux

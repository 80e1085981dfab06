// SPDX-License-Identifier: BSD-2-Clause
// Mounting, the super block, attributes.
#include "linux/vfs/component_file_system.h"

#include "core/component/manager.h"
#include "core/observe/log.h"
#include "linux/vfs/dentry.h"
#include "linux/vfs/mount_options.h"

namespace linux {

using component::FileAttributes;
using component::Timestamp;
using core::file::MountedVolume;
using core::file::VolumeCall;
using core::file::VolumeInfo;
using Operation = core::file::FileSystem::Operation;

namespace {

constexpr u64 ext_magic = 0xef53; // linux/magic.h
constexpr u32 read_only_flag = 1; // MS_RDONLY

TimeSpec spec_of(Timestamp time) { return {time.seconds, static_cast<i64>(time.nanoseconds)}; }
Timestamp timestamp_of(TimeSpec time) {
    return {time.seconds, static_cast<u32>(time.nanoseconds), 0};
}

namespace mount_flag = component::mount_flag;

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
    for (const std::string_view one : words)
        if (one == word)
            return true;
    return false;
}

// Linux's options of ext4 that ask for what is done here anyway, or may be ignored without harm,
// are accepted. Answers mount_flag. Errors: inval.
Result<u32> parse_options(std::string_view options) {
    constexpr std::string_view accepted[] = {"barrier",
                                             "delalloc",
                                             "auto_da_alloc",
                                             "acl",
                                             "user_xattr",
                                             "noacl",
                                             "nouser_xattr",
                                             "discard",
                                             "nodiscard",
                                             "grpid",
                                             "nogrpid",
                                             "bsdgroups",
                                             "sysvgroups",
                                             "block_validity",
                                             "noblock_validity",
                                             "init_itable",
                                             "noinit_itable",
                                             "lazytime",
                                             "nolazytime",
                                             "minixdf",
                                             "bsddf",
                                             "journal_checksum",
                                             "nojournal_checksum",
                                             "prefetch_block_bitmaps",
                                             "no_prefetch_block_bitmaps",
                                             "dioread_lock",
                                             "dioread_nolock"};
    constexpr std::string_view accepted_with_number[] = {
        "commit",      "barrier",        "auto_da_alloc",  "stripe",        "inode_readahead_blks",
        "init_itable", "journal_ioprio", "max_batch_time", "min_batch_time"};
    u32 flags = 0;
    MountOption option;
    while (next_mount_option(options, option)) {
        const bool has_number = !option.value.empty() && parse_number(option.value);
        if (option.key == "norecovery" || option.key == "noload")
            flags |= mount_flag::no_recovery;
        else if (option.key == "data" && (option.value == "ordered" || option.value == "writeback"))
            continue; // ordered keeps what the other promises
        else if (option.key == "errors" &&
                 (option.value == "remount-ro" || option.value == "continue"))
            continue;
        else if (!(has_number ? is_one_of(option.key, accepted_with_number)
                              : option.value.empty() && is_one_of(option.key, accepted)))
            return Failure(Errno::inval);
    }
    return flags;
}

} // namespace

// ---- the super block
// -------------------------------------------------------------------------------

DiskSuperBlock::DiskSuperBlock(const FileSystemType& type, Ref<MountedVolume> volume)
    : SuperBlock(type, Caching::normal), volume_(std::move(volume)) {
    const VolumeInfo& info = volume_->info();
    block_size = info.block_size;
    maximum_size = info.max_file_size;
    name_maximum = info.max_name_length;
    magic = ext_magic;
    has_xattr = true;
    has_birth_times = true;
    const core::BlockDeviceNumber number = volume_->device().number();
    set_device({number.major, number.minor});
}

Result<Ref<SuperBlock>> DiskSuperBlock::create(const FileSystemType& type,
                                               Ref<MountedVolume> volume, u32 flags) {
    auto* made = new (base::fallible) DiskSuperBlock(type, std::move(volume));
    if (!made)
        return Failure(Errno::nomem);
    Ref<SuperBlock> super_block = Ref<SuperBlock>::adopt(made);
    made->set_flags(made->volume().info().read_only ? flags | read_only_flag : flags);
    VolumeCall call(made->volume());
    call.arguments.inode = made->volume().info().root_inode;
    TRY(call.run(Operation::get_attributes));
    TRY(made->attach_root(TRY(made->inode_of(call.exchange().attributes))));
    return super_block;
}

Result<Ref<Inode>> DiskSuperBlock::inode_of(const FileAttributes& attributes) {
    if (RefOrNull<Inode> present = find_inode(attributes.inode))
        return present.to_ref();
    auto* made = new (base::fallible) DiskInode(*this, attributes);
    if (!made)
        return Failure(Errno::nomem);
    return publish_inode(Ref<Inode>::adopt(made));
}

Result<> DiskSuperBlock::statistics(FileSystemStatistics& statistics) {
    const VolumeInfo info = volume_->statistics();
    statistics.magic = magic;
    statistics.block_size = info.block_size;
    statistics.blocks = info.blocks;
    statistics.free_blocks = info.free_blocks;
    statistics.available_blocks = info.free_blocks - info.reserved_blocks;
    statistics.files = info.inodes;
    statistics.free_files = info.free_inodes;
    u64 halves[2];
    __builtin_memcpy(halves, info.uuid, sizeof(halves));
    statistics.identity = halves[0] ^ halves[1];
    statistics.name_length = info.max_name_length;
    return {};
}

Result<> DiskSuperBlock::sync(bool) { return is_read_only() ? Result<>() : volume_->sync(); }

Result<> DiskSuperBlock::remount(const MountRequest& request) {
    TRY(parse_options(request.options));
    if ((request.flags & read_only_flag) && !is_read_only())
        TRY(volume_->end_writing());
    else if (!(request.flags & read_only_flag) && volume_->info().read_only)
        TRY(volume_->begin_writing());
    set_flags(request.flags);
    return {};
}

void DiskSuperBlock::shut_down() {
    if (volume_->info().read_only)
        return;
    if (const Result<> outcome = volume_->end_writing(); !outcome)
        LOG_ERROR("{}: not unmounted cleanly: {}", volume_->device().name(), outcome.error());
}

// ---- attributes
// ---------------------------------------------------------------------------------------

DiskInode::DiskInode(DiskSuperBlock& super_block, const FileAttributes& attributes)
    : Inode(super_block, attributes.inode, attributes.mode), owner_(super_block) {
    set_device({attributes.device_major, attributes.device_minor});
    birth_time.set(spec_of(attributes.create));
    take_attributes(attributes);
    set_size(attributes.size);
    written_size_.store(attributes.size, std::memory_order_relaxed);
}

void DiskInode::take_attributes(const FileAttributes& attributes) {
    set_mode(attributes.mode);
    set_owner(static_cast<UserId>(attributes.uid), static_cast<GroupId>(attributes.gid));
    set_links(attributes.links);
    set_inode_flags(attributes.flags);
    access_time.set(spec_of(attributes.access));
    modify_time.set(spec_of(attributes.modify));
    change_time.set(spec_of(attributes.change));
    blocks.store(attributes.sectors, std::memory_order_relaxed);
}

void DiskInode::take_space(const component::FileSpace& space) {
    set_size(space.size);
    blocks.store(space.sectors, std::memory_order_relaxed);
}

Result<> DiskInode::set_attributes(const AttributeChange& change) {
    namespace on_disk = component::attribute;
    VolumeCall call(volume());
    call.arguments = about();
    FileAttributes& wanted = call.exchange().attributes;
    u32 mask = 0;
    auto field = [&](u32 ours, u32 theirs) {
        if (change.fields & ours)
            mask |= theirs;
    };
    field(attribute::mode, on_disk::mode);
    field(attribute::user, on_disk::uid);
    field(attribute::group, on_disk::gid);
    field(attribute::access_time, on_disk::access);
    field(attribute::modify_time, on_disk::modify);
    field(attribute::change_time, on_disk::change);
    wanted.mode = change.mode;
    wanted.uid = static_cast<u32>(change.user);
    wanted.gid = static_cast<u32>(change.group);
    wanted.access = timestamp_of(change.access);
    wanted.modify = timestamp_of(change.modify);
    wanted.change = timestamp_of(change.change);
    call.arguments.flags = mask;
    TRY(call.run(Operation::set_attributes));
    // Only what was changed: times in memory may be newer than those on the volume.
    if (change.fields & attribute::mode)
        set_mode(type() | (change.mode & 07777));
    if (change.fields & (attribute::user | attribute::group))
        set_owner(change.fields & attribute::user ? change.user : user(),
                  change.fields & attribute::group ? change.group : group());
    if (change.fields & attribute::access_time)
        access_time.set(change.access);
    if (change.fields & attribute::modify_time)
        modify_time.set(change.modify);
    if (change.fields & attribute::change_time)
        change_time.set(change.change);
    return {};
}

void DiskInode::attributes_changed(u32 fields) {
    unsaved_.fetch_or(fields, std::memory_order_relaxed);
    if (links() != 0 || is_regular())
        mark_dirty();
}

Result<> DiskInode::store_attributes() {
    namespace on_disk = component::attribute;
    const u32 fields = unsaved_.exchange(0, std::memory_order_acq_rel);
    if (fields == 0 || links() == 0 || owner_.is_read_only())
        return {};
    VolumeCall call(volume());
    call.arguments = about();
    FileAttributes& wanted = call.exchange().attributes;
    wanted.access = timestamp_of(access_time.get());
    wanted.modify = timestamp_of(modify_time.get());
    wanted.change = timestamp_of(change_time.get());
    // Not size(): the disk's follows the data, which may still be on its way.
    wanted.size = written_size_.load(std::memory_order_relaxed);
    call.arguments.flags = (fields & attribute::access_time ? on_disk::access : 0) |
                           (fields & attribute::modify_time ? on_disk::modify : 0) |
                           (fields & attribute::change_time ? on_disk::change : 0) |
                           (is_regular() ? on_disk::grow_size : 0);
    const Result<u64> outcome = call.run(Operation::set_attributes);
    if (!outcome) {
        unsaved_.fetch_or(fields, std::memory_order_relaxed);
        return Failure(outcome.error());
    }
    blocks.store(call.exchange().attributes.sectors, std::memory_order_relaxed);
    return {};
}

Result<> DiskInode::change_inode_flags(u32 flags) {
    VolumeCall call(volume());
    call.arguments = about();
    call.arguments.flags = component::attribute::flags | component::attribute::change;
    call.exchange().attributes.flags = flags;
    call.exchange().attributes.change = timestamp_of(file_time_now());
    TRY(call.run(Operation::set_attributes));
    set_inode_flags(call.exchange().attributes.flags);
    return {};
}

Result<> DiskInode::sync(bool data_only) {
    if (core::PageCache* cache = page_cache_if_any())
        TRY(cache->write_back());
    (void)data_only; // the size always belongs to the data
    return store_attributes();
}

Result<> DiskInode::make_durable() { return owner_.is_read_only() ? Result<>() : volume().sync(); }

void DiskInode::evict() {
    const bool gone = links() == 0;
    if (gone) {
        // Nothing may be written to blocks that are about to be free.
        if (core::PageCache* cache = page_cache_if_any())
            cache->set_size(0);
    } else {
        (void)store_attributes();
    }
    volume().unreserve(reserved_.exchange(0, std::memory_order_relaxed));
    if (gone && !owner_.is_read_only()) {
        VolumeCall call(volume());
        call.arguments = about();
        if (const Result<u64> outcome = call.run(Operation::evict); !outcome)
            LOG_ERROR("{}: inode {} is not freed: {}", volume().device().name(), number(),
                      outcome.error());
    }
    Inode::evict();
}

// ---- mounting
// -----------------------------------------------------------------------------------------

namespace {

constexpr std::string_view component = "ext4"; // reads all three

class DiskFileSystemType final : public FileSystemType {
public:
    constexpr explicit DiskFileSystemType(const char* name) : FileSystemType(name, true) {}

    bool is_there() const override { return core::find_component(component).has_value(); }
    Result<Ref<SuperBlock>> mount(const MountRequest& request) const override {
        std::string_view source = request.source;
        constexpr std::string_view device_folder = "/dev/";
        if (!source.starts_with(device_folder))
            return Failure(Errno::notblk);
        source.remove_prefix(device_folder.size());
        Ref<core::BlockDevice> device = TRY(core::find_block_device(source));
        Ref<MountedVolume> volume = TRY(MountedVolume::create(std::move(device), component));
        const u32 flags = TRY(parse_options(request.options));
        TRY(volume->mount(flags | (request.flags & read_only_flag ? mount_flag::read_only : 0)));
        return DiskSuperBlock::create(*this, std::move(volume), request.flags);
    }
};

constinit DiskFileSystemType g_ext4("ext4");
constinit DiskFileSystemType g_ext3("ext3");
constinit DiskFileSystemType g_ext2("ext2");

} // namespace

void register_component_file_systems() {
    register_file_system(g_ext4);
    register_file_system(g_ext3);
    register_file_system(g_ext2);
}

} // namespace linux

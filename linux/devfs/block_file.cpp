// SPDX-License-Identifier: BSD-2-Clause
#include "linux/devfs/block_file.h"

#include "core/device/block_names.h"
#include "core/memory/frames.h"
#include "linux/devfs/device_file.h"
#include "linux/process/credentials.h"
#include "linux/sysfs/device_nodes.h"
#include "linux/vfs/super_block.h"

namespace linux {

namespace {

using Operation = core::BlockRequest::Operation;

// Not mountable; only there because inodes lie in a file system.
class BlockContentType final : public FileSystemType {
public:
    constexpr BlockContentType() : FileSystemType("bdev", false) {}
    Result<Ref<SuperBlock>> mount(const MountRequest&) const override {
        return Failure(Errno::nodev);
    }
};
constinit BlockContentType g_type;

class BlockContentSuperBlock final : public SuperBlock {
public:
    BlockContentSuperBlock() : SuperBlock(g_type, Caching::normal) { magic = 0x6264'6576; }
    Result<> statistics(FileSystemStatistics& statistics) override {
        statistics.magic = magic;
        return {};
    }
};
constinit SuperBlock* g_super_block = nullptr;

} // namespace

BlockInode::BlockInode(SuperBlock& super_block, u64 number, Ref<core::BlockDevice> device)
    : Inode(super_block, number, file_mode::block_device | 0600), device_(std::move(device)) {
    set_size(device_->size_in_bytes());
}

void BlockInode::opened() {
    if (openings_.fetch_add(1, std::memory_order_relaxed) == 0)
        set_size(size_in_device());
}

void BlockInode::refresh() {
    if (core::PageCache* cache = page_cache_if_any())
        cache->drop(0, ~u64{0}, false);
    set_size(size_in_device());
}

void BlockInode::closed() {
    if (openings_.fetch_sub(1, std::memory_order_acq_rel) != 1)
        return;
    core::PageCache* cache = page_cache_if_any();
    if (!cache)
        return;
    (void)cache->write_back();
    cache->drop(0, ~u64{0}, false);
}

Result<Ref<core::PageCache>> BlockInode::create_page_cache() {
    return core::PageCache::create(*this, false);
}

Result<> BlockInode::sync(bool) {
    if (core::PageCache* cache = page_cache_if_any())
        TRY(cache->write_back());
    return device_->flush();
}

Result<> BlockInode::transfer(Operation operation, u64 first, std::span<core::Page* const> pages) {
    constexpr usize most = 32;
    core::BufferPiece pieces[most];
    const u64 size = size_in_device();
    usize done = 0;
    while (done < pages.size()) {
        const usize batch = pages.size() - done < most ? pages.size() - done : most;
        u64 bytes = 0;
        for (usize i = 0; i < batch; ++i) {
            const u64 start = (first + done + i) << page_shift;
            if (start >= size)
                break;
            const u64 length = size - start < page_size ? size - start : page_size;
            pieces[i] = {pages[done + i]->physical(), length};
            bytes += length;
        }
        if (bytes == 0)
            break;
        core::BlockRequest request;
        request.operation = operation;
        request.sector = (first + done) << (page_shift - 9);
        request.sectors = static_cast<u32>(bytes / 512);
        request.pieces = {pieces, (bytes + page_size - 1) >> page_shift};
        TRY(device_->transfer(request));
        done += batch;
    }
    return {};
}

u64 BlockInode::size_in_device() const { return device_->size_in_bytes(); }

Result<> BlockInode::read_pages(u64 first, std::span<core::Page* const> pages) {
    // The last page may reach beyond the device.
    core::Page& last = *pages.back();
    if ((first + pages.size()) << page_shift > size_in_device())
        __builtin_memset(last.bytes(), 0, page_size);
    return transfer(Operation::read, first, pages);
}

Result<> BlockInode::write_pages(u64 first, std::span<core::Page* const> pages) {
    return transfer(Operation::write, first, pages);
}

Result<> BlockInode::prepare_dirty(u64) {
    if (device_->read_only())
        return Failure(Errno::rofs);
    mark_dirty();
    return {};
}

// Through memory of the kernel's own: program pages are not handed to devices.
Result<usize> BlockInode::direct_read(IoCursor& target, u64 offset) {
    return direct(target, offset, [this, &target](u64 at, std::span<u8> piece) -> Result<usize> {
        TRY(device_->read(at, piece));
        return target.copy_to(piece.data(), piece.size());
    });
}

Result<usize> BlockInode::direct_write(IoCursor& source, u64 offset) {
    return direct(source, offset, [this, &source](u64 at, std::span<u8> piece) -> Result<usize> {
        if (TRY(source.copy_from(piece.data(), piece.size())) != piece.size())
            return Failure(Errno::fault);
        TRY(device_->write(at, piece));
        return piece.size();
    });
}

template <typename Move>
Result<usize> BlockInode::direct(IoCursor& cursor, u64 offset, Move move) {
    constexpr unsigned order = 4; // 64 KiB at a time
    const u64 size = size_in_device();
    if (offset >= size)
        return usize{0};
    cursor.limit(size - offset);
    core::Page* block = TRY(core::allocate_block(order, core::PageUse::kernel));
    usize done = 0;
    Result<usize> outcome = usize{0};
    while (!cursor.empty()) {
        const usize piece = cursor.left() < page_size << order ? cursor.left() : page_size << order;
        outcome = move(offset + done, std::span<u8>(block->bytes(), piece));
        if (!outcome)
            break;
        done += *outcome;
    }
    core::free_block(*block, order);
    return done || outcome ? Result<usize>(done) : outcome;
}

// ---- the open file ------------------------------------------------------------------------------

BlockFile::BlockFile(const Path& path, BlockInode& content, u32 flags)
    : CachedFile(path, content, flags),
      use_(Ref<core::BlockDevice>::share(content.device())),
      content_kept_(Ref<Inode>::share(content)) {
    content.opened();
}

BlockFile::~BlockFile() { block().closed(); }

namespace {

namespace block_control { // linux/fs.h
constexpr u32 get_read_only = 0x125e, sectors = 0x1260, flush = 0x1261, get_read_ahead = 0x1263;
constexpr u32 read_partitions = 0x125f;
constexpr u32 sector_size = 0x1268, block_size = 0x8008'1270, bytes = 0x8008'1272;
constexpr u32 minimum_io = 0x1278, optimal_io = 0x1279, alignment = 0x127a, physical_size = 0x127b;
constexpr u32 rotational = 0x127e, disk_sequence = 0x8008'1280;
} // namespace block_control

template <typename T>
Result<u64> answer(u64 argument, T value) {
    TRY(core::UserOut<T>(argument).write(value));
    return u64{0};
}

constinit u32 g_special_major = 0; // set once at start, with the handler
constinit BlockIoctl g_special_ioctl = nullptr;

} // namespace

void set_block_ioctl(u32 major, BlockIoctl handler) {
    g_special_major = major;
    g_special_ioctl = handler;
}

Result<> BlockFile::rescan() {
    if (!capable(Capability::sys_admin))
        return Failure(Errno::acces);
    TRY(block().sync(false));
    return core::rescan_partitions(block().device());
}

Result<u64> BlockFile::ioctl(u32 request, u64 argument) {
    using namespace block_control;
    core::BlockDevice& device = block().device();
    const component::BlockProperties& properties = device.properties();
    switch (request) {
    case get_read_only: return answer<i32>(argument, device.read_only() ? 1 : 0);
    case sectors: return answer<u64>(argument, device.capacity());
    case bytes: return answer<u64>(argument, device.size_in_bytes());
    case sector_size: return answer<i32>(argument, static_cast<i32>(properties.sector_size));
    case physical_size: return answer<u32>(argument, properties.physical_sector_size);
    case block_size: return answer<i32>(argument, static_cast<i32>(page_size));
    case minimum_io: return answer<u32>(argument, properties.physical_sector_size);
    case optimal_io: return answer<u32>(argument, 0);
    case alignment: return answer<i32>(argument, 0);
    case rotational: return answer<u16>(argument, 0);
    case get_read_ahead: return answer<i64>(argument, 256);
    case disk_sequence: return answer<u64>(argument, device.sequence());
    case flush:
        if (!capable(Capability::sys_admin))
            return Failure(Errno::acces);
        TRY(block().sync(false));
        if (core::PageCache* cache = block().page_cache_if_any())
            cache->drop(0, ~u64{0}, false);
        return u64{0};
    case read_partitions: TRY(rescan()); return u64{0};
    default:
        return g_special_ioctl && device.disk().number().major == g_special_major
                   ? g_special_ioctl(*this, request, argument)
                   : Failure(Errno::notty);
    }
}

// ---- nodes --------------------------------------------------------------------------------------

namespace {

Result<Ref<OpenFile>> open_block(const DeviceNode& node, const Path& path, u32 flags) {
    auto& content = *static_cast<BlockInode*>(node.context);
    if (content.device().is_gone())
        return Failure(Errno::nxio);
    const u32 mode = flags & open_flag::access_mode;
    if (mode != open_flag::read_only && content.device().read_only())
        return Failure(Errno::acces);
    auto* file = new (base::fallible) BlockFile(path, content, flags);
    if (!file)
        return Failure(Errno::nomem);
    Ref<OpenFile> opened = Ref<OpenFile>::adopt(file);
    if (content.device().is_retired())
        return Failure(Errno::nxio);
    return opened;
}

// The node's registration and each open file keep the inode.
void device_appeared(core::BlockDevice& device) {
    const core::BlockDeviceNumber number = device.number();
    const u64 inode_number = (u64{number.major} << 20) | number.minor;
    auto* content = new (base::fallible)
        BlockInode(*g_super_block, inode_number, Ref<core::BlockDevice>::share(device));
    if (!content)
        return;
    name_device_major(DeviceType::block, number.major, core::block_major_name(number.major));
    if (!register_device_node({.name = device.name(),
                               .type = DeviceType::block,
                               .number = {number.major, number.minor},
                               .mode = 0660,
                               .open = open_block,
                               .context = content,
                               .retain = [](void* kept) {
                                   static_cast<BlockInode*>(kept)->add_reference();
                               },
                               .release = [](void* kept) {
                                   static_cast<BlockInode*>(kept)->drop_reference();
                               }}))
        content->drop_reference();
}

void block_listener(core::BlockDevice& device, bool present) {
    if (present) {
        device_appeared(device);
        disk_added(device);
        return;
    }
    const core::BlockDeviceNumber number = device.number();
    (void)unregister_device_node(DeviceType::block, {number.major, number.minor});
    disk_removed(device);
}

} // namespace

void start_block_nodes() {
    g_super_block = new (base::fallible) BlockContentSuperBlock;
    if (g_super_block)
        core::set_block_listener(block_listener);
}

Result<> sync_block_devices(bool wait) {
    return g_super_block ? g_super_block->sync_all(wait) : Result<>();
}

} // namespace linux

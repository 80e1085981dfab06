// SPDX-License-Identifier: BSD-2-Clause
#include "linux/loop/loop_device.h"

#include "base/format.h"
#include "base/memory_functions.h"
#include "core/component/manager.h"
#include "core/observe/log.h"
#include "linux/devfs/block_file.h"

namespace linux {

namespace {

constexpr u64 largest_offset = ~u64{0} >> 1;
constexpr u32 deepest = 8; // loop devices on top of each other

bool is_block_size(u64 size) {
    return size >= 512 && size <= page_size && (size & (size - 1)) == 0;
}

} // namespace

Result<Ref<LoopDevice>> LoopDevice::create(u32 number) {
    Ref<LoopBacking> backing = TRY(LoopBacking::create());
    const core::Instance::Child children[] = {core::Instance::Child(backing)};
    Ref<core::Instance> instance = TRY(core::create_instance("loop", children, number));
    auto made = Ref<LoopDevice>::create(number, std::move(backing), instance);
    if (!made)
        core::end_instance(*instance);
    return made;
}

void LoopDevice::end() { core::end_instance(*instance_); }

Result<Ref<core::BlockDevice>> LoopDevice::disk() const {
    auto found = core::find_block_device(core::BlockDeviceNumber{loop_major, number_});
    return found ? std::move(found) : Failure(Errno::nodev); // its component was given up
}

bool LoopDevice::is_attached() {
    Guard guard(lock_);
    return bool(attached_.file);
}

Result<> LoopDevice::retire() {
    const auto its_disk = disk();
    if (its_disk && (is_attached() || !(*its_disk)->retire_if_unused()))
        return Failure(Errno::busy);
    return {};
}

// Linux's get_loop_size(): what is left of the file, at most the limit.
LoopBacking::View LoopDevice::view_of(const Attachment& attachment) {
    LoopBacking::View view;
    if (!attachment.file)
        return view;
    const LoopInfo& info = attachment.info;
    const u64 size = size_of_backing(*attachment.file);
    u64 bytes = size > info.offset ? size - info.offset : 0;
    if (info.size_limit != 0 && info.size_limit < bytes)
        bytes = info.size_limit;
    view.offset = info.offset;
    view.sector_size = attachment.block_size;
    view.capacity = (bytes - bytes % view.sector_size) / 512;
    view.read_only = (info.flags & loop_flag::read_only) != 0;
    return view;
}

// The component looks at its child before each request; this is one that does nothing else.
Result<> LoopDevice::have_seen() {
    const Ref<core::BlockDevice> its_disk = TRY(disk());
    core::BlockRequest request;
    request.operation = core::BlockRequest::Operation::flush;
    return its_disk->transfer(request);
}

Result<> LoopDevice::exchange(Attachment& next) {
    const bool attaches = bool(next.file);
    (void)backing_->serve(next.file, view_of(next));
    std::swap(attached_, next);
    const Result<> seen = have_seen();
    if (seen || !attaches)
        return {}; // a component that is gone has no file either
    std::swap(attached_, next);
    (void)backing_->serve(attached_.file, view_of(attached_));
    return seen;
}

Result<> LoopDevice::exchange_and_refresh(BlockFile& node, Attachment& next) {
    TRY(node.block().sync(false));
    TRY(exchange(next));
    node.block().refresh();
    return {};
}

// A file that lies on this very device, by way of other loop devices, would wait for itself.
Result<> LoopDevice::check_file(const OpenFile& file) const {
    if (!can_back_loop(file))
        return Failure(Errno::inval);
    DeviceNumber number = file.inode().device();
    bool is_device = file.inode().type() == file_mode::block_device;
    for (u32 depth = 0; is_device; ++depth) {
        const auto device =
            core::find_block_device(core::BlockDeviceNumber{number.major, number.minor});
        if (!device)
            return Failure(Errno::nxio);
        const core::BlockDeviceNumber its_disk = (*device)->disk().number();
        if (its_disk.major != loop_major)
            break;
        if (its_disk.minor == number_ || depth == deepest)
            return Failure(Errno::badf);
        const auto next = TRY(find_loop(its_disk.minor))->shown();
        if (!next)
            return Failure(Errno::inval); // it has no file
        number = next->file->inode().device();
        is_device = next->file->inode().type() == file_mode::block_device;
    }
    return {};
}

Result<> LoopDevice::attach(BlockFile& node, const LoopConfiguration& wanted) {
    Attachment next;
    next.file = RefOrNull<OpenFile>(TRY(borrow_file(wanted.fd)).to_ref());
    TRY(check_file(*next.file));
    next.info = wanted.info;
    next.block_size = wanted.block_size ? wanted.block_size : 512;
    if ((wanted.info.flags & ~loop_flag::configurable) || wanted.info.encrypt_type != 0 ||
        !is_block_size(next.block_size))
        return Failure(Errno::inval);
    if (wanted.info.offset > largest_offset || wanted.info.size_limit > largest_offset)
        return Failure(Errno::overflow);
    next.info.flags &= ~loop_flag::direct_io; // files are read and written through their cache
    if (!next.file->is_writable() || !node.is_writable())
        next.info.flags |= loop_flag::read_only;
    const u32 flags = next.info.flags;
    {
        Guard guard(lock_);
        if (attached_.file)
            return Failure(Errno::busy);
        TRY(exchange_and_refresh(node, next));
    }
    core::BlockDevice& its_disk = node.block().device();
    loop_attached(its_disk);
    if (flags & loop_flag::partition_scan)
        (void)core::rescan_partitions(its_disk); // a table that cannot be read has none
    return {};
}

Result<LoopDevice::Attachment> LoopDevice::detach_locked(core::BlockDevice& its_disk) {
    Attachment none;
    if (const Result<> removed = core::remove_partitions(its_disk); !removed)
        LOG_WARNING("{}: a partition is still in use", its_disk.name());
    loop_detached(its_disk);
    TRY(exchange(none));
    return none;
}

// Declared before the guard: a file is let go without the lock, for it may be another loop device's
// last use.
Result<> LoopDevice::detach(BlockFile& node) {
    Attachment former;
    core::BlockDevice& its_disk = node.block().device();
    Guard guard(lock_);
    if (!attached_.file)
        return Failure(Errno::nxio);
    if (its_disk.uses() > 1) { // the caller is one of them
        attached_.info.flags |= loop_flag::auto_clear;
        return {};
    }
    (void)node.block().sync(false);
    former = TRY(detach_locked(its_disk));
    node.block().refresh();
    return {};
}

void LoopDevice::last_use_ended() {
    Attachment former;
    const auto its_disk = disk();
    if (!its_disk)
        return;
    Guard guard(lock_);
    if (!attached_.file || !(attached_.info.flags & loop_flag::auto_clear) ||
        (*its_disk)->uses() != 0)
        return;
    if (auto detached = detach_locked(**its_disk))
        former = std::move(*detached);
}

Result<> LoopDevice::change_file(BlockFile& node, u32 fd) {
    Attachment next;
    Ref<OpenFile> file = TRY(borrow_file(fd)).to_ref();
    TRY(check_file(*file));
    Guard guard(lock_);
    if (!attached_.file)
        return Failure(Errno::nxio);
    if (!(attached_.info.flags & loop_flag::read_only))
        return Failure(Errno::inval);
    next.info = attached_.info;
    next.block_size = attached_.block_size;
    next.file = std::move(file);
    if (view_of(next).capacity != view_of(attached_).capacity)
        return Failure(Errno::inval);
    TRY(exchange_and_refresh(node, next));
    return {};
}

Result<> LoopDevice::set_status(BlockFile& node, const LoopInfo& info) {
    Attachment next;
    bool scans;
    {
        Guard guard(lock_);
        if (!attached_.file)
            return Failure(Errno::nxio);
        if (info.encrypt_type != 0)
            return Failure(Errno::inval);
        if (info.offset > largest_offset || info.size_limit > largest_offset)
            return Failure(Errno::overflow);
        const u32 before = attached_.info.flags;
        next = attached_;
        next.info = info;
        next.info.flags = (before & ~(loop_flag::clearable)) |
                          (info.flags & loop_flag::settable);
        scans = (next.info.flags & ~before & loop_flag::partition_scan) != 0;
        TRY(exchange_and_refresh(node, next));
    }
    if (scans)
        (void)core::rescan_partitions(node.block().device());
    return {};
}

Result<LoopInfo> LoopDevice::status() {
    Guard guard(lock_);
    if (!attached_.file)
        return Failure(Errno::nxio);
    LoopInfo info = attached_.info;
    info.number = number_;
    info.encrypt_type = info.encrypt_key_size = 0;
    const Attributes is = TRY(attached_.file->inode().attributes());
    info.device = is.file_system.to_user();
    info.inode = is.number;
    info.node_device = is.device.to_user();
    return info;
}

Result<> LoopDevice::refresh_capacity(BlockFile& node) {
    Guard guard(lock_);
    if (!attached_.file)
        return Failure(Errno::nxio);
    Attachment same = attached_;
    return exchange_and_refresh(node, same);
}

Result<> LoopDevice::set_block_size(BlockFile& node, u64 size) {
    Guard guard(lock_);
    if (!attached_.file)
        return Failure(Errno::nxio);
    if (!is_block_size(size))
        return Failure(Errno::inval);
    Attachment next = attached_;
    next.block_size = static_cast<u32>(size);
    return exchange_and_refresh(node, next);
}

Result<> LoopDevice::set_direct_io(bool wanted) {
    Guard guard(lock_);
    if (!attached_.file)
        return Failure(Errno::nxio);
    return wanted ? Result<>(Failure(Errno::inval)) : Result<>();
}

Result<LoopDevice::Shown> LoopDevice::shown() {
    Guard guard(lock_);
    if (!attached_.file)
        return Failure(Errno::nodev);
    return Shown{attached_.file, attached_.info.offset, attached_.info.size_limit,
                 attached_.info.flags};
}

} // namespace linux

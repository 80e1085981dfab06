// SPDX-License-Identifier: BSD-2-Clause
#include "linux/loop/loop_backing.h"

#include "abi/linux/file.h"
#include "base/memory_functions.h"
#include "core/device/block_device.h"
#include "core/memory/kernel_map.h"
#include "linux/vfs/content.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/super_block.h"

namespace linux {

using component::BlockProperties;
using component::Request;

namespace {

bool is_sealed(const Inode& inode) {
    const InodeExtras* extras = inode.extras_if_any();
    const u32 seals = extras ? extras->seals.load(std::memory_order_acquire) : 0;
    return (seals & (seal::write | seal::future_write | seal::grow)) != 0;
}

} // namespace

bool can_back_loop(const OpenFile& file) {
    const Inode& inode = file.inode();
    return (inode.is_regular() && !inode.is_generated()) ||
           inode.type() == file_mode::block_device;
}

u64 size_of_backing(const OpenFile& file) {
    const Inode& inode = file.inode();
    if (inode.is_regular())
        return inode.size();
    const DeviceNumber number = inode.device();
    const auto device =
        core::find_block_device(core::BlockDeviceNumber{number.major, number.minor});
    return device ? (*device)->size_in_bytes() : 0;
}

LoopBacking::LoopBacking()
    : ChildService(component::fingerprint_of<Block>(), sizeof(BlockProperties)),
      strand_(*this, false), gate_(strand_, 0, Block::operations) {
    // Callers run its handler on their own threads, and none ends: nobody else has to be called.
    kick = [](Observer&, core::Strand&) {};
    crashed = [](Observer&, core::Strand&, Errno) {};
    component::Handlers handlers;
    handlers.submit = &LoopBacking::submit;
    strand_.rebind({&env_, handlers});
    strand_.release();
}

LoopBacking::~LoopBacking() = default;

Result<Ref<LoopBacking>> LoopBacking::create() { return Ref<LoopBacking>::create(); }

void LoopBacking::copy_properties(void* to) {
    const BlockProperties now = *properties_.lock();
    memcpy(to, &now, sizeof now);
}

RefOrNull<OpenFile> LoopBacking::serve(RefOrNull<OpenFile> file, const View& view) {
    BlockProperties now;
    now.sector_size = now.physical_sector_size = view.sector_size;
    now.capacity = file ? view.capacity : 0;
    now.max_segments = component::maximum_child_pieces;
    now.write_cache = 1;
    now.read_only = view.read_only;
    return strand_.run_exclusively([&](component::Env&) {
        std::swap(file_, file);
        view_ = view;
        *properties_.lock() = now;
        return std::move(file);
    });
}

component::Answer LoopBacking::submit(component::Env& env, const Request& request) {
    const Result<u64> result = static_cast<BackingEnv&>(env).owner.run(request);
    return result ? component::Answer::done(*result) : component::Answer::failed(result.error());
}

// Errors: io, nospc, rofs, opnotsupp. What the file's own file system has no room for is an I/O
// error of the device, as on Linux.
Result<u64> LoopBacking::run(const Request& request) {
    const auto operation = static_cast<Block::Operation>(request.operation);
    if (operation == Block::Operation::flush)
        return file_ && !file_->sync(false) ? Failure(Errno::io) : Result<u64>(u64{0});
    const auto arguments = request.payload<Block::Arguments>();
    if (!file_)
        return Failure(Errno::io);
    if (arguments.sector > view_.capacity ||
        arguments.count > view_.capacity - arguments.sector)
        return Failure(Errno::nospc);
    if (operation != Block::Operation::read && view_.read_only)
        return Failure(Errno::rofs);
    const u64 begin = view_.offset + arguments.sector * 512;
    const u64 length = u64{arguments.count} * 512;
    if (operation != Block::Operation::read && operation != Block::Operation::write)
        return Failure(Errno::opnotsupp);
    u64 done = 0;
    for (const core::BufferPiece& piece : strand_.find(request.id)->pieces) {
        if (piece.length > length - done)
            return Failure(Errno::io);
        const std::span<u8> memory(core::physical_view(piece.address), piece.length);
        TRY(operation == Block::Operation::read ? read(begin + done, memory)
                                                : write(begin + done, memory));
        done += piece.length;
    }
    const bool is_forced = (arguments.flags & Block::flag_force_unit_access) != 0;
    if (operation == Block::Operation::write && is_forced && !file_->sync(true))
        return Failure(Errno::io);
    return done;
}

// What lies behind the end of a file that was cut meanwhile reads as zeroes.
Result<> LoopBacking::read(u64 offset, std::span<u8> to) {
    while (!to.empty()) {
        IoCursor target(to);
        const Result<usize> moved = file_->inode().is_regular()
                                        ? read_content(file_->inode(), target, offset)
                                        : file_->read(target, offset, {});
        if (!moved)
            return Failure(Errno::io);
        if (*moved == 0)
            break;
        offset += *moved;
        to = to.subspan(*moved);
    }
    memset(to.data(), 0, to.size());
    return {};
}

// As write(2), without the limits of whoever calls it: this is no program's thread.
Result<> LoopBacking::write(u64 offset, std::span<const u8> from) {
    while (!from.empty()) {
        IoCursor source(from);
        Result<usize> moved = usize{0};
        if (Inode& inode = file_->inode(); inode.is_regular()) {
            if (is_sealed(inode) || offset >= inode.super_block().maximum_size)
                return Failure(Errno::io);
            InodeGuard guard(inode.lock(), InodeRole::file);
            inode.touch_modified();
            const Result<> prepared = inode.prepare_write(offset, from.size());
            moved = prepared ? write_content_locked(inode, source, offset)
                             : Result<usize>(Failure(prepared.error()));
        } else {
            u64 at = offset;
            moved = file_->write(source, at, {});
        }
        if (!moved || *moved == 0)
            return Failure(Errno::io);
        offset += *moved;
        from = from.subspan(*moved);
    }
    return {};
}

} // namespace linux

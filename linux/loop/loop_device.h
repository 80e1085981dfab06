// SPDX-License-Identifier: BSD-2-Clause
// A loop device: the instance of the component `loop` that is its disk, the child behind that, and
// the file attached to it. Process context.
#pragma once

#include "abi/linux/loop.h"
#include "core/component/instance.h"
#include "core/device/block_device.h"
#include "core/sync/lock.h"
#include "linux/loop/loop_backing.h"

namespace linux {

class BlockFile;

class LoopDevice final : public RefCounted<LoopDevice> {
public:
    // Starts the instance: /dev/loopN is there afterwards, without a file. Errors: those of
    // core::create_instance.
    static Result<Ref<LoopDevice>> create(u32 number);
    // Ends it.
    void end();

    u32 number() const { return number_; }
    bool is_attached();
    // Nobody can open it any more. loop_control is held. Errors: busy (it has a file, or somebody
    // has it open).
    Result<> retire();

    // The requests of /dev/loopN; `node` is how it is open.
    // Errors: badf, busy (it has a file), inval, nodev and io (its component is gone).
    Result<> attach(BlockFile& node, const LoopConfiguration& wanted);
    // At once, or when nobody else has it open any more. Errors: nxio, io.
    Result<> detach(BlockFile& node);
    // Errors: nxio, inval, badf.
    Result<> change_file(BlockFile& node, u32 fd);
    Result<> set_status(BlockFile& node, const LoopInfo& info); // errors: nxio, inval, overflow
    Result<LoopInfo> status();                                  // errors: nxio
    Result<> refresh_capacity(BlockFile& node);                 // errors: nxio
    Result<> set_block_size(BlockFile& node, u64 size);         // errors: nxio, inval
    Result<> set_direct_io(bool wanted);                        // errors: nxio, inval

    // Nobody has it open any more: detaches what was to be cleared then.
    void last_use_ended();

    // For its files in /sys. Errors: nodev (nothing is attached).
    struct Shown {
        RefOrNull<OpenFile> file;
        u64 offset;
        u64 size_limit;
        u32 flags;
    };
    Result<Shown> shown();

    ListLink link; // in the table

private:
    friend class Ref<LoopDevice>;
    using Guard = core::LockGuard<core::lock_class::loop_device>;
    struct Attachment {
        RefOrNull<OpenFile> file;
        LoopInfo info; // offset, size limit, flags, names
        u32 block_size = 512;
    };

    LoopDevice(u32 number, Ref<LoopBacking> backing, Ref<core::Instance> instance)
        : number_(number), backing_(std::move(backing)), instance_(std::move(instance)) {}
    Result<Ref<core::BlockDevice>> disk() const;
    static LoopBacking::View view_of(const Attachment& attachment);
    // With lock_ held: serves `next` and has the component see it; the former one is in `next`
    // afterwards. Errors: nodev, io; then nothing changed.
    Result<> exchange(Attachment& next);
    Result<> have_seen();
    Result<> exchange_and_refresh(BlockFile& node, Attachment& next);
    // With lock_ held; what was attached, to be let go without it.
    Result<Attachment> detach_locked(core::BlockDevice& disk);
    Result<> check_file(const OpenFile& file) const;

    const u32 number_;
    const Ref<LoopBacking> backing_;
    const Ref<core::Instance> instance_;
    core::Lock<core::lock_class::loop_device> lock_;
    Attachment attached_; // guarded by lock_
};

// The directory `loop` of its disk in /sys, and the event that something changed.
void loop_attached(core::BlockDevice& disk);
void loop_detached(core::BlockDevice& disk);

// --- the table

Result<Ref<LoopDevice>> find_loop(u32 number); // errors: nodev
// /dev/loop-control, and what /dev/loopN does beside all disks. Start-up only. Errors: nomem.
Result<> start_loop_devices();

} // namespace linux

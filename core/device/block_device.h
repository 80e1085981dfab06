// SPDX-License-Identifier: BSD-2-Clause
// Block devices as the rest of the kernel sees them: disks (vda, ram0) and their partitions (vda1),
// by name and by Linux's numbers. Data goes straight between RAM and the driver's gate.
#pragma once

#include "core/component/service_sink.h"
#include "core/device/block_queue.h"

namespace core {

struct BlockDeviceNumber {
    u32 major = 0;
    u32 minor = 0;
    constexpr bool operator==(const BlockDeviceNumber&) const = default;
};

class BlockDevice : public RefCounted<BlockDevice> {
public:
    std::string_view name() const { return {name_, name_length_}; }
    BlockDeviceNumber number() const { return number_; }
    // In sectors of 512 bytes.
    u64 capacity() const;
    u64 size_in_bytes() const { return capacity() * 512; }
    u32 sector_size() const { return properties().sector_size; }
    bool read_only() const { return properties().read_only != 0; }
    const component::BlockProperties& properties() const { return disk_->queue_->properties(); }
    bool is_partition() const { return disk_ != this; }
    // The whole disk: itself, or the one this is a partition of.
    BlockDevice& disk() const { return *disk_; }
    u64 first_sector() const { return first_sector_; }
    u32 partition() const { return partition_; } // 0: the whole disk
    // GPT's partition GUID, or MBR's signature and number, as text for PARTUUID=; empty for a disk.
    std::string_view partition_uuid() const { return {uuid_, uuid_length_}; }
    // Gone (driver given up or device removed): every request ends with io.
    bool is_gone() const { return disk_->gone_.load(std::memory_order_acquire); }
    // Of all disks that ever were; a partition has its disk's.
    u64 sequence() const { return disk_->sequence_; }
    // The instance that drives it ("virtio_blk0").
    std::string_view driver_name() const { return {disk_->driver_, disk_->driver_length_}; }
    BlockStatistics statistics() const { return disk_->queue_->statistics(); }
    // How many have it open or mounted; a disk counts those of its partitions.
    u32 uses() const { return uses_.load(std::memory_order_acquire) & ~retired; }
    // If nobody uses the disk, nobody is to begin: whoever made a BlockUse must see is_retired()
    // afterwards. False: somebody does.
    bool retire_if_unused();
    // They may again.
    void end_retirement();
    bool is_retired() const {
        return (disk_->uses_.load(std::memory_order_acquire) & retired) != 0;
    }

    // Starts a transfer; request.completed follows in every case. Any context, no locks held.
    void submit(BlockRequest& request);
    // The same, waiting for the outcome; `completed` is used by this. Process context, no spinning
    // lock.
    Result<> transfer(BlockRequest& request);
    // Kernel memory (map of all memory, or a mapping); offset and length in whole device sectors.
    // Errors: inval, io, nospc, rofs.
    Result<> read(u64 offset, std::span<u8> to);
    Result<> write(u64 offset, std::span<const u8> from);
    Result<> flush();

    ~BlockDevice();

private:
    friend class BlockRegistry;
    friend class BlockUse;
    friend class DiskSink;
    friend class Ref<BlockDevice>;
    BlockDevice() = default; // named when it enters the registry

    Result<> transfer_kernel_memory(BlockRequest::Operation operation, u64 offset, u8* memory,
                                    usize size);

    char name_[32] = {};
    usize name_length_ = 0;
    BlockDeviceNumber number_;
    BlockDevice* disk_ = this;
    RefOrNull<BlockDevice> parent_; // partition: keeps the disk alive
    RefOrNull<GateOwner> owner_;    // disk: keeps the gate alive
    u64 first_sector_ = 0;
    u64 sector_count_ = 0; // partition only
    u32 partition_ = 0;
    char uuid_[40] = {};
    usize uuid_length_ = 0;
    std::atomic<bool> gone_{false};
    static constexpr u32 retired = 1u << 31;
    std::atomic<u32> uses_{0}; // a disk that is retired: with that bit
    char driver_[32] = {}; // disk only
    usize driver_length_ = 0;
    u64 sequence_ = 0; // disk only
    BlockQueue* queue_ = nullptr; // whole disk only; owned
    ListLink registry_link_;
};

// Someone who has the device open or mounted. Ends in process context.
class BlockUse {
public:
    explicit BlockUse(Ref<BlockDevice> device);
    ~BlockUse();
    BlockUse(const BlockUse&) = delete;
    BlockUse& operator=(const BlockUse&) = delete;

    BlockDevice& operator*() const { return *device_; }
    BlockDevice* operator->() const { return device_.get(); }

private:
    const Ref<BlockDevice> device_;
};
// Told of each disk that nobody uses any more. One listener, before the first use.
using UnusedListener = void (*)(BlockDevice& disk);
void set_unused_listener(UnusedListener listener);

// --- the registry. Process context.

// Errors: noent.
Result<Ref<BlockDevice>> find_block_device(std::string_view name);
Result<Ref<BlockDevice>> find_block_device(BlockDeviceNumber number);
// Visits all, disks before their partitions, until `visit` answers false; no lock is held
// meanwhile.
void for_each_block_device(bool (*visit)(BlockDevice& device, void* argument), void* argument);
// Told of each device that appears (present) or goes; called for those already there at once.
// One listener (devtmpfs and uevents sit behind it).
using BlockListener = void (*)(BlockDevice& device, bool present);
void set_block_listener(BlockListener listener);

// Takes the disk's partitions off, and finds those that it has now. Errors: busy (one is in use),
// inval (a partition, or a disk that has none), and why the table cannot be read.
Result<> rescan_partitions(BlockDevice& disk);
// Takes them off. Errors: busy.
Result<> remove_partitions(BlockDevice& disk);

// Registers the block interface with the component manager. Once, at start. Errors: nospc, nomem.
Result<> start_block_devices();

} // namespace core

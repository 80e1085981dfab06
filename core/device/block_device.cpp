// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/block_device.h"

#include <algorithm>

#include "base/memory_functions.h"
#include "core/device/block_names.h"
#include "core/device/partition_table.h"
#include "core/gate/waiting.h"
#include "core/memory/kernel_map.h"
#include "core/observe/log.h"

namespace core {

using component::Block;

BlockDevice::~BlockDevice() { delete queue_; }

u64 BlockDevice::capacity() const {
    return is_partition() ? sector_count_ : disk_->queue_->properties().capacity;
}

namespace {

// Ends a request that never reaches the device; completions never run inside submit.
void refuse(GateCall& call, GateCall::Completed completed, Errno why) {
    call.reply = {static_cast<i32>(why), 0, 0};
    call.completed = completed;
    CallList calls;
    calls.push_back(call);
    defer_calls(calls);
}

} // namespace

void BlockDevice::submit(BlockRequest& request) {
    const component::BlockProperties& limits = properties();
    const bool is_flush = request.operation == Block::Operation::flush;
    const u64 sectors_per_unit = limits.sector_size / 512;
    Errno why = Errno::io;
    bool sound = !is_gone();
    if (sound && !is_flush &&
        (request.sector > capacity() || request.sectors > capacity() - request.sector)) {
        why = Errno::nospc;
        sound = false;
    } else if (sound && (request.sector | request.sectors) % sectors_per_unit != 0) {
        why = Errno::inval;
        sound = false;
    } else if (sound && request.is_write() && limits.read_only) {
        why = Errno::rofs;
        sound = false;
    } else if (sound &&
               ((request.operation == Block::Operation::discard && !limits.discard) ||
                (request.operation == Block::Operation::write_zeroes && !limits.write_zeroes))) {
        why = Errno::opnotsupp;
        sound = false;
    }
    if (!sound) {
        refuse(
            request.call_,
            [](GateCall& call) {
                BlockRequest& ended = BlockQueue::request_of(call);
                ended.completed(ended, Failure(call.reply.error()));
            },
            why);
        return;
    }
    disk_->queue_->submit_at(request, first_sector_ + request.sector);
}

Result<> BlockDevice::transfer(BlockRequest& request) {
    request.waiting_.store(1, std::memory_order_relaxed);
    request.completed = [](BlockRequest& ended, Result<> outcome) {
        ended.outcome_ = outcome;
        wake_waiting(ended.waiting_);
    };
    submit(request);
    wait_for_call(request.waiting_);
    return request.outcome_;
}

Result<> BlockDevice::transfer_kernel_memory(BlockRequest::Operation operation, u64 offset,
                                             u8* memory, usize size) {
    if ((offset | size) % sector_size() != 0)
        return Failure(Errno::inval);
    constexpr usize batch = 16;
    while (size != 0) {
        BufferPiece pieces[batch];
        usize used = 0;
        u64 bytes = 0;
        while (used < batch && bytes < size) {
            const u64 address = reinterpret_cast<u64>(memory) + bytes;
            const u64 here = std::min<u64>(size - bytes, page_size - address % page_size);
            pieces[used++] = {physical_of(KernelVirt(address)), here};
            bytes += here;
        }
        // Pages may cut a sector of the device in two; the part then ends before that sector.
        bytes -= bytes % sector_size();
        BlockRequest request;
        request.operation = operation;
        request.sector = offset / 512;
        request.sectors = static_cast<u32>(bytes / 512);
        request.pieces = {pieces, used};
        TRY(transfer(request));
        offset += bytes;
        memory += bytes;
        size -= bytes;
    }
    return {};
}

Result<> BlockDevice::read(u64 offset, std::span<u8> to) {
    return transfer_kernel_memory(Block::Operation::read, offset, to.data(), to.size());
}

Result<> BlockDevice::write(u64 offset, std::span<const u8> from) {
    return transfer_kernel_memory(Block::Operation::write, offset, const_cast<u8*>(from.data()),
                                  from.size());
}

Result<> BlockDevice::flush() {
    if (!properties().write_cache)
        return {};
    BlockRequest request;
    request.operation = Block::Operation::flush;
    return transfer(request);
}

// --- the registry

class BlockRegistry {
public:
    struct State final : BlockNameTable {
        bool has_name(std::string_view name) override;
        bool has_number(BlockDeviceNumber number) override;

        List<BlockDevice, &BlockDevice::registry_link_> devices; // owns a reference to each
        BlockListener listener = nullptr;
    };
    static Guarded<State, lock_class::block_registry>& state() { return *state_; }
    static Result<> start();
    static Result<Ref<BlockDevice>> make_disk(const OfferedService& service);
    static void scan_partitions(BlockDevice& disk);
    static Result<> add_partition(BlockDevice& disk, const PartitionEntry& entry);
    // `name` answers what the device is called, seeing what is in use. Errors: those of `name`.
    template <typename Name>
    static Result<> publish(Ref<BlockDevice> device, Name name);
    static void remove_disk(BlockDevice& disk);

private:
    static Guarded<State, lock_class::block_registry>* state_;
};
Guarded<BlockRegistry::State, lock_class::block_registry>* BlockRegistry::state_;

// The sink of a disk's service.
class DiskSink final : public ServiceSink {
public:
    explicit DiskSink(Ref<BlockDevice> disk) : disk_(std::move(disk)) {}
    void updated(std::span<const u8> bytes) override {
        component::BlockProperties properties;
        if (bytes.size() == sizeof properties) {
            memcpy(&properties, bytes.data(), sizeof properties);
            disk_->queue_->set_capacity(properties.capacity);
        }
    }
    void withdrawn() override {
        disk_->gone_.store(true, std::memory_order_release);
        BlockRegistry::remove_disk(*disk_);
    }

private:
    Ref<BlockDevice> disk_;
};

namespace {

class DiskReader final : public SectorReader {
public:
    explicit DiskReader(BlockDevice& disk) : disk_(disk) {}
    // Reads whole device sectors around what is asked for.
    Result<> read_sectors(u64 sector, std::span<u8> to) override {
        const u64 unit = disk_.sector_size();
        const u64 start = sector * 512 / unit * unit;
        const u64 end = (sector * 512 + to.size() + unit - 1) / unit * unit;
        if (start == sector * 512 && end == start + to.size())
            return disk_.read(start, to);
        u8* bounce = new (base::fallible) u8[end - start];
        if (!bounce)
            return Failure(Errno::nomem);
        const Result<> read = disk_.read(start, {bounce, end - start});
        if (read)
            memcpy(to.data(), bounce + (sector * 512 - start), to.size());
        delete[] bounce;
        return read;
    }

private:
    BlockDevice& disk_;
};

Result<Ref<ServiceSink>> bind_block(const OfferedService& service) {
    Ref<BlockDevice> disk = TRY(BlockRegistry::make_disk(service));
    Ref<DiskSink> sink = TRY(Ref<DiskSink>::create(disk));
    TRY(BlockRegistry::publish(disk,
                               [&](BlockNameTable& table) { return name_disk(table, service); }));
    LOG_INFO("{}: {} sectors, {} bytes each", disk->name(),
             disk->size_in_bytes() / disk->sector_size(), disk->sector_size());
    BlockRegistry::scan_partitions(*disk);
    return Ref<ServiceSink>(std::move(sink));
}

} // namespace

Result<> BlockRegistry::start() {
    state_ = new (base::fallible) Guarded<State, lock_class::block_registry>;
    if (!state_)
        return Failure(Errno::nomem);
    return register_interface(binding_of<Block>(&bind_block));
}

bool BlockRegistry::State::has_name(std::string_view name) {
    for (BlockDevice& device : devices) {
        if (device.name() == name)
            return true;
    }
    return false;
}

bool BlockRegistry::State::has_number(BlockDeviceNumber number) {
    for (BlockDevice& device : devices) {
        if (device.number() == number)
            return true;
    }
    return false;
}

Result<Ref<BlockDevice>> BlockRegistry::make_disk(const OfferedService& service) {
    component::BlockProperties properties;
    memcpy(&properties, service.properties.data(), sizeof properties);
    const bool power_of_two = (properties.sector_size & (properties.sector_size - 1)) == 0;
    if (properties.sector_size < 512 || properties.sector_size > page_size || !power_of_two)
        return Failure(Errno::inval);
    Ref<BlockDevice> disk = TRY(Ref<BlockDevice>::create());
    disk->owner_ = service.owner;
    static constinit std::atomic<u64> g_sequence{0};
    disk->sequence_ = g_sequence.fetch_add(1, std::memory_order_relaxed) + 1;
    disk->driver_length_ = service.instance.copy(disk->driver_, sizeof disk->driver_);
    disk->queue_ = new (base::fallible) BlockQueue(service.gate, properties);
    if (!disk->queue_)
        return Failure(Errno::nomem);
    return disk;
}

template <typename Name>
Result<> BlockRegistry::publish(Ref<BlockDevice> device, Name name) {
    BlockListener listener;
    {
        auto state = state_->lock();
        const DiskName is = TRY(name(static_cast<BlockNameTable&>(*state)));
        device->name_length_ = is.view().copy(device->name_, sizeof device->name_);
        device->number_ = is.number;
        Ref<BlockDevice> kept = device;
        state->devices.push_back(*kept.release());
        listener = state->listener;
    }
    if (listener)
        listener(*device, true);
    return {};
}

void BlockRegistry::scan_partitions(BlockDevice& disk) {
    if (disk.number().major == 1)
        return; // RAM disks have none
    constexpr usize limit = 128;
    PartitionEntry* entries = new (base::fallible) PartitionEntry[limit];
    if (!entries)
        return;
    DiskReader reader(disk);
    const auto found =
        read_partition_table(reader, disk.capacity(), disk.sector_size(), {entries, limit});
    if (!found)
        LOG_WARNING("{}: cannot read the partition table: {}", disk.name(), found.error());
    for (u32 i = 0; found && i < *found; ++i) {
        if (const Result<> added = add_partition(disk, entries[i]); !added)
            LOG_WARNING("{}: partition {}: {}", disk.name(), entries[i].number, added.error());
    }
    delete[] entries;
}

Result<> BlockRegistry::add_partition(BlockDevice& disk, const PartitionEntry& entry) {
    Ref<BlockDevice> partition = TRY(Ref<BlockDevice>::create());
    partition->parent_ = RefOrNull<BlockDevice>::share(&disk);
    partition->disk_ = &disk;
    partition->first_sector_ = entry.first_sector;
    partition->sector_count_ = entry.sector_count;
    partition->partition_ = entry.number;
    partition->uuid_length_ =
        std::string_view(entry.uuid).copy(partition->uuid_, sizeof partition->uuid_);
    TRY(publish(partition,
                [&](BlockNameTable& table) { return name_partition(table, disk, entry.number); }));
    LOG_INFO("{}: {} sectors from {}", partition->name(), entry.sector_count, entry.first_sector);
    return {};
}

void BlockRegistry::remove_disk(BlockDevice& disk) {
    while (true) {
        RefOrNull<BlockDevice> victim;
        BlockListener listener;
        {
            auto state = state_->lock();
            listener = state->listener;
            for (BlockDevice& device : state->devices) {
                if (device.disk_ == &disk)
                    victim = RefOrNull<BlockDevice>::share(&device);
            }
            if (!victim)
                return;
            victim->registry_link_.unlink();
            victim->drop_reference();
        }
        if (listener)
            listener(*victim, false);
    }
}

Result<Ref<BlockDevice>> find_block_device(std::string_view name) {
    auto state = BlockRegistry::state().lock();
    for (BlockDevice& device : state->devices) {
        if (device.name() == name)
            return Ref<BlockDevice>::share(device);
    }
    return Failure(Errno::noent);
}

Result<Ref<BlockDevice>> find_block_device(BlockDeviceNumber number) {
    auto state = BlockRegistry::state().lock();
    for (BlockDevice& device : state->devices) {
        if (device.number() == number)
            return Ref<BlockDevice>::share(device);
    }
    return Failure(Errno::noent);
}

namespace {

// The device at place `index` of the list; none past the end.
RefOrNull<BlockDevice> device_at(u32 index) {
    auto state = BlockRegistry::state().lock();
    for (BlockDevice& device : state->devices) {
        if (index-- == 0)
            return RefOrNull<BlockDevice>::share(&device);
    }
    return nullptr;
}

} // namespace

void for_each_block_device(bool (*visit)(BlockDevice&, void*), void* argument) {
    for (u32 i = 0;; ++i) {
        const auto device = device_at(i);
        if (!device || !visit(*device, argument))
            return;
    }
}

void set_block_listener(BlockListener listener) {
    {
        auto state = BlockRegistry::state().lock();
        state->listener = listener;
    }
    if (!listener)
        return;
    for (u32 i = 0;; ++i) {
        const auto device = device_at(i);
        if (!device)
            return;
        listener(*device, true);
    }
}

Result<> start_block_devices() { return BlockRegistry::start(); }

} // namespace core

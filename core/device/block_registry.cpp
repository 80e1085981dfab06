// SPDX-License-Identifier: BSD-2-Clause
// Which block devices there are: disks as components offer them, and the partitions found on them.
#include "base/memory_functions.h"
#include "core/device/block_device.h"
#include "core/device/block_names.h"
#include "core/device/partition_table.h"
#include "core/observe/log.h"

namespace core {

using component::Block;

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
    static Result<> scan_partitions(BlockDevice& disk);
    static Result<> remove_partitions(BlockDevice& disk);
    static Result<> add_partition(BlockDevice& disk, const PartitionEntry& entry);
    // `name` answers what the device is called, seeing what is in use. Errors: those of `name`.
    template <typename Name>
    static Result<> publish(Ref<BlockDevice> device, Name name);
    static void remove_disk(BlockDevice& disk);

private:
    template <typename Predicate>
    static void remove_devices(Predicate is_meant);
    static Guarded<State, lock_class::block_registry>* state_;
};
Guarded<BlockRegistry::State, lock_class::block_registry>* BlockRegistry::state_;

namespace {

bool is_sound(const component::BlockProperties& properties) {
    const bool power_of_two = (properties.sector_size & (properties.sector_size - 1)) == 0;
    return properties.sector_size >= 512 && properties.sector_size <= page_size && power_of_two;
}

} // namespace

// The sink of a disk's service.
class DiskSink final : public ServiceSink {
public:
    explicit DiskSink(Ref<BlockDevice> disk) : disk_(std::move(disk)) {}
    void updated(std::span<const u8> bytes) override {
        component::BlockProperties properties;
        if (bytes.size() != sizeof properties)
            return;
        memcpy(&properties, bytes.data(), sizeof properties);
        if (is_sound(properties))
            disk_->queue_->update(properties);
    }
    bool is_used() override { return disk_->uses() != 0; }
    bool retire() override { return disk_->retire_if_unused(); }
    void stay() override { disk_->end_retirement(); }
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
    (void)BlockRegistry::scan_partitions(*disk);
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
    if (!is_sound(properties))
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

Result<> BlockRegistry::scan_partitions(BlockDevice& disk) {
    if (disk.number().major == 1)
        return Failure(Errno::inval); // RAM disks have none
    if (disk.capacity() == 0)
        return {};
    constexpr usize limit = 128;
    PartitionEntry* entries = new (base::fallible) PartitionEntry[limit];
    if (!entries)
        return Failure(Errno::nomem);
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
    return found ? Result<>() : Failure(found.error());
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

// The last one that `is_meant`, until there is none: it leaves the list, then others hear of it.
template <typename Predicate>
void BlockRegistry::remove_devices(Predicate is_meant) {
    while (true) {
        RefOrNull<BlockDevice> victim;
        BlockListener listener;
        {
            auto state = state_->lock();
            listener = state->listener;
            for (BlockDevice& device : state->devices) {
                if (is_meant(device))
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

void BlockRegistry::remove_disk(BlockDevice& disk) {
    remove_devices([&](const BlockDevice& device) { return device.disk_ == &disk; });
}

Result<> BlockRegistry::remove_partitions(BlockDevice& disk) {
    const auto is_meant = [&](const BlockDevice& device) {
        return device.disk_ == &disk && device.is_partition();
    };
    {
        auto state = state_->lock();
        for (const BlockDevice& device : state->devices) {
            if (is_meant(device) && device.uses() != 0)
                return Failure(Errno::busy);
        }
    }
    remove_devices(is_meant);
    return {};
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

Result<> remove_partitions(BlockDevice& disk) { return BlockRegistry::remove_partitions(disk); }

Result<> rescan_partitions(BlockDevice& disk) {
    if (disk.is_partition())
        return Failure(Errno::inval);
    TRY(BlockRegistry::remove_partitions(disk));
    return BlockRegistry::scan_partitions(disk);
}

Result<> start_block_devices() { return BlockRegistry::start(); }

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// Which loop devices there are: /dev/loop-control, and the requests of /dev/loopN.
#include "linux/devfs/block_file.h"
#include "linux/devfs/device_file.h"
#include "linux/loop/loop_device.h"
#include "linux/process/credentials.h"

namespace linux {

namespace {

constexpr DeviceNumber control_number{10, 237}; // admin-guide/devices.txt
constexpr u32 most_devices = 1 << 20; // minor numbers

struct Table {
    List<LoopDevice, &LoopDevice::link> devices; // by number; owns a reference to each

    LoopDevice* find(u32 number) {
        for (LoopDevice& device : devices) {
            if (device.number() == number)
                return &device;
        }
        return nullptr;
    }
};
constinit core::Guarded<Table, core::lock_class::loop_table> g_table;
// One who adds, removes or attaches at a time: two devices attached to each other at once would
// both find that the other has another file.
constinit core::Lock<core::lock_class::loop_control> g_control;
using ControlGuard = core::LockGuard<core::lock_class::loop_control>;

// The one at place `index`. Errors: nodev past the end.
Result<Ref<LoopDevice>> loop_at(u32 index) {
    auto table = g_table.lock();
    for (LoopDevice& device : table->devices) {
        if (index-- == 0)
            return Ref<LoopDevice>::share(device);
    }
    return Failure(Errno::nodev);
}

u32 lowest_free_number() {
    auto table = g_table.lock();
    u32 number = 0;
    for (const LoopDevice& device : table->devices)
        number += device.number() == number;
    return number;
}

// g_control is held. Errors: exist, nospc, and those of LoopDevice::create.
Result<u64> add(u32 number) {
    if (number >= most_devices)
        return Failure(Errno::nospc);
    if (find_loop(number))
        return Failure(Errno::exist);
    Ref<LoopDevice> made = TRY(LoopDevice::create(number));
    auto table = g_table.lock();
    LoopDevice& entered = *made.release();
    for (LoopDevice& other : table->devices) {
        if (other.number() > number) {
            table->devices.insert_before(other, entered);
            return number;
        }
    }
    table->devices.push_back(entered);
    return number;
}

Result<u64> remove(u32 number) {
    const Ref<LoopDevice> device = TRY(find_loop(number));
    TRY(device->retire());
    device->end();
    auto table = g_table.lock();
    device->link.unlink();
    table.unlock();
    device->drop_reference(); // the table's
    return u64{0};
}

// The first without a file, made if there is none.
Result<u64> get_free() {
    for (u32 i = 0;; ++i) {
        const auto device = loop_at(i);
        if (!device)
            return add(lowest_free_number());
        if (!(*device)->is_attached())
            return (*device)->number();
    }
}

class ControlFile final : public DeviceFile {
public:
    ControlFile(const Path& path, u32 flags) : DeviceFile(path, flags) {}

    Result<u64> ioctl(u32 request, u64 argument) override {
        ControlGuard guard(g_control);
        const i32 number = static_cast<i32>(argument);
        switch (request) {
        case loop_request::add:
            return add(number < 0 ? lowest_free_number() : static_cast<u32>(number));
        case loop_request::remove:
            return number < 0 ? Result<u64>(Failure(Errno::inval))
                              : remove(static_cast<u32>(number));
        case loop_request::get_free: return get_free();
        default: return Failure(Errno::nosys); // as Linux's
        }
    }
    Result<usize> read(IoCursor&, u64, IoFlags) override { return Failure(Errno::inval); }
    Result<usize> write(IoCursor&, u64&, IoFlags) override { return Failure(Errno::inval); }
};

// --- /dev/loopN

Result<u64> change(LoopDevice& device, BlockFile& node, u32 request, u64 argument) {
    if (!node.is_writable() && !capable(Capability::sys_admin))
        return Failure(Errno::perm);
    switch (request) {
    case loop_request::set_status:
        TRY(device.set_status(node, TRY(core::UserIn<LoopInfo>(argument).read())));
        break;
    case loop_request::set_capacity: TRY(device.refresh_capacity(node)); break;
    case loop_request::set_direct_io: TRY(device.set_direct_io(argument != 0)); break;
    default: TRY(device.set_block_size(node, argument)); break;
    }
    return u64{0};
}

Result<u64> loop_ioctl(BlockFile& node, u32 request, u64 argument) {
    const core::BlockDevice& disk = node.block().device();
    if (disk.is_partition())
        return Failure(Errno::notty);
    const Ref<LoopDevice> device = TRY(find_loop(disk.number().minor));
    switch (request) {
    case loop_request::set_file:
    case loop_request::configure: {
        LoopConfiguration wanted;
        if (request == loop_request::configure)
            wanted = TRY(core::UserIn<LoopConfiguration>(argument).read());
        else
            wanted.fd = static_cast<u32>(argument);
        ControlGuard guard(g_control);
        TRY(device->attach(node, wanted));
        return u64{0};
    }
    case loop_request::clear_file: TRY(device->detach(node)); return u64{0};
    case loop_request::change_file: {
        ControlGuard guard(g_control);
        TRY(device->change_file(node, static_cast<u32>(argument)));
        return u64{0};
    }
    case loop_request::get_status:
        TRY(core::UserOut<LoopInfo>(argument).write(TRY(device->status())));
        return u64{0};
    case loop_request::set_status:
    case loop_request::set_capacity:
    case loop_request::set_direct_io:
    case loop_request::set_block_size: return change(*device, node, request, argument);
    default: return Failure(Errno::inval); // as Linux's
    }
}

void disk_is_unused(core::BlockDevice& disk) {
    if (disk.number().major != loop_major)
        return;
    if (const auto device = find_loop(disk.number().minor))
        (*device)->last_use_ended();
}

} // namespace

Result<Ref<LoopDevice>> find_loop(u32 number) {
    auto table = g_table.lock();
    LoopDevice* device = table->find(number);
    if (!device)
        return Failure(Errno::nodev);
    return Ref<LoopDevice>::share(*device);
}

Result<> start_loop_devices() {
    core::set_unused_listener(&disk_is_unused);
    set_block_ioctl(loop_major, &loop_ioctl);
    return register_device_node("loop-control", DeviceType::character, control_number.major,
                                control_number.minor, 0660, open_as<ControlFile>);
}

} // namespace linux

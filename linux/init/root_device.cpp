// SPDX-License-Identifier: BSD-2-Clause
#include "linux/init/root_device.h"

#include "base/units.h"
#include "core/init/command_line.h"
#include "core/observe/log.h"
#include "core/observe/panic.h"
#include "core/time/clock.h"
#include "linux/devfs/device_registry.h"
#include "linux/process/task.h"
#include "linux/vfs/lookup.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/super_block.h"

namespace linux {
namespace {

constexpr Nanos device_wait = base::seconds(3); // for devices still being found, without rootwait

void say_device(const DeviceNode& node) {
    if (node.type == DeviceType::block)
        LOG_ERROR("  {:03}:{:02} {}", node.number.major, node.number.minor, node.name);
}

[[noreturn]] void give_up(std::string_view wanted, Errno error) {
    LOG_ERROR("root: cannot mount \"{}\": {}", wanted, error);
    LOG_ERROR("root: the block devices and partitions there are:");
    for_each_device(
        [](const DeviceNode& node, void*) {
            say_device(node);
            return true;
        },
        nullptr);
    core::panic("VFS: unable to mount root; name one of the devices above with root=");
}

Result<> mount_devices() {
    const FileSystemType* type = find_file_system("devtmpfs");
    if (!type)
        return Failure(Errno::nodev);
    MountRequest request;
    request.source = "devtmpfs";
    Ref<SuperBlock> devices = TRY(type->mount(request));
    return MountTable::mount(std::move(devices), TRY(resolve("/dev", walk_flag::follow)), 0,
                             "devtmpfs");
}

// The device's path, once it is there. Errors: noent.
Result<Path> wait_for_device(std::string_view name) {
    const bool for_ever = core::has_boot_option("rootwait");
    const Nanos deadline = core::now() + device_wait;
    while (true) {
        auto found = resolve(name, walk_flag::follow);
        if (found || found.error() != Errno::noent || (!for_ever && core::now() > deadline))
            return found;
        TRY(core::sleep_until(core::now() + base::milliseconds(20), core::Sleep::uninterruptible));
    }
}

// Tries the types root rootfstype= lists, or those for disks, on /root.
Result<> mount_types(std::string_view device) {
    std::string_view types = core::boot_option("rootfstype").value_or("ext4,ext3,ext2");
    MountRequest request;
    request.source = device;
    request.flags = core::has_boot_option("rw") ? 0 : mount_flag::read_only;
    request.options = core::boot_option("rootflags").value_or("");
    Errno error = Errno::nodev;
    while (!types.empty()) {
        const usize comma = types.find(',');
        const std::string_view name = types.substr(0, comma);
        types = comma == std::string_view::npos ? std::string_view() : types.substr(comma + 1);
        const FileSystemType* type = find_file_system(name);
        if (!type)
            continue;
        auto mounted = type->mount(request);
        if (mounted)
            return MountTable::mount(std::move(*mounted), TRY(resolve("/root", walk_flag::follow)),
                                     0, device);
        error = mounted.error();
    }
    return Failure(error);
}

// As switch_root does: /root becomes /.
Result<> enter_root() {
    const Path mounted = TRY(resolve("/root", walk_flag::follow));
    TRY(MountTable::move(mounted, TRY(resolve("/", walk_flag::follow))));
    FileContext& context = *Task::current().file_context;
    context.set_root(mounted);
    context.set_working_directory(mounted);
    return {};
}

Result<> try_mount(std::string_view device) {
    TRY(mount_devices());
    TRY(wait_for_device(device));
    TRY(mount_types(device));
    TRY(enter_root());
    (void)mount_devices(); // on the new root's /dev, if it has one
    return {};
}

} // namespace

void mount_root_device() {
    const std::string_view device = core::boot_option("root").value_or("");
    if (device.empty())
        give_up("(no root= given)", Errno::noent);
    const Result<> mounted = try_mount(device);
    if (!mounted)
        give_up(device, mounted.error());
    LOG_INFO("root: {} mounted", device);
}

} // namespace linux

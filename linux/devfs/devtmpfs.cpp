// SPDX-License-Identifier: BSD-2-Clause
#include "linux/devfs/devtmpfs.h"

#include "linux/tmpfs/tmpfs.h"
#include "linux/vfs/dentry.h"
#include "linux/vfs/mount.h"

namespace linux {

namespace {

constinit std::atomic<TmpfsSuperBlock*> g_devtmpfs{nullptr};

class DevtmpfsType final : public FileSystemType {
public:
    constexpr DevtmpfsType() : FileSystemType("devtmpfs", false) {}
    Result<Ref<SuperBlock>> mount(const MountRequest&) const override {
        // There is one; options given here are those of a remount, which it does not need.
        return Ref<SuperBlock>::share(*g_devtmpfs.load(std::memory_order_acquire));
    }
};
constinit DevtmpfsType g_type;

// The kernel works on the tree below the permission checks: it has no credentials here.
Result<Ref<Dentry>> make_entry(Dentry& directory, std::string_view name, const NewNode& node) {
    Inode& parent = *directory.inode();
    InodeGuard guard(parent.lock(), InodeRole::directory);
    const NameView view = name_view(name);
    if (RefOrNull<Dentry> found = Dentry::find_exact(directory, view))
        return Ref<Dentry>::adopt(found.release());
    Dentry* made = Dentry::create(directory.super_block(), &directory, view);
    if (!made)
        return Failure(Errno::nomem);
    Ref<Dentry> entry = Ref<Dentry>::adopt(made);
    made->enter(TRY(parent.create(*made, node)));
    parent.touch_modified();
    return entry;
}

// The directory a device's name lies in, made if need be; `name` is cut to the last component.
Result<Ref<Dentry>> directory_of(std::string_view& name, bool make) {
    Ref<Dentry> directory = Ref<Dentry>::share(g_devtmpfs.load()->root());
    while (true) {
        const usize slash = name.find('/');
        if (slash == std::string_view::npos)
            return directory;
        const std::string_view part = name.substr(0, slash);
        if (make) {
            NewNode node;
            node.mode = file_mode::directory | 0755;
            directory = TRY(make_entry(*directory, part, node));
        } else {
            RefOrNull<Dentry> found = Dentry::find_exact(*directory, name_view(part));
            if (!found)
                return Failure(Errno::noent);
            directory = Ref<Dentry>::adopt(found.release());
        }
        name = name.substr(slash + 1);
    }
}

Result<> add_node(const DeviceNode& device) {
    std::string_view name = device.name;
    const Ref<Dentry> directory = TRY(directory_of(name, true));
    NewNode node;
    node.mode = (device.type == DeviceType::block ? file_mode::block_device
                                                  : file_mode::character_device) |
                device.mode;
    node.device = device.number;
    TRY(make_entry(*directory, name, node));
    return {};
}

} // namespace

void devtmpfs_add(const DeviceNode& node) {
    if (g_devtmpfs.load(std::memory_order_acquire))
        (void)add_node(node); // short of memory: the device works through mknod
}

void devtmpfs_remove(std::string_view name) {
    if (!g_devtmpfs.load(std::memory_order_acquire))
        return;
    const Result<Ref<Dentry>> directory = directory_of(name, false);
    if (!directory)
        return;
    Inode& parent = *(*directory)->inode();
    InodeGuard guard(parent.lock(), InodeRole::directory);
    const RefOrNull<Dentry> entry = Dentry::find_exact(**directory, name_view(name));
    if (!entry || entry->inode()->is_directory())
        return;
    if (parent.unlink(*entry))
        entry->remove();
    parent.touch_modified();
}

Result<> start_devtmpfs() {
    Ref<TmpfsSuperBlock> made = TRY(TmpfsSuperBlock::create(g_type, {}, 0755));
    made->magic = 0x0102'1994; // as on Linux it says tmpfs
    if (!made->add_mount()) // the kernel's own, for ever
        return Failure(Errno::nomem);
    g_devtmpfs.store(made.release(), std::memory_order_release);
    register_file_system(g_type);
    for_each_device(
        [](const DeviceNode& node, void*) {
            if (!node.name.empty())
                devtmpfs_add(node);
            return true;
        },
        nullptr);
    return {};
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// The part of sysfs that comes and goes: a tree of directories and links, one directory for each
// device. Made by the glue of busses and classes, shown through ProcEntry tables whose subject's
// `index` is a node's id. Process context.
#pragma once

#include "core/device/block_device.h"
#include "core/device/device.h"
#include "linux/proc/proc.h"
#include "linux/vfs/attributes.h"

namespace linux {

class SysNode final : public RefCounted<SysNode> {
public:
    // Directories that are always there.
    enum Fixed : u32 {
        devices = 1,
        virtual_devices,
        bus,
        class_root,
        block,
        numbers_block,
        numbers_character,
        fixed_end
    };
    // What a device's node is about. Set before it is entered, never changed.
    struct Facts {
        const char* subsystem = nullptr;   // "pci"; null: no device but a mere directory
        const char* device_type = nullptr; // DEVTYPE of events
        bool is_on_bus = false;            // the subsystem is a bus and no class
        RefOrNull<core::Device> device;
        RefOrNull<core::BlockDevice> disk;
        DeviceNumber number{};
        bool has_number = false;
        bool is_block = false;
        u32 index = 0;           // of virtio devices and such
        char device_name[40] = {}; // in /dev; empty: none
        // Lines "KEY=value" of its events and its `uevent` file, beside the usual ones.
        void (*describe)(const SysNode& node, base::FormatSink& sink) = nullptr;
    };

    u32 id() const { return id_; }
    std::string_view name() const { return {name_, name_length_}; }
    SysNode* parent() const { return parent_.get(); }
    const Facts& facts() const { return facts_; }
    // Of a link: where it leads.
    SysNode* target() const { return target_.get(); }
    // From /sys on: "/devices/pci0000:00".
    void write_path(base::FormatSink& sink) const;

    ListLink all; // by id; the tree's

private:
    friend class SysTree;
    friend class Ref<SysNode>;
    SysNode(u32 id, std::string_view name) : id_(id) {
        name_length_ = name.copy(name_, sizeof name_);
    }

    const u32 id_;
    char name_[40] = {};
    usize name_length_ = 0;
    RefOrNull<SysNode> parent_;
    RefOrNull<SysNode> target_; // of a link
    const ProcEntry* attributes_ = nullptr;
    Facts facts_;
};

class SysTree {
public:
    // Makes the fixed directories. Once, before anything else here. Errors: nomem.
    static Result<> start();
    static Result<Ref<SysNode>> fixed(SysNode::Fixed which) { return find(which); }
    // A directory; `attributes`: its files, up to one without name. Errors: exist, nomem.
    static Result<Ref<SysNode>> add(SysNode& parent, std::string_view name,
                                    const ProcEntry* attributes = nullptr,
                                    SysNode::Facts facts = {});
    // The directory of that name, made if need be. Errors: nomem.
    static Result<Ref<SysNode>> directory(SysNode& parent, std::string_view name);
    static Result<> link(SysNode& parent, std::string_view name, SysNode& target);
    // Takes off a link. Errors: noent.
    static Result<> unlink(SysNode& parent, std::string_view name);
    // Takes off a node, what is below it, and the links that lead there.
    static void remove(SysNode& node);
    static Result<Ref<SysNode>> find(u32 id);                             // errors: nodev
    static RefOrNull<SysNode> child(const SysNode& parent, std::string_view name);
    static RefOrNull<SysNode> node_of(const core::Device& device);
    static RefOrNull<SysNode> node_of(const core::BlockDevice& disk);
    // A child that is about the same device as its parent.
    static RefOrNull<SysNode> child_about(const SysNode& parent, const core::Device& device);
    static RefOrNull<SysNode> character_node(DeviceNumber number);
    // For the tables: the entries of a node.
    static Result<RefOrNull<Inode>> find_entry(ProcInode& directory, u32 node,
                                               std::string_view name);
    static Result<> list_entries(ProcInode& directory, u32 node, u64 position,
                                 DirectorySink& sink);

private:
    static Result<Ref<SysNode>> enter(SysNode& parent, std::string_view name, SysNode* target,
                                      const ProcEntry* attributes, SysNode::Facts facts);
};

template <SysNode::Fixed which>
Result<RefOrNull<Inode>> find_fixed(ProcInode& directory, std::string_view name) {
    return SysTree::find_entry(directory, which, name);
}
template <SysNode::Fixed which>
Result<> list_fixed(ProcInode& directory, u64 position, DirectorySink& sink) {
    return SysTree::list_entries(directory, which, position, sink);
}

// The node a file of it is about. Errors: nodev (it is gone).
inline Result<Ref<SysNode>> node_of(const ProcSubject& subject) {
    return SysTree::find(subject.index);
}

// A read-only file of a node.
constexpr ProcEntry sys_file(const char* name,
                             Result<> (*show)(const ProcSubject&, base::FormatSink&)) {
    return {.name = name, .mode = file_mode::regular | 0444, .show = show};
}
inline constexpr ProcEntry sys_end{.name = nullptr, .mode = 0};

} // namespace linux

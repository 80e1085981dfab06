// SPDX-License-Identifier: BSD-2-Clause
#include "linux/devfs/device_registry.h"

#include <tuple>

#include "base/list.h"
#include "core/sync/guarded.h"
#include "linux/devfs/devtmpfs.h"
#include "linux/sysfs/device_nodes.h"
#include "linux/vfs/open_file.h"

namespace linux {

namespace {

struct Entry {
    Entry* next = nullptr; // in the bucket
    ListLink link;         // all, by number
    DeviceNode node;
    char name[64] = {};
};

constexpr u32 bucket_count = 64;

struct MajorName {
    DeviceType type;
    u32 major;
    const char* name;
};

struct Registry {
    Entry* buckets[bucket_count] = {};
    List<Entry, &Entry::link> all;
    MajorName majors[64] = {};
    u32 major_count = 0;

    Entry*& bucket(DeviceType type, DeviceNumber number) {
        const u32 mixed = number.major * 31 + number.minor + (type == DeviceType::block ? 17 : 0);
        return buckets[mixed % bucket_count];
    }
    Entry* find(DeviceType type, DeviceNumber number) {
        Entry* entry = bucket(type, number);
        while (entry && (entry->node.type != type || !(entry->node.number == number)))
            entry = entry->next;
        return entry;
    }
    bool has_name(std::string_view name) {
        for (Entry& entry : all)
            if (entry.node.name == name)
                return true;
        return false;
    }
    void insert_sorted(Entry& entry) {
        const auto key = [](const DeviceNode& n) {
            return std::tuple(n.type, n.number.major, n.number.minor);
        };
        for (Entry& other : all)
            if (key(entry.node) < key(other.node))
                return all.insert_before(other, entry);
        all.push_back(entry);
    }
};

constinit core::Guarded<Registry, core::lock_class::device_tree> g_registry;

} // namespace

Result<> register_device_node(const DeviceNode& node) {
    Entry* entry = new (base::fallible) Entry;
    if (!entry)
        return Failure(Errno::nomem);
    if (node.name.size() >= sizeof(entry->name)) {
        delete entry;
        return Failure(Errno::nametoolong);
    }
    entry->node = node;
    __builtin_memcpy(entry->name, node.name.data(), node.name.size());
    entry->node.name = {entry->name, node.name.size()};
    {
        auto registry = g_registry.lock();
        if (registry->find(node.type, node.number) ||
            (!node.name.empty() && registry->has_name(node.name))) {
            delete entry;
            return Failure(Errno::exist);
        }
        Entry*& bucket = registry->bucket(node.type, node.number);
        entry->next = bucket;
        bucket = entry;
        registry->insert_sorted(*entry);
    }
    if (!node.name.empty())
        devtmpfs_add(node);
    if (node.type == DeviceType::character)
        character_node_added(node);
    return {};
}

Result<> register_device_node(std::string_view name, DeviceType type, u32 major, u32 minor,
                              u32 mode, DeviceNode::Open open) {
    return register_device_node({.name = name,
                                 .type = type,
                                 .number = {major, minor},
                                 .mode = mode,
                                 .open = open,
                                 .context = nullptr});
}

Result<> unregister_device_node(DeviceType type, DeviceNumber number) {
    Entry* entry;
    {
        auto registry = g_registry.lock();
        entry = registry->find(type, number);
        if (!entry)
            return Failure(Errno::noent);
        Entry** place = &registry->bucket(type, number);
        while (*place != entry)
            place = &(*place)->next;
        *place = entry->next;
        registry->all.remove(*entry);
    }
    if (!entry->node.name.empty())
        devtmpfs_remove(entry->node.name);
    if (type == DeviceType::character)
        character_node_removed(number);
    if (entry->node.release)
        entry->node.release(entry->node.context);
    delete entry;
    return {};
}

Result<Ref<OpenFile>> open_device(DeviceType type, DeviceNumber number, const Path& path,
                                  u32 flags) {
    DeviceNode node;
    char name[64];
    {
        auto registry = g_registry.lock();
        const Entry* entry = registry->find(type, number);
        if (!entry)
            return Failure(Errno::nxio);
        node = entry->node;
        __builtin_memcpy(name, entry->name, sizeof(name));
        node.name = {name, entry->node.name.size()};
        if (node.retain)
            node.retain(node.context);
    }
    auto file = node.open(node, path, flags);
    if (node.release)
        node.release(node.context);
    return file;
}

void name_device_major(DeviceType type, u32 major, const char* name) {
    auto registry = g_registry.lock();
    for (u32 i = 0; i < registry->major_count; ++i)
        if (registry->majors[i].type == type && registry->majors[i].major == major)
            return;
    if (registry->major_count < std::size(registry->majors))
        registry->majors[registry->major_count++] = {type, major, name};
}

void for_each_device_major(bool (*visit)(DeviceType type, u32 major, const char* name,
                                         void* argument),
                           void* argument) {
    for (u32 i = 0;; ++i) {
        MajorName one{};
        {
            auto registry = g_registry.lock();
            if (i >= registry->major_count)
                return;
            one = registry->majors[i];
        }
        if (!visit(one.type, one.major, one.name, argument))
            return;
    }
}

void for_each_device(bool (*visit)(const DeviceNode& node, void* argument), void* argument) {
    for (u32 position = 0;; ++position) {
        DeviceNode node;
        char name[64];
        {
            auto registry = g_registry.lock();
            u32 index = 0;
            const Entry* found = nullptr;
            for (Entry& entry : registry->all)
                if (index++ == position)
                    found = &entry;
            if (!found)
                return;
            node = found->node;
            __builtin_memcpy(name, found->name, sizeof(name));
            node.name = {name, found->node.name.size()};
        }
        if (!visit(node, argument))
            return;
    }
}

} // namespace linux

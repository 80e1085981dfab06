// SPDX-License-Identifier: BSD-2-Clause
#include "linux/sysfs/sys_node.h"

#include "core/sync/guarded.h"

namespace linux {

namespace {

struct Nodes {
    List<SysNode, &SysNode::all> all; // owns a reference to each
    u32 next_id = 1;

    SysNode* find(u32 id) {
        for (SysNode& node : all) {
            if (node.id() == id)
                return &node;
        }
        return nullptr;
    }
    SysNode* child(const SysNode& parent, std::string_view name) {
        for (SysNode& node : all) {
            if (node.parent() == &parent && node.name() == name)
                return &node;
        }
        return nullptr;
    }
    // A node below `top`, or a link that leads to it; null when there is none left.
    SysNode* dependent(const SysNode& top) {
        for (SysNode& node : all) {
            if (node.parent() == &top || node.target() == &top)
                return &node;
        }
        return nullptr;
    }
};
constinit core::Guarded<Nodes, core::lock_class::device_tree> g_nodes;

bool node_is_current(const ProcSubject& subject) {
    return SysTree::find(subject.index).has_value();
}

Result<RefOrNull<Inode>> find_in_node(ProcInode& directory, std::string_view name) {
    return SysTree::find_entry(directory, directory.subject().index, name);
}
Result<> list_node(ProcInode& directory, u64 position, DirectorySink& sink) {
    return SysTree::list_entries(directory, directory.subject().index, position, sink);
}

// Relative, as Linux has them: up to /sys, then down.
Result<> show_target(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<SysNode> node = TRY(SysTree::find(subject.index));
    if (!node->target())
        return Failure(Errno::nodev);
    for (const SysNode* at = node->parent(); at; at = at->parent()) {
        for (const char c : at->name()) // a fixed directory may lie deeper than its node says
            if (c == '/')
                sink.write("../");
        sink.write("../");
    }
    char text[256];
    base::BufferSink path(text);
    node->target()->write_path(path);
    sink.write(path.text().substr(path.text().empty() ? 0 : 1));
    return {};
}

constexpr ProcEntry node_directory{.name = "",
                                   .mode = file_mode::directory | 0755,
                                   .find = find_in_node,
                                   .list = list_node,
                                   .is_current = node_is_current};
constexpr ProcEntry node_link{.name = "",
                              .mode = file_mode::symlink | 0777,
                              .target = show_target,
                              .is_current = node_is_current};

// By SysNode::Fixed, from 1 on.
constexpr std::string_view fixed_names[] = {
    "devices", "devices/virtual", "bus", "class", "block", "dev/block", "dev/char"};

} // namespace

void SysNode::write_path(base::FormatSink& sink) const {
    if (parent_)
        parent_->write_path(sink);
    sink.write("/");
    sink.write(name());
}

Result<> SysTree::start() {
    for (const std::string_view name : fixed_names) {
        auto nodes = g_nodes.lock();
        Ref<SysNode> made = TRY(Ref<SysNode>::create(nodes->next_id++, name));
        nodes->all.push_back(*made.release());
    }
    return {};
}

Result<Ref<SysNode>> SysTree::enter(SysNode& parent, std::string_view name, SysNode* target,
                                    const ProcEntry* attributes, SysNode::Facts facts) {
    auto nodes = g_nodes.lock();
    if (nodes->child(parent, name))
        return Failure(Errno::exist);
    Ref<SysNode> made = TRY(Ref<SysNode>::create(nodes->next_id++, name));
    made->parent_ = RefOrNull<SysNode>::share(&parent);
    made->target_ = RefOrNull<SysNode>::share(target);
    made->attributes_ = attributes;
    made->facts_ = std::move(facts);
    Ref<SysNode> kept = made;
    nodes->all.push_back(*kept.release());
    return made;
}

Result<Ref<SysNode>> SysTree::add(SysNode& parent, std::string_view name,
                                  const ProcEntry* attributes, SysNode::Facts facts) {
    return enter(parent, name, nullptr, attributes, std::move(facts));
}

Result<Ref<SysNode>> SysTree::directory(SysNode& parent, std::string_view name) {
    if (RefOrNull<SysNode> found = child(parent, name))
        return found.to_ref();
    return add(parent, name);
}

Result<> SysTree::link(SysNode& parent, std::string_view name, SysNode& target) {
    TRY(enter(parent, name, &target, nullptr, {}));
    return {};
}

Result<> SysTree::unlink(SysNode& parent, std::string_view name) {
    const RefOrNull<SysNode> found = child(parent, name);
    if (!found || !found->target())
        return Failure(Errno::noent);
    remove(*found);
    return {};
}

void SysTree::remove(SysNode& node) {
    while (true) {
        RefOrNull<SysNode> below;
        {
            auto nodes = g_nodes.lock();
            below = RefOrNull<SysNode>::share(nodes->dependent(node));
        }
        if (!below)
            break;
        remove(*below);
    }
    RefOrNull<SysNode> last;
    auto nodes = g_nodes.lock();
    if (!node.all.is_linked())
        return;
    node.all.unlink();
    last = RefOrNull<SysNode>::adopt(&node);
    nodes.unlock();
}

Result<Ref<SysNode>> SysTree::find(u32 id) {
    auto nodes = g_nodes.lock();
    SysNode* found = nodes->find(id);
    return found ? Result<Ref<SysNode>>(Ref<SysNode>::share(*found)) : Failure(Errno::nodev);
}

RefOrNull<SysNode> SysTree::child(const SysNode& parent, std::string_view name) {
    auto nodes = g_nodes.lock();
    return RefOrNull<SysNode>::share(nodes->child(parent, name));
}

RefOrNull<SysNode> SysTree::node_of(const core::Device& device) {
    auto nodes = g_nodes.lock();
    for (SysNode& node : nodes->all) {
        if (node.facts_.device.get() == &device)
            return RefOrNull<SysNode>::share(&node);
    }
    return nullptr;
}

RefOrNull<SysNode> SysTree::node_of(const core::BlockDevice& disk) {
    auto nodes = g_nodes.lock();
    for (SysNode& node : nodes->all) {
        if (node.facts_.disk.get() == &disk)
            return RefOrNull<SysNode>::share(&node);
    }
    return nullptr;
}

RefOrNull<SysNode> SysTree::child_about(const SysNode& parent, const core::Device& device) {
    auto nodes = g_nodes.lock();
    for (SysNode& node : nodes->all) {
        if (node.parent() == &parent && node.facts_.device.get() == &device)
            return RefOrNull<SysNode>::share(&node);
    }
    return nullptr;
}

RefOrNull<SysNode> SysTree::character_node(DeviceNumber number) {
    auto nodes = g_nodes.lock();
    for (SysNode& node : nodes->all) {
        if (node.facts_.has_number && !node.facts_.is_block && node.facts_.number == number)
            return RefOrNull<SysNode>::share(&node);
    }
    return nullptr;
}

Result<RefOrNull<Inode>> SysTree::find_entry(ProcInode& directory, u32 id, std::string_view name) {
    const Ref<SysNode> node = TRY(find(id));
    if (const RefOrNull<SysNode> found = child(*node, name))
        return RefOrNull<Inode>(TRY(
            ProcInode::create_inode(directory.super_block(),
                                    found->target() ? node_link : node_directory,
                                    {.index = found->id()})));
    for (const ProcEntry* entry = node->attributes_; entry && entry->name; ++entry) {
        if (name == entry->name)
            return RefOrNull<Inode>(TRY(ProcInode::create_inode(directory.super_block(), *entry,
                                                                {.index = id})));
    }
    return RefOrNull<Inode>();
}

// Positions: files by their place, then nodes by their id, after 256 of the former.
Result<> SysTree::list_entries(ProcInode& directory, u32 id, u64 position, DirectorySink& sink) {
    const Ref<SysNode> node = TRY(find(id));
    constexpr u64 first_node = first_dynamic_position + 256;
    u64 place = first_dynamic_position;
    for (const ProcEntry* entry = node->attributes_; entry && entry->name; ++entry, ++place) {
        const u64 inode = 0x9000'0000 + (u64{id} << 8) + (place & 0xff);
        if (place >= position && !sink.add(entry->name, inode, entry->mode, place + 1))
            return {};
    }
    u64 from = position > first_node ? position - first_node : 0;
    while (true) {
        RefOrNull<SysNode> found;
        {
            auto nodes = g_nodes.lock();
            for (SysNode& each : nodes->all) {
                if (each.parent() == node.get() && each.id() >= from && !found)
                    found = RefOrNull<SysNode>::share(&each);
            }
        }
        if (!found)
            return {};
        const u32 type = found->target() ? file_mode::symlink : file_mode::directory;
        if (!sink.add(found->name(), 0xa000'0000 + u64{found->id()}, type,
                      first_node + found->id() + 1))
            return {};
        from = u64{found->id()} + 1;
    }
}

} // namespace linux

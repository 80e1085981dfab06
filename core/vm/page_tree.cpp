// SPDX-License-Identifier: BSD-2-Clause
#include "core/vm/page_tree.h"

#include "base/allocate.h"
#include "base/panic.h"

namespace core {

u64 PageTree::capacity(unsigned height) {
    return height * bits_per_level >= 64 ? ~u64{0} : u64{1} << (height * bits_per_level);
}

void PageTree::free_node(Node* node) { ::operator delete(node); }

PageTree::~PageTree() { VERIFY(empty()); }

Page* PageTree::find(u64 index) const {
    const u32 height = height_.load(std::memory_order_acquire);
    const Node* node = root_.load(std::memory_order_acquire);
    if (!node || index >= capacity(height))
        return nullptr;
    for (u32 level = height; level > 1; --level) {
        const u64 slot = index >> ((level - 1) * bits_per_level) & (fan_out - 1);
        node = static_cast<const Node*>(node->slots[slot].load(std::memory_order_acquire));
        if (!node)
            return nullptr;
    }
    return static_cast<Page*>(node->slots[index & (fan_out - 1)].load(std::memory_order_acquire));
}

namespace {

template <typename Node>
Node* make_node() {
    auto* node = static_cast<Node*>(::operator new(sizeof(Node), base::fallible));
    if (node) {
        for (auto& slot : node->slots)
            slot.store(nullptr, std::memory_order_relaxed);
        node->used = 0;
    }
    return node;
}

} // namespace

Result<> PageTree::reserve(u64 index) {
    u32 height = height_.load(std::memory_order_relaxed);
    Node* node = root_.load(std::memory_order_relaxed);
    if (!node) {
        node = make_node<Node>();
        if (!node)
            return Failure(Errno::nomem);
        height = 1;
        height_.store(1, std::memory_order_release);
        root_.store(node, std::memory_order_release);
    }
    while (index >= capacity(height)) {
        ++height;
        if (node->used != 0) { // an empty root simply stands for more
            Node* above = make_node<Node>();
            if (!above) {
                prune(index);
                return Failure(Errno::nomem);
            }
            above->slots[0].store(node, std::memory_order_relaxed);
            above->used = 1;
            node = above;
        }
        // Readers without the lock would mix old root and new height: writers and readers share the
        // lock.
        root_.store(node, std::memory_order_release);
        height_.store(height, std::memory_order_release);
    }
    for (u32 level = height; level > 1; --level) {
        const u64 slot = index >> ((level - 1) * bits_per_level) & (fan_out - 1);
        auto* child = static_cast<Node*>(node->slots[slot].load(std::memory_order_relaxed));
        if (!child) {
            child = make_node<Node>();
            if (!child) {
                prune(index);
                return Failure(Errno::nomem);
            }
            node->slots[slot].store(child, std::memory_order_release);
            node->used |= u64{1} << slot;
        }
        node = child;
    }
    return {};
}

void PageTree::insert(u64 index, Page& page) {
    Node* node = root_.load(std::memory_order_relaxed);
    for (u32 level = height_.load(std::memory_order_relaxed); level > 1; --level)
        node = static_cast<Node*>(
            node->slots[index >> ((level - 1) * bits_per_level) & (fan_out - 1)].load(
                std::memory_order_relaxed));
    const u64 slot = index & (fan_out - 1);
    ASSERT(!(node->used >> slot & 1));
    node->slots[slot].store(&page, std::memory_order_release);
    node->used |= u64{1} << slot;
}

Page* PageTree::remove(u64 index) {
    if (!find(index))
        return nullptr;
    const u32 height = height_.load(std::memory_order_relaxed);
    Node* node = root_.load(std::memory_order_relaxed);
    for (u32 level = height; level > 1; --level)
        node = static_cast<Node*>(
            node->slots[index >> ((level - 1) * bits_per_level) & (fan_out - 1)].load(
                std::memory_order_relaxed));
    const u64 slot = index & (fan_out - 1);
    auto* page = static_cast<Page*>(node->slots[slot].exchange(nullptr));
    node->used &= ~(u64{1} << slot);
    prune(index);
    return page;
}

void PageTree::prune(u64 index) {
    const u32 height = height_.load(std::memory_order_relaxed);
    Node* path[maximum_height]{};
    Node* node = root_.load(std::memory_order_relaxed);
    u32 lowest = height; // the level of the last node on the way
    for (u32 level = height; level > 0 && node; --level) {
        path[level - 1] = node;
        lowest = level;
        node = level == 1
                   ? nullptr
                   : static_cast<Node*>(
                         node->slots[index >> ((level - 1) * bits_per_level) & (fan_out - 1)].load(
                             std::memory_order_relaxed));
    }
    for (u32 level = lowest; level <= height && path[level - 1]->used == 0; ++level) {
        if (level == height) {
            root_.store(nullptr, std::memory_order_release);
            height_.store(0, std::memory_order_release);
        } else {
            const u64 above = index >> (level * bits_per_level) & (fan_out - 1);
            path[level]->slots[above].store(nullptr, std::memory_order_release);
            path[level]->used &= ~(u64{1} << above);
        }
        free_node(path[level - 1]);
    }
}

Page* PageTree::next_in(const Node* node, unsigned level, u64 base, u64 first, u64 last) const {
    const unsigned shift = (level - 1) * bits_per_level;
    u64 used = node->used;
    if (first > base) {
        const u64 skip = (first - base) >> shift;
        used = skip >= fan_out ? 0 : used & (~u64{0} << skip);
    }
    for (; used != 0; used &= used - 1) {
        const u64 slot = static_cast<u64>(__builtin_ctzll(used));
        const u64 start = base + (slot << shift);
        if (start >= last)
            return nullptr;
        void* child = node->slots[slot].load(std::memory_order_acquire);
        if (!child)
            continue;
        if (level == 1)
            return static_cast<Page*>(child);
        if (Page* page = next_in(static_cast<const Node*>(child), level - 1, start, first, last))
            return page;
    }
    return nullptr;
}

Page* PageTree::next(u64 first, u64 last) const {
    const Node* root = root_.load(std::memory_order_acquire);
    return root ? next_in(root, height_.load(std::memory_order_acquire), 0, first, last) : nullptr;
}

} // namespace core

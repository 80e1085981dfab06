// SPDX-License-Identifier: BSD-2-Clause
// PageTree: pages by index, a radix tree of 64-way nodes. Readers and writers hold their owner's
// lock.
#pragma once

#include <atomic>

#include "base/result.h"
#include "core/memory/page.h"

namespace core {

class PageTree {
public:
    PageTree() = default;
    ~PageTree(); // the tree is empty
    PageTree(const PageTree&) = delete;
    PageTree& operator=(const PageTree&) = delete;

    // The page at `index` or null; no reference is taken.
    Page* find(u64 index) const;
    // Makes sure insert(index) cannot fail for want of memory. Errors: nomem.
    Result<> reserve(u64 index);
    // Puts a page where there is none; room was reserved by the same holder of the lock.
    void insert(u64 index, Page& page);
    // Takes out the page at `index`; null if there is none. Frees nodes that become empty.
    Page* remove(u64 index);
    // The page with the lowest index in first..last-1, or null.
    Page* next(u64 first, u64 last) const;
    bool empty() const { return root_.load(std::memory_order_relaxed) == nullptr; }

private:
    static constexpr unsigned bits_per_level = 6;
    static constexpr unsigned fan_out = 1 << bits_per_level;
    static constexpr unsigned maximum_height = 11; // 64^11 indices and more
    struct Node {
        std::atomic<void*> slots[fan_out];
        u64 used; // bitmap of slots in use
    };

    static u64 capacity(unsigned height);
    static void free_node(Node* node);
    // Frees the nodes on the way to `index` that hold nothing, from the lowest up.
    void prune(u64 index);
    Page* next_in(const Node* node, unsigned level, u64 base, u64 first, u64 last) const;

    std::atomic<Node*> root_{nullptr};
    std::atomic<u32> height_{0}; // levels; a tree of height h covers 64^h indices
};

} // namespace core

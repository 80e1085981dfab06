// SPDX-License-Identifier: BSD-2-Clause
// PairingHeap<T, &T::node, Less>: an intrusive priority queue. push is O(1), pop and remove O(log
// n) on average. The element holds the node; the heap owns nothing. The owner's lock guards it.
#pragma once

#include "base/panic.h"
#include "base/types.h"

namespace base {

template <typename T>
struct HeapNode {
    T* child = nullptr;    // first of its children
    T* next = nullptr;     // next sibling
    T* previous = nullptr; // previous sibling, or the parent for a first child
    bool queued = false;
};

template <typename T, HeapNode<T> T::* Node, typename Less>
class PairingHeap {
public:
    bool empty() const { return root_ == nullptr; }
    T* top() const { return root_; }

    void push(T& item) {
        HeapNode<T>& node = item.*Node;
        VERIFY(!node.queued);
        node = {.queued = true};
        root_ = root_ ? meld(root_, &item) : &item;
    }

    T* pop() {
        T* item = root_;
        if (!item)
            return nullptr;
        HeapNode<T>& node = item->*Node;
        root_ = node.child ? merge_children(node.child) : nullptr;
        node = {};
        return item;
    }

    void remove(T& item) {
        HeapNode<T>& node = item.*Node;
        VERIFY(node.queued);
        if (&item == root_) {
            pop();
            return;
        }
        HeapNode<T>& before = node.previous->*Node;
        if (before.child == &item)
            before.child = node.next;
        else
            before.next = node.next;
        if (node.next)
            (node.next->*Node).previous = node.previous;
        T* rest = node.child ? merge_children(node.child) : nullptr;
        if (rest)
            root_ = meld(root_, rest);
        node = {};
    }

private:
    // The smaller of two roots takes the other as its first child.
    static T* meld(T* a, T* b) {
        if (Less{}(*b, *a)) {
            T* swap = a;
            a = b;
            b = swap;
        }
        HeapNode<T>& parent = a->*Node;
        HeapNode<T>& child = b->*Node;
        child.next = parent.child;
        if (child.next)
            (child.next->*Node).previous = b;
        child.previous = a;
        parent.child = b;
        parent.next = nullptr;
        parent.previous = nullptr;
        return a;
    }

    // Pairs from left to right, then melds the pairs from right to left.
    static T* merge_children(T* first) {
        T* pairs = nullptr; // linked through `next`
        while (first) {
            T* a = first;
            T* b = (a->*Node).next;
            first = b ? (b->*Node).next : nullptr;
            (a->*Node).next = nullptr;
            if (b) {
                (b->*Node).next = nullptr;
                a = meld(a, b);
            }
            (a->*Node).next = pairs;
            pairs = a;
        }
        T* result = pairs;
        pairs = (result->*Node).next;
        (result->*Node).next = nullptr;
        while (pairs) {
            T* following = (pairs->*Node).next;
            (pairs->*Node).next = nullptr;
            result = meld(result, pairs);
            pairs = following;
        }
        (result->*Node).previous = nullptr;
        return result;
    }

    T* root_ = nullptr;
};

} // namespace base

// SPDX-License-Identifier: BSD-2-Clause
// List<T, &T::link>: intrusive doubly linked list. The element holds the link; the list owns
// nothing. Neighbours are verified at each removal, in every build. Not thread-safe: the owner's
// lock guards it.
#pragma once

#include <cstddef>
#include <iterator>

#include "base/owner_of.h"
#include "base/panic.h"
#include "base/types.h"

namespace base {

struct ListLink {
    ListLink* next = nullptr;
    ListLink* previous = nullptr;

    bool is_linked() const { return next != nullptr; }

    // Takes the element out of whichever list holds it.
    void unlink() {
        VERIFY(next && previous && next->previous == this && previous->next == this);
        next->previous = previous;
        previous->next = next;
        next = previous = nullptr;
    }
};

template <typename T, ListLink T::* Link>
class List {
public:
    constexpr List() { head_.next = head_.previous = &head_; }
    List(const List&) = delete;
    List& operator=(const List&) = delete;

    bool empty() const { return head_.next == &head_; }

    T& front() const {
        ASSERT(!empty());
        return *element(head_.next);
    }
    T& back() const {
        ASSERT(!empty());
        return *element(head_.previous);
    }

    void push_back(T& item) { insert_after(head_.previous, &(item.*Link)); }
    void push_front(T& item) { insert_after(&head_, &(item.*Link)); }
    // Puts `item` just before `position`, which is in this list.
    void insert_before(T& position, T& item) {
        insert_after((position.*Link).previous, &(item.*Link));
    }

    // The neighbour of an element that is not the last (first).
    T* next_of(T& item) const { return element((item.*Link).next); }
    T* previous_of(T& item) const { return element((item.*Link).previous); }

    static void remove(T& item) { (item.*Link).unlink(); }

    T* pop_front() {
        if (empty())
            return nullptr;
        T* item = element(head_.next);
        remove(*item);
        return item;
    }

    // Moves everything in `other` to the end of this list.
    void splice_back(List& other) {
        if (other.empty())
            return;
        ListLink* first = other.head_.next;
        ListLink* last = other.head_.previous;
        other.head_.next = other.head_.previous = &other.head_;
        first->previous = head_.previous;
        head_.previous->next = first;
        last->next = &head_;
        head_.previous = last;
    }

    // The loop may remove the element it stands on, no other.
    class Iterator {
    public:
        explicit Iterator(ListLink* link) : link_(link), next_(link->next) {}
        T& operator*() const { return *element(link_); }
        Iterator& operator++() {
            link_ = next_;
            next_ = link_->next;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return link_ != other.link_; }

    private:
        ListLink* link_;
        ListLink* next_;
    };

    Iterator begin() { return Iterator(head_.next); }
    Iterator end() { return Iterator(&head_); }

private:
    static T* element(ListLink* link) { return &owner_of(*link, Link); }

    static void insert_after(ListLink* position, ListLink* link) {
        VERIFY(!link->is_linked());
        link->next = position->next;
        link->previous = position;
        position->next->previous = link;
        position->next = link;
    }

    mutable ListLink head_;
};

} // namespace base

using base::List;
using base::ListLink;

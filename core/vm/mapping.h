// SPDX-License-Identifier: BSD-2-Clause
// One range of an address space, and the ordered set of them.
#pragma once

#include "base/list.h"
#include "base/ref.h"
#include "base/units.h"
#include "core/object/object.h"
#include "core/vm/protection.h"

namespace core {

class AddressSpace;
class MemoryObject;

// One range. Guarded by its address space's lock; where object mappings begin and end also by the
// object's (both are held to change it).
class Mapping {
public:
    u64 start = 0; // first address
    u64 end = 0;   // one past the last
    Protection protection = Protection::none;
    Protection maximum = Protection::none;
    bool shared = false;
    bool grows_down = false;
    bool locked = false;
    bool dont_fork = false; // MADV_DONTFORK
    bool wipe_on_fork = false;
    bool dont_dump = false;
    bool has_copies = false; // private pages may stand in for the object's
    u8 access_pattern = 0; // MADV_RANDOM, MADV_SEQUENTIAL
    u64 object_page = 0;   // object: page index of start; anonymous: not used
    RefOrNull<MemoryObject> object;
    RefOrNull<Object> owner;
    const char* label = nullptr;
    AddressSpace* space = nullptr;

    Mapping();
    ~Mapping();
    u64 index_of(u64 address) const { return object_page + ((address - start) >> page_shift); }

    ListLink object_link; // among the object's mappings
    ListLink order_link;  // neighbours by address, kept by MappingSet
    // MappingSet's tree (a treap): children and a random priority.
    Mapping* left = nullptr;
    Mapping* right = nullptr;
    u32 priority = 0;
};

// Mappings by address: a treap for look-up and a list for neighbours. No two overlap. Owns nothing.
class MappingSet {
public:
    bool empty() const { return root_ == nullptr; }
    Mapping* first() { return root_ ? &order_.front() : nullptr; }
    Mapping* last() { return root_ ? &order_.back() : nullptr; }
    Mapping* next(Mapping& mapping);
    Mapping* previous(Mapping& mapping);
    // The first mapping that ends after `address`: the one that holds it, or the next one up.
    Mapping* first_ending_after(u64 address) const;
    void insert(Mapping& mapping);
    void erase(Mapping& mapping);

private:
    static void split(Mapping* tree, u64 key, Mapping*& below, Mapping*& above);
    static Mapping* merge(Mapping* below, Mapping* above);

    Mapping* root_ = nullptr;
    List<Mapping, &Mapping::order_link> order_;
    u32 random_ = 0x9e3779b9;
};

} // namespace core

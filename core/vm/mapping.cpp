// SPDX-License-Identifier: BSD-2-Clause
#include "core/vm/mapping.h"

#include "core/vm/memory_object.h"

namespace core {

Mapping::Mapping() = default;
Mapping::~Mapping() = default;

Mapping* MappingSet::next(Mapping& mapping) {
    return &mapping == &order_.back() ? nullptr : order_.next_of(mapping);
}
Mapping* MappingSet::previous(Mapping& mapping) {
    return &mapping == &order_.front() ? nullptr : order_.previous_of(mapping);
}

Mapping* MappingSet::first_ending_after(u64 address) const {
    Mapping* best = nullptr;
    for (Mapping* node = root_; node;) {
        if (node->end > address) {
            best = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

// Parts a tree into the mappings that start below `key` and the others.
void MappingSet::split(Mapping* tree, u64 key, Mapping*& below, Mapping*& above) {
    Mapping** below_end = &below;
    Mapping** above_end = &above;
    while (tree) {
        if (tree->start < key) {
            *below_end = tree;
            below_end = &tree->right;
            tree = tree->right;
        } else {
            *above_end = tree;
            above_end = &tree->left;
            tree = tree->left;
        }
    }
    *below_end = nullptr;
    *above_end = nullptr;
}

Mapping* MappingSet::merge(Mapping* below, Mapping* above) {
    Mapping* root = nullptr;
    Mapping** place = &root;
    while (below && above) {
        if (below->priority > above->priority) {
            *place = below;
            place = &below->right;
            below = below->right;
        } else {
            *place = above;
            place = &above->left;
            above = above->left;
        }
    }
    *place = below ? below : above;
    return root;
}

void MappingSet::insert(Mapping& mapping) {
    random_ ^= random_ << 13; // xorshift32: priorities need no secrecy
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    mapping.priority = random_;
    Mapping* after = first_ending_after(mapping.start);
    if (after)
        order_.insert_before(*after, mapping);
    else
        order_.push_back(mapping);
    Mapping** place = &root_;
    while (*place && (*place)->priority >= mapping.priority)
        place = (*place)->start < mapping.start ? &(*place)->right : &(*place)->left;
    split(*place, mapping.start, mapping.left, mapping.right);
    *place = &mapping;
}

void MappingSet::erase(Mapping& mapping) {
    Mapping** place = &root_;
    while (*place != &mapping) {
        VERIFY(*place);
        place = (*place)->start < mapping.start ? &(*place)->right : &(*place)->left;
    }
    *place = merge(mapping.left, mapping.right);
    mapping.left = mapping.right = nullptr;
    mapping.order_link.unlink();
}

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
#include "core/vm/memory_object.h"

#include "core/vm/address_space.h"
#include "core/vm/page_batch.h"

namespace core {

MemoryObject::~MemoryObject() { VERIFY(mappings_.empty()); }

void MemoryObject::add_mapping(Mapping& mapping) {
    LockGuard<lock_class::object_mappings> guard(mappings_lock_);
    mappings_.push_back(mapping);
}
void MemoryObject::remove_mapping(Mapping& mapping) {
    LockGuard<lock_class::object_mappings> guard(mappings_lock_);
    mappings_.remove(mapping);
}

void MemoryObject::unmap_pages(u64 first, u64 last) {
    LockGuard<lock_class::object_mappings> guard(mappings_lock_);
    for (Mapping& mapping : mappings_)
        mapping.space->unmap_object_pages(mapping, first, last);
}

bool MemoryObject::has_writable_mapping() {
    LockGuard<lock_class::object_mappings> guard(mappings_lock_);
    for (Mapping& mapping : mappings_)
        if (mapping.shared && includes(mapping.maximum, Protection::write))
            return true;
    return false;
}

bool MemoryObject::write_protect_page(Page& page) {
    bool written = false;
    LockGuard<lock_class::object_mappings> guard(mappings_lock_);
    for (Mapping& mapping : mappings_) {
        if (mapping.shared)
            written |= mapping.space->write_protect_object_page(mapping, page);
    }
    return written;
}

} // namespace core

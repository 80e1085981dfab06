// SPDX-License-Identifier: BSD-2-Clause
// A memory object: pages by index that address spaces map and the kernel reads. Files, shared
// memory and devices are memory objects; private anonymous memory needs none.
#pragma once

#include "base/list.h"
#include "core/memory/page.h"
#include "core/object/object.h"
#include "core/sync/guarded.h"
#include "core/vm/mapping.h"
#include "core/vm/protection.h"

namespace core {

class MemoryObject : public Object {
public:
    // The page at `index` for a mapping that wants `access`; a write makes it dirty. May sleep and
    // read. Errors: nomem, io, and fault for an index beyond the end (SIGBUS).
    virtual Result<PageRef> page_for_mapping(u64 index, Access access) = 0;
    // The page if it is there and up to date, without sleeping (fault-around); null otherwise.
    virtual PageRef try_page(u64 index) = 0;

    // Writes dirty pages in first..last-1 to where they belong and waits (msync). Errors: io.
    virtual Result<> write_back_pages(u64, u64) { return {}; }

    // Mappings of this object, so that truncation and write-back can reach their page tables.
    // Kept by core/vm.
    void add_mapping(Mapping& mapping);
    void remove_mapping(Mapping& mapping);
    // Removes the object's pages first..last-1 from every mapping; private copies stay.
    void unmap_pages(u64 first, u64 last);
    // Whether a shared mapping may write, now or after mprotect (file seals).
    bool has_writable_mapping();
    // Makes a page read-only in every mapping; true if one had written to it since.
    bool write_protect_page(Page& page);

protected:
    MemoryObject() : Object(ObjectKind::memory_object) {}
    ~MemoryObject() override;

private:
    Lock<lock_class::object_mappings> mappings_lock_;
    List<Mapping, &Mapping::object_link> mappings_; // guarded by mappings_lock_
};

} // namespace core

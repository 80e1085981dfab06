// SPDX-License-Identifier: BSD-2-Clause
// Page tables of the CPU behind a small interface: leaf entries as values, walks that make or find
// them.
#pragma once

#include <atomic>
#include <span>

#include "base/address.h"
#include "base/protection.h"
#include "base/result.h"
#include "base/units.h"

namespace arch {

// One leaf entry: absent, or a page with rights. A value; changing it changes no table.
class PageEntry {
public:
    constexpr PageEntry() = default;
    constexpr explicit PageEntry(u64 bits) : bits_(bits) {}
    static PageEntry make_user(PhysAddr page, base::Protection protection);

    bool present() const;
    bool writable() const;
    bool executable() const;
    bool dirty() const;
    bool accessed() const;
    PhysAddr address() const;
    PageEntry read_only() const;
    PageEntry writable_and_dirty() const;
    PageEntry with_protection(base::Protection protection) const;
    PageEntry not_accessed() const;
    // A page that is the personality's or the kernel's, not counted in a Page record (vdso data).
    bool special() const;
    PageEntry as_special() const;
    // Not present but not empty: a swap slot, kept for the core.
    bool is_swap() const;

    constexpr u64 bits() const { return bits_; }
    constexpr bool is_none() const { return bits_ == 0; }
    constexpr bool operator==(const PageEntry&) const = default;

private:
    u64 bits_ = 0;
};

// The user half's tables of one address space; the kernel half is shared by all. Entries are read
// and written under the address space's page-table lock (read racily by the CPU).
class PageTable {
public:
    static Result<PageTable> create(); // errors: nomem
    // A table that was just made.
    PageTable(PageTable&& other) noexcept : root_(other.root_), pages_(other.pages_) {
        other.root_ = PhysAddr();
    }
    PageTable& operator=(PageTable&&) = delete;
    ~PageTable(); // no leaf is present any more

    // The leaf entry's place for `address`, or null if a table on the way is missing. The pointer
    // stays good until free_tables of that range.
    volatile u64* find(u64 address) const;
    // The same, making tables. Errors: nomem.
    Result<volatile u64*> make(u64 address);
    // Calls visit(address of the first, entry places) for each stretch of neighbouring leaf places
    // in tables that exist in start..end-1, in order, present or not; ends when it answers false.
    template <typename Visit>
    void for_each_stretch(u64 start, u64 end, Visit visit) const;
    // Frees tables that lie wholly in start..end-1 and hold no present leaf. After the flush.
    void free_tables(u64 start, u64 end);
    // For the end of a space, when no leaf is present any more: takes out the tables of one level,
    // of which 1 is the leaves', that cover any of start..end-1. All ranges of a level go before
    // the next one's, and free_unlinked() ends it. Looks at no more places than the ranges have.
    void unlink_level(unsigned level, u64 start, u64 end);
    // Frees what was taken out, once no CPU can walk it any more. Interrupts on.
    void free_unlinked();
    static constexpr unsigned levels_to_free = 3;

    PhysAddr root() const { return root_; }
    u64 table_pages() const { return pages_; }
    // Which CPUs have it loaded or may cache it: the targets of a shootdown.
    std::atomic<u64>& cpus() { return cpus_; }

private:
    explicit PageTable(PhysAddr root) : root_(root) {}
    void drop_from_cpus();
    void unlink_table(u64& entry);
    void unlink_below(u64* table, unsigned level, u64 base, u64 start, u64 end);

    PhysAddr root_;
    u64 pages_ = 1;
    PhysAddr unlinked_; // tables on their way out, a chain through their records
    std::atomic<u64> cpus_{0};
};

// Loads the tables of `table`, or the kernel's own for null, on this CPU. Preemption off.
void load_page_table(PageTable* table);
// Forgets cached translations of start..end-1 on every CPU that may have them. Interrupts on.
void flush_user_range(PageTable& table, u64 start, u64 end);
// The same for this CPU only (rights only widened, or a fresh page).
void flush_local_page(u64 address);

} // namespace arch

#include "inline/page_table.h"

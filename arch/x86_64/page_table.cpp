// SPDX-License-Identifier: BSD-2-Clause
// Page tables and the translation cache (Intel SDM volume 3A, chapter 4). The upper half of every
// root is a copy of the kernel's root, whose entries never change after boot.
#include "arch/api/page_table.h"

#include <atomic>

#include "arch/api/cpu.h"
#include "arch/api/kernel_table.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/tlb.h"
#include "base/memory_functions.h"
#include "core/memory/frames.h"
#include "core/memory/kernel_map.h"
#include "core/sync/spin_lock.h"

namespace arch {
namespace {

constexpr unsigned levels = 4;
constexpr u64 user_half_end = u64{1} << 47; // the lower 256 slots of a root
constexpr u64 table_bits =
    page_bit::present | page_bit::writable | page_bit::user | page_bit::accessed;

constinit u64 g_kernel_root = 0;
constinit PageTable* g_loaded[maximum_cpus]{}; // each word written by its CPU only

unsigned slot(u64 address, unsigned level) { return address >> (12 + 9 * (level - 1)) & 511; }

Result<u64> make_table() {
    core::PageRef page =
        TRY(core::allocate_frame(core::PageUse::page_table, core::FrameContent::zeroed));
    page->private_word = 0; // tables_below()
    return page.release()->physical().value;
}

// How many tables of a program's half a table of a higher level names, kept with its record.
u32& tables_below(const u64* table) { return core::page_of_kernel(table).private_word; }

void free_table(u64 physical) { core::release_page(core::page_of(PhysAddr(physical))); }

void flush_everything_local() { write_cr3(read_cr3()); }

void flush_local_range(u64 start, u64 end) {
    if (end - start > 32 * page_size)
        return flush_everything_local();
    for (u64 address = start; address < end; address += page_size)
        flush_local_page(address);
}

// One request at a time; the owner waits until every target has cleared its bit.
struct FlushRequest {
    core::SpinWord owner;
    u64 start = 0, end = 0;
    PageTable* dropped = nullptr; // a table about to be freed: load the kernel's own instead
    std::atomic<u64> pending{0};
};
constinit FlushRequest g_flush;

void flush_others(u64 targets, u64 start, u64 end, PageTable* dropped = nullptr) {
    // Interrupts stay on while we wait for the word: another owner may wait for us.
    while (!g_flush.owner.try_acquire()) {
        answer_flush_requests();
        spin_pause();
    }
    g_flush.start = start;
    g_flush.end = end;
    g_flush.dropped = dropped;
    g_flush.pending.store(targets, std::memory_order_release);
    send_call_interrupt(targets);
    while (g_flush.pending.load(std::memory_order_acquire) != 0) {
        spin_pause();
    }
    g_flush.owner.release();
}

} // namespace

void answer_flush_requests() {
    const u64 self = u64{1} << cpu_index();
    if (!(g_flush.pending.load(std::memory_order_acquire) & self))
        return;
    const u64 start = g_flush.start, end = g_flush.end;
    if (g_flush.dropped) {
        if (g_loaded[cpu_index()] == g_flush.dropped)
            load_page_table(nullptr);
    } else if (end == ~u64{0}) { // kernel range: global entries too
        const u64 control = read_cr4();
        write_cr4(control & ~cr4::global_pages);
        write_cr4(control);
    } else {
        flush_local_range(start, end);
    }
    g_flush.pending.fetch_and(~self, std::memory_order_release);
}

void adopt_kernel_table() {
    g_kernel_root = read_cr3() & page_bit::address_mask;
    u64* root = table_view(PhysAddr(g_kernel_root));
    // Every root copies the upper half once: its entries must all be there before the first copy.
    for (unsigned i = 256; i < 512; ++i) {
        if (!(root[i] & page_bit::present) && i == slot(kernel_area_start, levels))
            root[i] =
                MUST(make_table(), "boot has free frames") | page_bit::present | page_bit::writable;
    }
}
void drop_identity_map() {
    table_view(PhysAddr(g_kernel_root))[0] = 0;
    flush_everything_local();
}
u64 kernel_root() { return g_kernel_root; }

u64* table_view(PhysAddr table) { return reinterpret_cast<u64*>(core::physical_view(table)); }

Result<PageTable> PageTable::create() {
    const u64 root = TRY(make_table());
    memcpy(table_view(PhysAddr(root)) + 256, table_view(PhysAddr(g_kernel_root)) + 256,
           256 * sizeof(u64));
    return PageTable(PhysAddr(root));
}

PageTable::~PageTable() {
    if (root_.is_null())
        return;
    drop_from_cpus();
    free_tables(0, user_half_end);
    free_table(root_.value);
}

// Kernel threads borrow whatever table is loaded: CPUs may still have this one.
void PageTable::drop_from_cpus() {
    disable_preemption();
    const u64 self = u64{1} << cpu_index();
    if (cpus_.load() & self)
        load_page_table(nullptr);
    if (const u64 others = cpus_.load() & ~self)
        flush_others(others, 0, 0, this);
    enable_preemption();
}

volatile u64* PageTable::find(u64 address) const {
    u64* table = table_view(root_);
    for (unsigned level = levels; level > 1; --level) {
        const u64 entry = table[slot(address, level)];
        if (!(entry & page_bit::present))
            return nullptr;
        table = table_view(PhysAddr(entry & page_bit::address_mask));
    }
    return table + slot(address, 1);
}

Result<volatile u64*> PageTable::make(u64 address) {
    u64* table = table_view(root_);
    for (unsigned level = levels; level > 1; --level) {
        u64& entry = table[slot(address, level)];
        if (!(entry & page_bit::present)) [[unlikely]] {
            entry = TRY(make_table()) | table_bits;
            ++tables_below(table);
            ++pages_;
        }
        table = table_view(PhysAddr(entry & page_bit::address_mask));
    }
    return table + slot(address, 1);
}

// Takes the table that an entry names out of the tree.
void PageTable::unlink_table(u64& entry) {
    const PhysAddr table(entry & page_bit::address_mask);
    entry = 0;
    --tables_below(&entry);
    --pages_;
    core::page_of(table).index = unlinked_.value;
    unlinked_ = table;
}

// A CPU may have read an entry of a higher table before it was cleared.
void PageTable::free_unlinked() {
    if (unlinked_.is_null())
        return;
    flush_user_range(*this, 0, user_half_end);
    while (!unlinked_.is_null()) {
        core::Page& page = core::page_of(unlinked_);
        unlinked_ = PhysAddr(page.index);
        core::release_page(page);
    }
}

// What lies wholly in start..end-1 below one table.
void PageTable::unlink_below(u64* table, unsigned level, u64 base, u64 start, u64 end) {
    const u64 span = u64{1} << (12 + 9 * (level - 1));
    const u64 first = start > base ? (start - base) / span : 0;
    const u64 wanted = (end - base + span - 1) / span;
    const u64 last = wanted < 512 ? wanted : 512;
    for (u64 i = first; i < last && tables_below(table) != 0; ++i) {
        if (!(table[i] & page_bit::present))
            continue;
        const u64 address = base + i * span;
        if (level > 2)
            unlink_below(table_view(PhysAddr(table[i] & page_bit::address_mask)), level - 1,
                         address, start, end);
        if (start <= address && address + span <= end)
            unlink_table(table[i]);
    }
}

void PageTable::free_tables(u64 start, u64 end) {
    if (start < end)
        unlink_below(table_view(root_), levels, 0, start,
                     end < user_half_end ? end : user_half_end);
    free_unlinked();
}

void PageTable::unlink_level(unsigned level, u64 start, u64 end) {
    u64 at = start;
    while (at < end) {
        u64* table = table_view(root_);
        unsigned above = levels; // that `table` is of
        while (above > level + 1 && (table[slot(at, above)] & page_bit::present)) {
            table = table_view(PhysAddr(table[slot(at, above)] & page_bit::address_mask));
            --above;
        }
        // At a higher level than the one wanted: there is none below it.
        u64& entry = table[slot(at, above)];
        const u64 span = u64{1} << (12 + 9 * (above - 1));
        const u64 base = at & ~(span - 1);
        if (above == level + 1 && (entry & page_bit::present)) {
            u64* child = table_view(PhysAddr(entry & page_bit::address_mask));
            if (level > 1 && tables_below(child) != 0) // of what was unmapped earlier
                unlink_below(child, level, base, base, base + span);
            unlink_table(entry);
        }
        at = base + span;
    }
}

void load_page_table(PageTable* table) {
    const u32 cpu = cpu_index();
    PageTable*& loaded = g_loaded[cpu];
    if (table == loaded)
        return;
    const u64 self = u64{1} << cpu;
    // Our bit first: a flush that starts now must reach us. Sequentially consistent against
    // flushers.
    if (table)
        table->cpus().fetch_or(self);
    write_cr3(table ? table->root().value : g_kernel_root);
    if (loaded)
        loaded->cpus().fetch_and(~self);
    loaded = table;
}

void flush_local_page(u64 address) { asm volatile("invlpg (%0)" ::"r"(address) : "memory"); }

void flush_user_range(PageTable& table, u64 start, u64 end) {
    disable_preemption();
    const u64 self = u64{1} << cpu_index();
    const u64 cpus = table.cpus().load();
    if (cpus & self)
        flush_local_range(start, end);
    if (cpus & ~self) [[unlikely]]
        flush_others(cpus & ~self, start, end);
    enable_preemption();
}

namespace {

// The table that an entry of the kernel half names, made if missing. CPUs map different pages at
// the same time: the first to store its table wins.
Result<u64*> shared_child(u64& entry_word) {
    std::atomic_ref<u64> entry(entry_word);
    u64 found = entry.load(std::memory_order_acquire);
    if (!(found & page_bit::present)) {
        const u64 made = TRY(make_table());
        const u64 value = made | page_bit::present | page_bit::writable;
        if (entry.compare_exchange_strong(found, value, std::memory_order_acq_rel))
            found = value;
        else
            free_table(made);
    }
    return table_view(PhysAddr(found & page_bit::address_mask));
}

} // namespace

Result<> map_kernel_page(u64 address, u64 physical, KernelPageRights rights) {
    VERIFY(!(rights.write && rights.execute));
    u64* table = table_view(PhysAddr(g_kernel_root));
    for (unsigned level = levels; level > 1; --level)
        table = TRY(shared_child(table[slot(address, level)]));
    u64 bits = page_bit::present | page_bit::global | page_bit::accessed | page_bit::dirty;
    if (rights.write)
        bits |= page_bit::writable;
    if (!rights.execute)
        bits |= page_bit::no_execute;
    if (rights.uncached)
        bits |= page_bit::cache_disable | page_bit::write_through;
    if (rights.write_combining)
        bits |= page_bit::write_through; // PAT entry 1
    table[slot(address, 1)] = (physical | bits) & supported_page_bits;
    return {};
}

u64 unmap_kernel_page(u64 address) {
    u64* table = table_view(PhysAddr(g_kernel_root));
    for (unsigned level = levels; level > 1; --level) {
        const u64 entry = table[slot(address, level)];
        if (!(entry & page_bit::present))
            return 0;
        table = table_view(PhysAddr(entry & page_bit::address_mask));
    }
    u64& leaf = table[slot(address, 1)];
    const u64 physical = leaf & page_bit::present ? leaf & page_bit::address_mask : 0;
    leaf = 0;
    return physical;
}

u64 kernel_page_address(u64 address) {
    u64* table = table_view(PhysAddr(g_kernel_root));
    for (unsigned level = levels; level > 1; --level) {
        const u64 entry = table[slot(address, level)];
        if (!(entry & page_bit::present))
            return 0;
        if (entry & page_bit::huge) {
            const u64 span = u64{1} << (12 + 9 * (level - 1));
            return (entry & page_bit::address_mask & ~(span - 1)) | (address & (span - 1));
        }
        table = table_view(PhysAddr(entry & page_bit::address_mask));
    }
    const u64 leaf = table[slot(address, 1)];
    return leaf & page_bit::present ? (leaf & page_bit::address_mask) | (address & 0xfff) : 0;
}

constinit std::atomic<u64> g_online_cpus{0};

void cpu_is_online() { g_online_cpus.fetch_or(u64{1} << cpu_index()); }
u64 online_cpu_mask() { return g_online_cpus.load(std::memory_order_relaxed); }

void flush_kernel_range(u64 start, u64 end) {
    disable_preemption();
    for (u64 address = start; address < end; address += page_size)
        flush_local_page(address);
    const u64 others = online_cpu_mask() & ~(u64{1} << cpu_index());
    if (others)
        flush_others(others, 0, ~u64{0});
    enable_preemption();
}

} // namespace arch

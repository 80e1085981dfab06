// SPDX-License-Identifier: BSD-2-Clause
// An address space: ranges ("mappings") over the user half and the page tables behind them. Private
// pages live in the page tables, counted in their records; fork shares them copy-on-write.
#pragma once

#include <span>

#include "arch/api/page_table.h"
#include "base/result.h"
#include "core/sync/lock.h"
#include "core/vm/mapping.h"
#include "core/vm/memory_object.h"

namespace core {

class AddressSpace;
class PageBatch;

struct MapRequest {
    enum class Placement : u8 { anywhere, fixed, fixed_no_replace };

    UserVirt address; // a hint, or the place
    Bytes length;     // rounded up to pages
    Protection protection = Protection::none;
    Protection maximum = Protection::read | Protection::write | Protection::execute;
    Placement placement = Placement::anywhere;
    bool shared = false;   // writes reach the object
    bool below_4g = false; // MAP_32BIT, 32-bit programs
    bool grows_down = false;
    bool populate = false;
    bool locked = false;
    RefOrNull<MemoryObject> object; // null: private anonymous memory
    u64 object_page = 0;            // index of the first page in the object
    RefOrNull<Object> owner;        // the open file, for /proc/PID/maps
    const char* label = nullptr;    // "[heap]", "[stack]", "[vdso]"; static storage
};

// What happened with a fault the kernel tried to resolve.
enum class FaultOutcome : u8 { resolved, no_mapping, no_right, bus_error, no_memory };

// What can be changed in whole mappings besides their rights (madvise, mlock).
enum class MappingChange : u8 {
    access_normal,
    access_random,
    access_sequential,
    dont_fork,
    do_fork,
    wipe_on_fork, // errors: inval for what is not private anonymous memory
    keep_on_fork,
    dont_dump,
    do_dump,
    lock,
    unlock,
};

class AddressSpace final : public Object {
public:
    // Empty, sharing the kernel half. Errors: nomem.
    static Result<Ref<AddressSpace>> create();
    ~AddressSpace() override;

    // All of these: process context. Errors: nomem, inval, exist (fixed_no_replace), acces (beyond
    // the maximum rights), overflow.
    Result<UserVirt> map(const MapRequest& request);
    Result<> unmap(UserVirt address, Bytes length);
    // Removes what is left of a shared mapping of a whole object at `base`: the first range from
    // there on that lies where it would and whose owner is wanted, and the others of that owner.
    // Errors: inval when there is none.
    Result<> unmap_object(UserVirt base, bool (*is_wanted)(const Object& owner));
    Result<> protect(UserVirt address, Bytes length, Protection protection);
    struct RemapRequest {
        UserVirt old_address;
        Bytes old_length, new_length;
        bool may_move = false;
        bool fixed = false;
        bool dont_unmap = false;
        UserVirt new_address;
    };
    Result<UserVirt> remap(const RemapRequest& request);
    // Grows or shrinks the heap mapping that starts at `start` so that it ends at `end`; creates
    // it.
    Result<> set_heap(UserVirt start, UserVirt end);

    // Changes every mapping of a range, or all. Errors: nomem (a hole; the rest is changed), inval.
    Result<> change(UserVirt address, Bytes length, MappingChange what);
    Result<> change_all(MappingChange what);

    // Throws private pages away (MADV_DONTNEED, MADV_FREE); they read as fresh afterwards.
    Result<> discard(UserVirt address, Bytes length);
    // Makes pages present (MAP_POPULATE, mlock, MADV_POPULATE_*). Errors: nomem (also a hole),
    // acces, fault.
    Result<> populate(UserVirt address, Bytes length, Access access);
    // Writes dirty pages of shared file mappings (msync). Errors: nomem (a hole), io.
    Result<> sync(UserVirt address, Bytes length);
    // One byte per page: 1 if present or cached (mincore). Errors: nomem.
    Result<> residency(UserVirt address, std::span<u8> pages);

    // Resolves a page fault of the current thread. Process context, interrupts on.
    FaultOutcome handle_fault(UserVirt address, Access access);

    // A copy-on-write copy (fork). Errors: nomem.
    Result<Ref<AddressSpace>> clone();
    // Removes everything (exit); afterwards it is empty.
    void clear();

    // Calls `visit` for each mapping in order, with the space locked; stops when it returns false.
    void for_each(UserVirt from, bool (*visit)(const Mapping& mapping, void* argument),
                  void* argument);
    // A copy of what is at `address`, for the core dump and /proc/PID/mem: works on another
    // process's space. Errors: fault. May sleep.
    Result<> read_memory(UserVirt address, std::span<u8> target);
    Result<> write_memory(UserVirt address, std::span<const u8> source, bool even_read_only);

    struct Statistics {
        Pages mapped, resident, resident_peak, mapped_peak, data, stack, text, locked, page_tables;
        Pages resident_file;
    };
    Statistics statistics();
    // Limits that map() and set_heap() keep to (RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK), in bytes.
    struct Limits {
        u64 address_space = ~u64{0};
        u64 data = ~u64{0};
        u64 stack = ~u64{0};
        u64 locked = ~u64{0};
    };
    Limits limits;
    // Where the search for free room begins; exec sets it below the stack.
    u64 map_base = 0;
    bool compat = false; // a 32-bit program: 4 GiB of addresses

    arch::PageTable& page_table() { return table_; }
    // A key for futexes: (object, index) of a shared mapping or (space, address) of a private one.
    struct WordKey {
        const void* owner;
        u64 offset;
        bool operator==(const WordKey&) const = default;
    };
    // Errors: fault. `shared` false gives the private key without a look-up.
    Result<WordKey> word_key(UserVirt address, bool shared);

private:
    friend class Ref<AddressSpace>;
    friend class MemoryObject;

    explicit AddressSpace(arch::PageTable table);

    using Guard = LockGuard<lock_class::address_space>;
    using TableGuard = LockGuard<lock_class::page_table>;

    // ranges.cpp: the set of mappings, with lock_ held.
    Mapping* find(u64 address) PITH_REQUIRES(lock_);
    Mapping* first_ending_after(u64 address) PITH_REQUIRES(lock_);
    Mapping* next(Mapping& mapping) PITH_REQUIRES(lock_);
    Mapping* previous(Mapping& mapping) PITH_REQUIRES(lock_);
    Result<u64> find_room(u64 length, u64 hint, bool below_4g) PITH_REQUIRES(lock_);
    bool is_free(u64 start, u64 end) PITH_REQUIRES(lock_);
    Result<> split(Mapping& mapping, u64 at) PITH_REQUIRES(lock_);
    Result<> split_at(u64 address) PITH_REQUIRES(lock_);
    Mapping& try_merge(Mapping& mapping) PITH_REQUIRES(lock_);
    void insert(Mapping& mapping) PITH_REQUIRES(lock_);
    void erase(Mapping& mapping) PITH_REQUIRES(lock_);
    bool covers(u64 start, u64 end) PITH_REQUIRES(lock_);
    Result<> check_limits(const MapRequest& request, u64 length) PITH_REQUIRES(lock_);

    Result<> change_mapping(Mapping& mapping, MappingChange what) PITH_REQUIRES(lock_);

    // page tables of a range
    Result<> remove_range(u64 start, u64 end) PITH_REQUIRES(lock_);
    void zap(u64 start, u64 end) PITH_REQUIRES(lock_);
    // Removes the pages of a range that `wanted(page)` is true for. Holds lock_, or the mappings of
    // the pages' object.
    template <typename Wanted>
    void remove_pages(u64 start, u64 end, PageBatch& batch, Wanted wanted);
    void remove_everything() PITH_REQUIRES(lock_);
    void apply_protection(Mapping& mapping, u64 start, u64 end) PITH_REQUIRES(lock_);
    Result<> copy_mapping(const Mapping& mapping, AddressSpace& target) PITH_REQUIRES(lock_);
    Result<> move_entries(u64 from, u64 to, u64 length) PITH_REQUIRES(lock_);
    Result<UserVirt> map_locked(const MapRequest& request) PITH_REQUIRES(lock_);
    Result<UserVirt> remap_locked(const RemapRequest& request) PITH_REQUIRES(lock_);
    Result<UserVirt> move_mapping(Mapping& mapping, const RemapRequest& request)
        PITH_REQUIRES(lock_);

    // fault.cpp
    FaultOutcome fault_locked(u64 address, Access access) PITH_REQUIRES(lock_);
    FaultOutcome fault_anonymous(Mapping& mapping, u64 address, Access access) PITH_REQUIRES(lock_);
    FaultOutcome fault_object(Mapping& mapping, u64 address, Access access) PITH_REQUIRES(lock_);
    FaultOutcome fault_private_write(Mapping& mapping, u64 address) PITH_REQUIRES(lock_);
    FaultOutcome fault_present(Mapping& mapping, u64 address, Access access, arch::PageEntry entry)
        PITH_REQUIRES(lock_);
    FaultOutcome install(Mapping& mapping, u64 address, PageRef page, arch::PageEntry entry)
        PITH_REQUIRES(lock_);
    void map_around(Mapping& mapping, u64 address) PITH_REQUIRES(lock_);
    bool grow_stack(Mapping& mapping, u64 address) PITH_REQUIRES(lock_);
    Result<PageRef> page_of_other(u64 address, Access access) PITH_REQUIRES(lock_);

    // For MemoryObject, with its mappings locked instead.
    void unmap_object_pages(Mapping& mapping, u64 first, u64 last);
    bool write_protect_object_page(Mapping& mapping, Page& page);

    static void count_mapped(Page& page, AddressSpace& space, i64 change);

    mutable Lock<lock_class::address_space> lock_;
    MappingSet ranges_;         // guarded by lock_
    Mapping* recent_ = nullptr; // last mapping found; guarded by lock_
    arch::PageTable table_;
    Lock<lock_class::page_table> table_lock_; // page-table entries
    u64 mapped_pages_ = 0;                    // guarded by lock_
    u64 mapped_peak_ = 0;
    u64 locked_pages_ = 0;
    std::atomic<i64> resident_pages_{0};
    std::atomic<i64> resident_file_pages_{0};
    i64 resident_peak_ = 0;
    u64 room_hint_ = 0; // no room is known above this; guarded by lock_
};

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// The DMA domain of one PCI function behind a VT-d unit: a table of translations with a few windows
// for blocks and many for requests, all below 2 GiB, where no address of another device lies that a
// switch on the way could take an access for.
#pragma once

#include "base/box.h"
#include "core/device/dma_domain.h"
#include "core/iommu/translation_table.h"
#include "core/sync/lock.h"

namespace core {

// The unit, as its domains see it: what remembers their translations.
class TranslationCache {
public:
    // Of what the domains lent, and of the queue of invalidations.
    Lock<lock_class::device_queue>& lock() { return lock_; }
    // Returns when no access by them is under way any more. Any context, with the lock.
    virtual void forget_domain(u16 domain) = 0;
    // Tells of all faults there were until now. Process context, no spinning lock held.
    virtual void report_faults() = 0;

protected:
    ~TranslationCache() = default;

    Lock<lock_class::device_queue> lock_;
};

class VtdDomain final : public DmaDomain {
public:
    struct Range {
        u64 start, end;
    };
    // What the unit is like.
    struct Manner {
        u32 levels;
        TranslationTable::Walk walk;
        bool caches_absent; // it remembers, too, where nothing is mapped
    };
    // How many requests' windows work without further memory.
    static constexpr u32 ready_windows = 16;

    // `reserved`: what the firmware has the device use, open or not. Errors: nomem; range, nospc
    // (reserved memory the table cannot reach, or that leaves no room).
    static Result<Box<VtdDomain>> create(TranslationCache& cache, Manner manner, u16 number,
                                         std::span<const Range> reserved);

    Result<> open(Listener listener) override;
    void close() override;
    Result<u64> lend_block(PhysAddr start, u64 length) override;
    void end_block(u64 address) override;
    Result<u64> lend_request(u64 request, std::span<const BufferPiece> pieces,
                             component::BufferRights rights) override;
    bool end_requests(IsOver is_over, const void* argument) override;

    // Tells the one who has it open. False if nobody has.
    bool tell(const DmaFault& fault);
    u16 number() const { return number_; }
    const TranslationTable& table() const { return table_; }

private:
    friend class Box<VtdDomain>;
    static constexpr u64 block_bytes = u64{4} << 20, window_bytes = u64{2} << 20;
    static constexpr u32 block_count = 64, window_count = 256;
    static constexpr u64 blocks_bytes = block_bytes * block_count;
    static constexpr u64 all_bytes = blocks_bytes + window_bytes * window_count;

    // A loan begins in one window and may go on in others.
    struct Window {
        u64 request = 0;
        u32 pages = 0;
        u32 windows = 0; // of the loan; 0 where it goes on, or none is
        bool is_used = false;
    };

    VtdDomain(TranslationCache& cache, Manner manner, u16 number)
        : cache_(cache), manner_(manner), number_(number), table_(manner.levels, manner.walk) {}
    Result<> choose_place(std::span<const Range> reserved);
    Result<u32> find_windows(u64 wanted) const;
    u64 window_start(u32 window) const { return base_ + blocks_bytes + window * window_bytes; }
    void map(u64 at, PhysAddr start, u64 length, u64 rights);
    void unmap(u64 at, u64 pages);
    void was_mapped() {
        if (manner_.caches_absent)
            cache_.forget_domain(number_);
    }
    void end_loan(u32 window);
    void free_loan(u32 window);

    TranslationCache& cache_;
    const Manner manner_;
    const u16 number_;
    u64 base_ = 0;
    // Guarded by the unit's lock.
    TranslationTable table_;
    bool is_open_ = false;
    Listener listener_;
    u64 block_pages_[block_count] = {}; // 0: free
    Window windows_[window_count];
    u32 windows_end_ = 0; // behind the last one in use
};

} // namespace core

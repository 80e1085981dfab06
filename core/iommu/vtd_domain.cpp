// SPDX-License-Identifier: BSD-2-Clause
#include "core/iommu/vtd_domain.h"

#include "core/iommu/vtd_registers.h"

namespace core {
namespace {

using Guard = LockGuard<lock_class::device_queue>;

u64 rights_bits(component::BufferRights rights) {
    static_assert(static_cast<u64>(component::BufferRights::read) == vtd::may_read &&
                  static_cast<u64>(component::BufferRights::write) == vtd::may_write);
    return static_cast<u64>(rights) & (vtd::may_read | vtd::may_write);
}

} // namespace

Result<Box<VtdDomain>> VtdDomain::create(TranslationCache& cache, Manner manner, u16 number,
                                         std::span<const Range> reserved) {
    Box<VtdDomain> domain = TRY(Box<VtdDomain>::create(cache, manner, number));
    TRY(domain->choose_place(reserved));
    TRY(domain->table_.make_room(domain->window_start(0), ready_windows * window_bytes));
    for (const Range& range : reserved) {
        TRY(domain->table_.make_room(range.start, range.end - range.start));
        domain->map(range.start, PhysAddr(range.start), range.end - range.start,
                    vtd::may_read | vtd::may_write);
    }
    return domain;
}

// Where windows and reserved memory do not meet.
Result<> VtdDomain::choose_place(std::span<const Range> reserved) {
    constexpr u64 step = u64{256} << 20, end = u64{2} << 30;
    for (base_ = step; base_ + all_bytes <= end; base_ += step) {
        bool is_free = true;
        for (const Range& range : reserved)
            is_free &= range.end <= base_ || range.start >= base_ + all_bytes;
        if (is_free)
            return {};
    }
    return Failure(Errno::nospc);
}

void VtdDomain::map(u64 at, PhysAddr start, u64 length, u64 rights) {
    const u64 end = base::align_up(start.value + length, page_size);
    at = base::align_down(at, page_size);
    for (u64 frame = base::align_down(start.value, page_size); frame < end; frame += page_size) {
        table_.set(at, PhysAddr(frame), rights);
        at += page_size;
    }
}

void VtdDomain::unmap(u64 at, u64 pages) {
    for (u64 i = 0; i < pages; ++i)
        table_.clear(at + i * page_size);
}

Result<> VtdDomain::open(Listener listener) {
    const Guard guard(cache_.lock());
    if (is_open_)
        return Failure(Errno::busy);
    is_open_ = true;
    listener_ = listener;
    return {};
}

void VtdDomain::close() {
    cache_.report_faults(); // to whom they concern, and not to the next one
    const Guard guard(cache_.lock());
    is_open_ = false;
    listener_ = {};
    for (u32 i = 0; i < block_count; ++i)
        unmap(base_ + i * block_bytes, block_pages_[i]);
    for (u32 i = 0; i < windows_end_; ++i)
        end_loan(i);
    cache_.forget_domain(number_);
    for (u64& pages : block_pages_)
        pages = 0;
    for (u32 i = 0; i < windows_end_; ++i)
        free_loan(i);
    windows_end_ = 0;
}

bool VtdDomain::tell(const DmaFault& fault) {
    const Guard guard(cache_.lock());
    if (is_open_ && listener_.strayed)
        listener_.strayed(listener_.argument, fault);
    return is_open_;
}

// --- blocks

Result<u64> VtdDomain::lend_block(PhysAddr start, u64 length) {
    const Guard guard(cache_.lock());
    if (!is_open_)
        return Failure(Errno::nodev);
    if (length == 0 || length > block_bytes || start.value % page_size != 0)
        return Failure(Errno::inval);
    for (u32 i = 0; i < block_count; ++i) {
        if (block_pages_[i] != 0)
            continue;
        const u64 at = base_ + i * block_bytes;
        TRY(table_.make_room(at, length));
        map(at, start, length, vtd::may_read | vtd::may_write);
        block_pages_[i] = base::divide_up(length, page_size);
        was_mapped();
        return at;
    }
    return Failure(Errno::nospc);
}

void VtdDomain::end_block(u64 address) {
    const Guard guard(cache_.lock());
    const u64 index = (address - base_) / block_bytes;
    VERIFY(address >= base_ && index < block_count);
    if (block_pages_[index] == 0)
        return; // taken back by close()
    unmap(base_ + index * block_bytes, block_pages_[index]);
    cache_.forget_domain(number_);
    block_pages_[index] = 0;
}

// --- requests

Result<u32> VtdDomain::find_windows(u64 wanted) const {
    u32 free = 0;
    for (u32 i = 0; i < window_count; ++i) {
        free = windows_[i].is_used ? 0 : free + 1;
        if (free == wanted)
            return i + 1 - free;
    }
    return Failure(Errno::nospc);
}

Result<u64> VtdDomain::lend_request(u64 request, std::span<const BufferPiece> pieces,
                                    component::BufferRights rights) {
    const u64 bits = rights_bits(rights);
    LoanLayout size;
    for (const BufferPiece& piece : pieces)
        (void)size.place(piece);
    const u64 wanted = base::divide_up(size.pages() * page_size, window_bytes);
    if (wanted == 0 || bits == 0)
        return Failure(Errno::inval);
    if (wanted > window_count)
        return Failure(Errno::e2big);
    const Guard guard(cache_.lock());
    if (!is_open_)
        return Failure(Errno::nodev);
    for (u32 i = 0; i < windows_end_; ++i) {
        if (windows_[i].windows != 0 && windows_[i].request == request)
            return window_start(i);
    }
    const u32 first = TRY(find_windows(wanted));
    TRY(table_.make_room(window_start(first), size.pages() * page_size));
    for (u32 i = 0; i < wanted; ++i)
        windows_[first + i].is_used = true;
    windows_[first] = {request, static_cast<u32>(size.pages()), static_cast<u32>(wanted), true};
    windows_end_ = base::maximum(windows_end_, first + windows_[first].windows);
    LoanLayout layout;
    for (const BufferPiece& piece : pieces)
        map(window_start(first) + layout.place(piece), piece.address, piece.length, bits);
    was_mapped();
    return window_start(first);
}

// Translations go first, and once the unit has forgotten them the windows.
void VtdDomain::end_loan(u32 window) {
    if (windows_[window].windows != 0)
        unmap(window_start(window), windows_[window].pages);
}

void VtdDomain::free_loan(u32 window) {
    for (u32 i = windows_[window].windows; i-- > 0;)
        windows_[window + i] = {};
}

bool VtdDomain::end_requests(IsOver is_over, const void* argument) {
    const Guard guard(cache_.lock());
    u64 over[window_count / 64] = {};
    bool any_over = false, any_left = false;
    for (u32 i = 0; i < windows_end_; ++i) {
        if (windows_[i].windows == 0)
            continue;
        if (!is_over(argument, windows_[i].request)) {
            any_left = true;
            continue;
        }
        end_loan(i);
        over[i / 64] |= u64{1} << i % 64;
        any_over = true;
    }
    if (!any_over)
        return any_left;
    cache_.forget_domain(number_);
    for (u32 i = 0; i < windows_end_; ++i) {
        if (over[i / 64] >> i % 64 & 1)
            free_loan(i);
    }
    while (windows_end_ != 0 && !windows_[windows_end_ - 1].is_used)
        --windows_end_;
    return any_left;
}

} // namespace core

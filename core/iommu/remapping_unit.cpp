// SPDX-License-Identifier: BSD-2-Clause
#include "core/iommu/remapping_unit.h"

#include "arch/api/cache.h"
#include "arch/api/cpu.h"
#include "base/memory_functions.h"
#include "core/device/register_access.h"
#include "core/iommu/vtd_registers.h"
#include "core/time/clock.h"

namespace core {
namespace {

constexpr u32 queue_entries = page_size / 16;
constexpr Nanos patience = base::seconds(1); // a unit takes microseconds

Result<Page*> make_zeroed(unsigned order) {
    Page* page = TRY(allocate_block(order, PageUse::kernel));
    memset(page->bytes(), 0, page_size << order);
    return page;
}

} // namespace

u64 RemappingUnit::read(u32 offset, u32 width) const {
    return read_mapped(registers_.as<u8>() + offset, width);
}
void RemappingUnit::write(u32 offset, u32 width, u64 value) {
    write_mapped(registers_.as<u8>() + offset, width, value);
}

Result<> RemappingUnit::wait_for_status(u32 bit, bool on) const {
    const Nanos end = now() + patience;
    while (((read(vtd::status, 4) & bit) != 0) != on) {
        if (now() > end)
            return Failure(Errno::io);
        arch::spin_pause();
    }
    return {};
}

// One at a time (11.4.4).
Result<> RemappingUnit::give_command(u32 bit, bool on) {
    const u32 lasting = static_cast<u32>(read(vtd::status, 4)) & vtd::lasting;
    write(vtd::command, 4, on ? lasting | bit : lasting & ~bit);
    return wait_for_status(bit, on && bit != vtd::flush_write_buffer);
}

// --- bringing it up

Result<Box<RemappingUnit>> RemappingUnit::create(PhysAddr registers,
                                                   void (*report_faults)()) {
    KernelMapping mapping = TRY(
        KernelMapping::map_device(registers, Bytes(vtd::register_bytes), CacheMode::uncached));
    Box<RemappingUnit> unit =
        TRY(Box<RemappingUnit>::create(std::move(mapping), report_faults));
    TRY(unit->look_at());
    TRY(unit->make_tables());
    TRY(unit->start_queue());
    return unit;
}

Result<> RemappingUnit::look_at() {
    capabilities_ = read(vtd::capability, 8);
    const u64 extended = read(vtd::extended_capability, 8);
    const u64 records_end = vtd::fault_records_at(capabilities_) +
                            u64{vtd::fault_record_count(capabilities_)} * 16;
    if (capabilities_ == ~u64{0} || !(extended & vtd::has_queue) ||
        !(capabilities_ & (vtd::has_39_bits | vtd::has_48_bits)) ||
        records_end > vtd::register_bytes)
        return Failure(Errno::opnotsupp);
    manner_.levels = capabilities_ & vtd::has_39_bits ? 3 : 4;
    manner_.walk = extended & vtd::reads_coherently ? TranslationTable::Walk::coherent
                                                    : TranslationTable::Walk::from_memory;
    manner_.caches_absent = (capabilities_ & vtd::caches_absent) != 0;
    return {};
}

Result<> RemappingUnit::make_tables() {
    root_ = TRY(make_zeroed(0));
    const auto words = reinterpret_cast<volatile u64*>(root_->bytes());
    for (u32 i = 0; i < page_size / sizeof(u64); ++i)
        store(words[i], 0); // out of the cache
    if (read(vtd::status, 4) & vtd::translates) // the firmware's doing
        TRY(give_command(vtd::translates, false));
    if (read(vtd::status, 4) & vtd::uses_queue)
        TRY(give_command(vtd::uses_queue, false));
    write(vtd::root_table, 8, root_->physical().value);
    return give_command(vtd::set_root_table, true);
}

Result<> RemappingUnit::start_queue() {
    queue_ = TRY(make_zeroed(1));
    tail_ = 0;
    write(vtd::queue_tail, 8, 0);
    write(vtd::queue_address, 8, queue_->physical().value); // 256 descriptors of 16 bytes
    TRY(give_command(vtd::uses_queue, true));
    const LockGuard<lock_class::device_queue> guard(lock_);
    invalidate_locked({vtd::forget_contexts | vtd::all_domains, 0});
    invalidate_locked({vtd::forget_addresses | vtd::all_domains | vtd::drain, 0});
    return {};
}

Result<> RemappingUnit::enable() {
    TRY(give_command(vtd::translates, true));
    if (!(capabilities_ & vtd::has_protected_memory))
        return {};
    write(vtd::protected_memory, 4, 0); // the firmware's protection until here
    return {};
}

Result<> RemappingUnit::connect_faults(InterruptFunction function, void* argument) {
    fault_interrupt_ = TRY(Interrupt::connect_message(function, argument, 0));
    const arch::InterruptMessage message = fault_interrupt_.message();
    write(vtd::fault_data, 4, message.data);
    write(vtd::fault_address, 4, message.address & 0xffff'ffff);
    write(vtd::fault_address_high, 4, message.address >> 32);
    write(vtd::fault_control, 4, 0);
    return {};
}

// --- domains

VtdDomain* RemappingUnit::find_domain(u16 source) const {
    for (u32 i = 1; i < domain_count_; ++i) {
        if (domains_[i].source == source)
            return domains_[i].domain;
    }
    return nullptr;
}

Result<VtdDomain*> RemappingUnit::domain_of(u16 source,
                                            std::span<const VtdDomain::Range> reserved) {
    if (VtdDomain* found = find_domain(source))
        return found;
    if (domain_count_ == most_domains || domain_count_ == vtd::domain_count(capabilities_))
        return Failure(Errno::nospc);
    Box<VtdDomain> domain = TRY(
        VtdDomain::create(*this, manner_, static_cast<u16>(domain_count_), reserved));
    TRY(set_context(source, *domain));
    domains_[domain_count_] = {source, domain.release()};
    return domains_[domain_count_++].domain;
}

Result<> RemappingUnit::set_context(u16 source, const VtdDomain& domain) {
    Page*& contexts = contexts_[source >> 8];
    if (!contexts) {
        contexts = TRY(make_zeroed(0));
        const auto words = reinterpret_cast<volatile u64*>(contexts->bytes());
        for (u32 i = 0; i < page_size / sizeof(u64); ++i)
            store(words[i], 0);
        const auto roots = reinterpret_cast<volatile u64*>(root_->bytes());
        store(roots[2 * (source >> 8)], contexts->physical().value | vtd::present);
    }
    const auto entries = reinterpret_cast<volatile u64*>(contexts->bytes());
    const u64 width = domain.table().levels() == 3 ? vtd::levels_3 : vtd::levels_4;
    store(entries[2 * (source & 0xff) + 1],
          width | u64{domain.number()} << vtd::context_domain_shift);
    store(entries[2 * (source & 0xff)], domain.table().root().value | vtd::present);
    const LockGuard<lock_class::device_queue> guard(lock_);
    invalidate_locked({vtd::forget_contexts | vtd::all_domains, 0}); // it may remember none here
    forget_domain(domain.number());
    return {};
}

void RemappingUnit::store(volatile u64& place, u64 value) const {
    place = value;
    if (manner_.walk == TranslationTable::Walk::from_memory)
        arch::write_back_line(const_cast<const u64*>(&place));
}

// --- invalidation (6.5.2)

void RemappingUnit::forget_domain(u16 domain) {
    invalidate_locked({vtd::forget_addresses | vtd::one_domain | vtd::drain |
                           u64{domain} << vtd::domain_shift,
                       0});
}

// Without an end to it nobody could be given the memory in question again.
void RemappingUnit::invalidate_locked(const Descriptor& what) {
    if (capabilities_ & vtd::has_write_buffer)
        VERIFY(give_command(vtd::flush_write_buffer, true).has_value());
    const auto queue = reinterpret_cast<volatile u64*>(queue_->bytes());
    volatile u64& answer = queue[page_size / sizeof(u64)];
    store(answer, 0);
    const Descriptor end{vtd::wait | vtd::write_status | vtd::fence | u64{1} << vtd::status_shift,
                         queue_->physical().value + page_size};
    for (const Descriptor& next : {what, end}) {
        store(queue[2 * tail_], next.low);
        store(queue[2 * tail_ + 1], next.high);
        tail_ = (tail_ + 1) % queue_entries;
    }
    write(vtd::queue_tail, 8, u64{tail_} * sizeof(Descriptor));
    const Nanos limit = now() + patience;
    while (static_cast<u32>(answer) == 0) {
        VERIFY(now() < limit);
        arch::spin_pause();
    }
}

// --- the fault log (7.3)

bool RemappingUnit::read_faults(void (*visit)(RemappingUnit& unit, const Fault& fault)) {
    const u32 state = static_cast<u32>(read(vtd::fault_status, 4));
    if (!(state & (vtd::fault_pending | vtd::fault_overflow)))
        return true;
    const u32 first = vtd::fault_records_at(capabilities_);
    for (u32 i = 0; i < vtd::fault_record_count(capabilities_); ++i) {
        const u32 at = first + 16 * i;
        const u64 high = read(at + 8, 8);
        if (!(high & vtd::record_valid))
            continue;
        const Fault fault{static_cast<u16>(high),
                          vtd::record_reason(high),
                          {read(at, 8) & ~(page_size - 1), !(high & vtd::record_is_read)}};
        write(at + 8, 8, vtd::record_valid); // it may be used again
        visit(*this, fault);
    }
    write(vtd::fault_status, 4, vtd::fault_overflow);
    return !(state & vtd::fault_overflow);
}

} // namespace core

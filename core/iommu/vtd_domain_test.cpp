// SPDX-License-Identifier: BSD-2-Clause
// links: core/iommu/vtd_domain.cpp core/iommu/translation_table.cpp host/test/memory_port.cpp
// links: host/test/kernel_port.cpp base/format.cpp
#include "core/iommu/vtd_domain.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "core/iommu/vtd_registers.h"
#include "host/test/kernel_port.h"

namespace {

using namespace core;
using component::BufferRights;

// A unit that remembers every translation until it is told to forget, as a real one may.
class Unit final : public TranslationCache {
public:
    void forget_domain(u16 domain) override {
        EXPECT_EQ(domain, 7);
        ++forgotten;
        remembered.clear();
    }
    void report_faults() override { ++reports; }

    // What an access at the address reaches; 0: nothing.
    u64 access(const VtdDomain& domain, u64 address, u64 right) {
        const u64 page = address & ~(page_size - 1);
        auto [entry, fresh] = remembered.try_emplace(page, domain.table().find(page));
        if (fresh && entry->second == 0)
            remembered.erase(entry), entry = remembered.end();
        const u64 word = entry == remembered.end() ? 0 : entry->second;
        return word & right ? (word & vtd::entry_address) | address % page_size : 0;
    }

    std::map<u64, u64> remembered;
    int forgotten = 0, reports = 0;
};

Box<VtdDomain> make(Unit& unit, bool caches_absent = false,
                    std::vector<VtdDomain::Range> reserved = {}, u32 levels = 3) {
    return std::move(
        *VtdDomain::create(unit, {levels, TranslationTable::Walk::from_memory, caches_absent}, 7,
                           reserved));
}

constexpr u64 frame_a = 0x1'2345'6000, frame_b = 0x7'0000'0000;

TEST(VtdDomain, LendsWhatARequestHasAndNoMore) {
    Unit unit;
    auto domain = make(unit);
    ASSERT_TRUE(domain->open({}).has_value());
    // Two pages and a bit, what goes on behind it, and something elsewhere.
    const BufferPiece pieces[] = {{PhysAddr(frame_a + 0x800), 0x2000},
                                  {PhysAddr(frame_a + 0x2800), 0x200},
                                  {PhysAddr(frame_b + 0x10), 0x20}};
    const u64 loan = *domain->lend_request(42, pieces, BufferRights::read);
    EXPECT_EQ(*domain->lend_request(42, pieces, BufferRights::read), loan);
    LoanLayout layout;
    for (const BufferPiece& piece : pieces) {
        const u64 at = loan + layout.place(piece);
        for (const u64 offset : {u64{0}, piece.length - 1}) {
            EXPECT_EQ(unit.access(*domain, at + offset, vtd::may_read),
                      piece.address.value + offset);
            EXPECT_EQ(unit.access(*domain, at + offset, vtd::may_write), 0u);
        }
    }
    EXPECT_EQ(layout.pages(), 4u);
    EXPECT_EQ(unit.access(*domain, loan + 4 * page_size, vtd::may_read), 0u);
    EXPECT_EQ(unit.access(*domain, loan - 1, vtd::may_read), 0u);
    EXPECT_EQ(unit.access(*domain, frame_a, vtd::may_read), 0u);
    EXPECT_EQ(unit.access(*domain, DmaDomain::nobodys, vtd::may_read), 0u);
}

TEST(VtdDomain, TakesBackWhatIsOverAndLeavesTheRest) {
    Unit unit;
    auto domain = make(unit);
    ASSERT_TRUE(domain->open({}).has_value());
    const BufferPiece a[] = {{PhysAddr(frame_a), 4096}}, b[] = {{PhysAddr(frame_b), 4096}};
    const u64 first = *domain->lend_request(1, a, BufferRights::write);
    const u64 second = *domain->lend_request(2, b, BufferRights::read_write);
    EXPECT_EQ(unit.access(*domain, first, vtd::may_write), frame_a);
    EXPECT_EQ(unit.access(*domain, first, vtd::may_read), 0u);
    const std::set<u64> over{1};
    const auto is_over = [](const void* list, u64 request) {
        return static_cast<const std::set<u64>*>(list)->contains(request);
    };
    const int before = unit.forgotten;
    EXPECT_TRUE(domain->end_requests(is_over, &over));
    EXPECT_EQ(unit.forgotten, before + 1);
    EXPECT_EQ(unit.access(*domain, first, vtd::may_write), 0u);
    EXPECT_EQ(unit.access(*domain, second, vtd::may_write), frame_b);
    EXPECT_TRUE(domain->end_requests(is_over, &over));
    EXPECT_EQ(unit.forgotten, before + 1); // nothing was taken back
    const std::set<u64> both{1, 2};
    EXPECT_FALSE(domain->end_requests(is_over, &both));
    EXPECT_EQ(unit.access(*domain, second, vtd::may_write), 0u);
    EXPECT_EQ(*domain->lend_request(3, b, BufferRights::read), first); // the lowest again
}

TEST(VtdDomain, ClosedLendsNothingAndKeepsNothing) {
    Unit unit;
    auto domain = make(unit);
    const BufferPiece a[] = {{PhysAddr(frame_a), 4096}};
    EXPECT_EQ(domain->lend_request(1, a, BufferRights::read).error(), Errno::nodev);
    EXPECT_EQ(domain->lend_block(PhysAddr(frame_b), 4096).error(), Errno::nodev);
    ASSERT_TRUE(domain->open({}).has_value());
    EXPECT_EQ(domain->open({}).error(), Errno::busy);
    const u64 loan = *domain->lend_request(1, a, BufferRights::read);
    const u64 block = *domain->lend_block(PhysAddr(frame_b), 2 * page_size);
    EXPECT_EQ(unit.access(*domain, loan, vtd::may_read), frame_a);
    EXPECT_EQ(unit.access(*domain, block + page_size, vtd::may_write), frame_b + page_size);
    domain->close();
    EXPECT_EQ(unit.reports, 1);
    EXPECT_EQ(unit.access(*domain, loan, vtd::may_read), 0u);
    EXPECT_EQ(unit.access(*domain, block + page_size, vtd::may_write), 0u);
    domain->end_block(block); // the late end of what is taken back already
    ASSERT_TRUE(domain->open({}).has_value());
    EXPECT_EQ(unit.access(*domain, loan, vtd::may_read), 0u);
}

TEST(VtdDomain, BlocksComeAndGo) {
    Unit unit;
    auto domain = make(unit);
    ASSERT_TRUE(domain->open({}).has_value());
    std::set<u64> all;
    for (u64 i = 0; i < 64; ++i) {
        const auto at = domain->lend_block(PhysAddr(frame_a + i * page_size), 100);
        ASSERT_TRUE(at.has_value());
        EXPECT_EQ(*at % (u64{4} << 20), 0u); // aligned as any block may want
        all.insert(*at);
    }
    EXPECT_EQ(all.size(), 64u);
    EXPECT_EQ(domain->lend_block(PhysAddr(frame_b), 4096).error(), Errno::nospc);
    const u64 one = *all.begin();
    EXPECT_NE(unit.access(*domain, one, vtd::may_read), 0u);
    domain->end_block(one);
    EXPECT_EQ(unit.access(*domain, one, vtd::may_read), 0u);
    EXPECT_EQ(*domain->lend_block(PhysAddr(frame_b), 4096), one);
    EXPECT_EQ(unit.access(*domain, one, vtd::may_read), frame_b);
}

TEST(VtdDomain, LargeRequestsTakeSeveralWindows) {
    Unit unit;
    auto domain = make(unit, false, {}, 4);
    ASSERT_TRUE(domain->open({}).has_value());
    const BufferPiece small[] = {{PhysAddr(frame_b), 512}};
    const BufferPiece large[] = {{PhysAddr(frame_a), u64{5} << 20}};
    const u64 first = *domain->lend_request(1, small, BufferRights::read);
    const u64 loan = *domain->lend_request(2, large, BufferRights::read);
    const u64 behind = *domain->lend_request(3, small, BufferRights::read);
    EXPECT_GT(loan, first);
    EXPECT_GE(behind, loan + (u64{5} << 20));
    EXPECT_EQ(unit.access(*domain, loan + (u64{5} << 20) - 1, vtd::may_read),
              frame_a + (u64{5} << 20) - 1);
    const auto all = [](const void*, u64 request) { return request != 3; };
    EXPECT_TRUE(domain->end_requests(all, nullptr));
    for (u64 at = 0; at < u64{5} << 20; at += page_size)
        ASSERT_EQ(unit.access(*domain, loan + at, vtd::may_read), 0u);
    EXPECT_EQ(unit.access(*domain, behind, vtd::may_read), frame_b);
    const BufferPiece huge[] = {{PhysAddr(frame_a), u64{1} << 30}};
    EXPECT_EQ(domain->lend_request(4, huge, BufferRights::read).error(), Errno::e2big);
    EXPECT_EQ(domain->lend_request(5, small, BufferRights::none).error(), Errno::inval);
    EXPECT_EQ(domain->lend_request(6, {}, BufferRights::read).error(), Errno::inval);
}

// Without memory the first requests go on, the next get an error, and nothing is left behind.
TEST(VtdDomain, LacksMemory) {
    Unit unit;
    auto domain = make(unit);
    ASSERT_TRUE(domain->open({}).has_value());
    const BufferPiece piece[] = {{PhysAddr(frame_a), 4096}};
    const auto all = [](const void*, u64) { return true; };
    host_test::fail_allocation_after(0);
    u64 lent = 0;
    Result<u64> last = 0;
    while ((last = domain->lend_request(++lent, piece, BufferRights::read)))
        ASSERT_LT(lent, 300u);
    EXPECT_EQ(last.error(), Errno::nomem);
    EXPECT_EQ(lent, VtdDomain::ready_windows + 1);
    EXPECT_FALSE(domain->end_requests(all, nullptr));
    EXPECT_TRUE(domain->lend_request(1, piece, BufferRights::read).has_value());
    for (u64 count = 0;; ++count) { // every allocation of a domain's making fails once
        host_test::fail_allocation_after(count);
        const auto made =
            VtdDomain::create(unit, {3, TranslationTable::Walk::coherent, false}, 7, {});
        if (made)
            break;
        EXPECT_EQ(made.error(), Errno::nomem);
        ASSERT_LT(count, 100u);
    }
    host_test::fail_allocation_after(~u64{0});
}

TEST(VtdDomain, WhatTheFirmwareReservedStays) {
    Unit unit;
    const VtdDomain::Range low{0x1800'0000, 0x1800'2000}; // where windows would lie
    auto domain = make(unit, true, {low});
    const auto sees = [&](u64 address) { return unit.access(*domain, address, vtd::may_write); };
    EXPECT_EQ(sees(low.start), low.start);
    ASSERT_TRUE(domain->open({}).has_value());
    const int before = unit.forgotten;
    const u64 block = *domain->lend_block(PhysAddr(frame_b), u64{4} << 20);
    EXPECT_EQ(unit.forgotten, before + 1); // it may remember that nothing was there
    EXPECT_GE(block, low.end);
    domain->close();
    EXPECT_EQ(sees(block), 0u);
    EXPECT_EQ(sees(low.end - 1), low.end - 1);
    EXPECT_EQ(sees(low.end), 0u);
    const VtdDomain::Range all{0, u64{2} << 30}, far{u64{1} << 39, (u64{1} << 39) + 4096};
    const VtdDomain::Manner manner{3, TranslationTable::Walk::coherent, false};
    EXPECT_EQ(VtdDomain::create(unit, manner, 7, {&all, 1}).error(), Errno::nospc);
    EXPECT_EQ(VtdDomain::create(unit, manner, 7, {&far, 1}).error(), Errno::range);
}

TEST(VtdDomain, TellsOfFaultsWhileOpen) {
    Unit unit;
    auto domain = make(unit);
    std::vector<u64> told;
    EXPECT_FALSE(domain->tell({0x1000, true}));
    ASSERT_TRUE(domain
                    ->open({[](void* list, const DmaFault& fault) {
                                static_cast<std::vector<u64>*>(list)->push_back(fault.address);
                            },
                            &told})
                    .has_value());
    EXPECT_TRUE(domain->tell({0x2000, true}));
    domain->close();
    EXPECT_FALSE(domain->tell({0x3000, true}));
    EXPECT_EQ(told, std::vector<u64>{0x2000});
}

} // namespace

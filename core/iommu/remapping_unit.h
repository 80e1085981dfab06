// SPDX-License-Identifier: BSD-2-Clause
// One DMA remapping unit: its root and context tables, its queue of invalidations, its fault log.
// Legacy mode, requests without a process's address space (Intel VT-d specification 4.1).
#pragma once

#include "core/iommu/vtd_domain.h"
#include "core/irq/interrupt.h"
#include "core/memory/kernel_map.h"
#include "core/pci/pci_configuration.h"

namespace core {

// How a function signs its accesses (3.4.1).
constexpr u16 source_of(PciAddress address) {
    return static_cast<u16>(address.bus << 8 | address.device << 3 | address.function);
}

class RemappingUnit final : public TranslationCache {
public:
    // With an empty table: no device behind it reaches memory once it translates. Errors: opnotsupp
    // (a unit without what is needed), io (it does not answer), nomem.
    // `report_faults` reads the fault logs.
    static Result<Box<RemappingUnit>> create(PhysAddr registers, void (*report_faults)());
    // From here on accesses are translated. Errors: io.
    Result<> enable();
    // Its interrupt kicks whoever reads the fault log. Errors: nospc.
    Result<> connect_faults(InterruptFunction function, void* argument);

    // The domain of a source, made if there is none yet; it lasts. Process context, callers exclude
    // each other. Errors: nomem, nospc, range.
    Result<VtdDomain*> domain_of(u16 source, std::span<const VtdDomain::Range> reserved);
    VtdDomain* find_domain(u16 source) const;

    struct Fault {
        u16 source;
        u32 reason;
        DmaFault access;
    };
    // Empties the log. Callers exclude each other. Answers false if there were more than it holds.
    bool read_faults(void (*visit)(RemappingUnit& unit, const Fault& fault));

    void forget_domain(u16 domain) override;
    void report_faults() override { report_faults_(); }

private:
    friend class Box<RemappingUnit>;
    static constexpr u32 most_domains = 256;
    struct Descriptor {
        u64 low = 0, high = 0;
    };

    RemappingUnit(KernelMapping registers, void (*report_faults)())
        : registers_(std::move(registers)), report_faults_(report_faults) {}
    Result<> look_at();
    Result<> make_tables();
    Result<> start_queue();
    u64 read(u32 offset, u32 width) const;
    void write(u32 offset, u32 width, u64 value);
    Result<> give_command(u32 bit, bool on);
    Result<> wait_for_status(u32 bit, bool on) const;
    Result<> set_context(u16 source, const VtdDomain& domain);
    void store(volatile u64& place, u64 value) const;
    void invalidate_locked(const Descriptor& what);

    KernelMapping registers_;
    void (*const report_faults_)();
    u64 capabilities_ = 0;
    VtdDomain::Manner manner_{};
    Page* root_ = nullptr;
    Page* contexts_[256] = {}; // by bus
    struct Place {
        u16 source;
        VtdDomain* domain;
    };
    Place domains_[most_domains] = {}; // number n at n; 0 is nobody's
    u32 domain_count_ = 1;
    // Guarded by lock(): two frames: the descriptors, the word that wait descriptors write.
    Page* queue_ = nullptr;
    u32 tail_ = 0;
    Interrupt fault_interrupt_;
};

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// Stacks are made seldom and reused often: freed ones are kept, up to a limit, by CPU.
#include "core/memory/kernel_stack.h"

#include "core/debug/shadow.h"
#include "core/memory/kernel_map.h"
#include "core/memory/per_cpu.h"
#include "core/sync/guarded.h"

namespace core {
namespace {

struct Kept {
    static constexpr u32 capacity = 16;
    u32 count = 0;
    u64 bottoms[capacity]{};
};
constinit PerCpu<Kept> g_kept;

// Stacks beyond what the CPUs keep, linked through their first word. A stack is given up where
// nobody may sleep, so it is never unmapped; what was needed once is there for the next time.
struct Spare {
    Spare* next;
};
constinit Guarded<Spare*, lock_class::slab> g_spares{nullptr};

u64 take_spare() {
    auto spares = g_spares.lock();
    Spare* spare = *spares;
    if (spare)
        *spares = spare->next;
    return reinterpret_cast<u64>(spare);
}

Result<u64> make_stack() {
    KernelMapping mapping =
        TRY(KernelMapping::allocate(Bytes(KernelStack::size), KernelProtection::read_write));
    const u64 bottom = mapping.address().value;
    TRY(check_stack(bottom, KernelStack::size));
    mapping.forget();
    return bottom;
}

} // namespace

Result<KernelStack> KernelStack::create() {
    arch::disable_preemption();
    Kept& kept = g_kept.here();
    u64 bottom = kept.count > 0 ? kept.bottoms[--kept.count] : 0;
    arch::enable_preemption();
    if (bottom == 0)
        bottom = take_spare();
    if (bottom == 0)
        bottom = TRY(make_stack());
    KernelStack stack;
    stack.bottom_ = KernelVirt(bottom);
    return stack;
}

KernelStack::~KernelStack() {
    if (bottom_.is_null())
        return;
    unpoison_memory(bottom_.as<u8>(), size); // threads leave it in the middle of functions
    arch::disable_preemption();
    Kept& kept = g_kept.here();
    const bool keep = kept.count < Kept::capacity;
    if (keep)
        kept.bottoms[kept.count++] = bottom_.value;
    arch::enable_preemption();
    if (keep)
        return;
    auto* spare = bottom_.as<Spare>();
    auto spares = g_spares.lock();
    spare->next = *spares;
    *spares = spare;
}

} // namespace core

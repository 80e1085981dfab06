// SPDX-License-Identifier: BSD-2-Clause
#include "core/gate/containment.h"

#include "core/gate/strand.h"
#include "core/debug/shadow.h"
#include "core/sync/guarded.h"
#include "core/time/clock.h"
#ifdef PITH_KASAN
#include "core/task/thread.h"
#endif

namespace core {
namespace {

struct Registry {
    List<ContainedCode, &ContainedCode::link> code;
    List<Strand, &Strand::containment_link> strands;

    ContainedCode* code_at(u64 address) {
        for (ContainedCode& each : code) {
            if (address - each.start < each.text_size)
                return &each;
        }
        return nullptr;
    }
    // The strand whose handler is the innermost call on the trap's stack.
    Strand* innermost(const ComponentTrap& trap) {
        Strand* found = nullptr;
        for (Strand& strand : strands) {
            const u64 at = strand.landing().stack;
            const bool here = at >= trap.stack_start && at < trap.stack_end;
            if (here && (!found || at < found->landing().stack))
                found = &strand;
        }
        return found;
    }
};

// Lists point at themselves, so it is made when first used; the first strand is one thread's.
Guarded<Registry, lock_class::containment>& registry() {
    alignas(16) static constinit u8 storage[sizeof(Guarded<Registry, lock_class::containment>)]{};
    static constinit bool is_made = false;
    if (!is_made) {
        new (storage) Guarded<Registry, lock_class::containment>;
        is_made = true;
    }
    return *reinterpret_cast<Guarded<Registry, lock_class::containment>*>(storage);
}

// The kernel has only the component's word that there is a text: it must lie in its constants, and
// end there.
const char* text_in(const ContainedCode& code, u64 address) {
    const u64 end = code.start + code.size;
    if (address < code.start + code.text_size || address >= end)
        return nullptr;
    const char* text = reinterpret_cast<const char*>(address);
    return __builtin_memchr(text, 0, end - address) ? text : nullptr;
}

TrapRecord describe(const ComponentTrap& trap, const ContainedCode& code) {
    constexpr u32 invalid_opcode = 6; // what a failed check ends in, see COMPONENT_DESCRIPTOR
    TrapRecord record;
    const u64 offset = trap.instruction - code.start;
    record.offset = offset < code.text_size ? offset : ~u64{0};
    record.address = trap.address;
    record.vector = trap.vector;
    if (trap.vector != invalid_opcode)
        return record;
    record.file = text_in(code, trap.words[0]);
    record.line = static_cast<u32>(trap.words[1]);
    record.text = text_in(code, trap.words[2]);
    return record;
}

} // namespace

void add_contained_code(ContainedCode& code) { registry().lock()->code.push_back(code); }
void remove_contained_code(ContainedCode& code) {
    auto locked = registry().lock();
    if (code.link.is_linked())
        code.link.unlink();
}
void add_contained_strand(Strand& strand) { registry().lock()->strands.push_back(strand); }
void remove_contained_strand(Strand& strand) {
    auto locked = registry().lock();
    strand.containment_link.unlink();
}

const arch::Landing* contain_trap(const ComponentTrap& trap) {
    auto locked = registry().lock();
    Strand* strand = locked->innermost(trap);
    if (!strand)
        return nullptr;
    const ContainedCode* code = locked->code_at(trap.instruction);
    // A wild call leaves the caller's place on the stack.
    if (!code && trap.stack % 8 == 0 && trap.stack >= trap.stack_start &&
        trap.stack < trap.stack_end)
        code = locked->code_at(*reinterpret_cast<const u64*>(trap.stack));
    if (!code)
        return nullptr;
    return &strand->end_handler(describe(trap, *code));
}

const arch::Landing* contain_trap_in_call(const ComponentTrap& trap) {
    auto locked = registry().lock();
    Strand* strand = locked->innermost(trap);
    if (!strand || !strand->is_touching())
        return nullptr;
    TrapRecord record;
    record.offset = ~u64{0};
    record.in_call = true;
    record.address = trap.address;
    record.vector = trap.vector;
#ifdef PITH_KASAN
    const u64 begin = trap.stack & ~u64{15};
    unpoison_memory(reinterpret_cast<const void*>(begin), strand->landing().stack - begin);
#endif
    return &strand->end_handler(record);
}

#ifdef PITH_KASAN
namespace {

// Frames lie below `end` on a stack. Those of another stack than the present one, on which a
// process's handlers are entered, are few: the way there from the landing.
void forget_frames(const arch::Landing& landing) {
    constexpr u64 way_into_process = 8 << 10;
    const Thread& thread = Thread::current();
    const u64 here = reinterpret_cast<u64>(__builtin_frame_address(0)) & ~u64{15};
    if (landing.stack - here < KernelStack::size) {
        unpoison_memory(reinterpret_cast<const void*>(here), landing.stack - here);
        return;
    }
    const u64 top = thread.stack_top();
    if (top - here < KernelStack::size)
        unpoison_memory(reinterpret_cast<const void*>(here), top - here);
    const u64 begin = (landing.stack - way_into_process) & ~u64{15};
    unpoison_memory(reinterpret_cast<const void*>(begin), landing.stack - begin);
}

} // namespace
#endif

void leave_component(const arch::Landing& landing) {
#ifdef PITH_KASAN
    forget_frames(landing);
#endif
    arch::arch_leave_component(landing);
}

const arch::Landing* contain_endless_handler(const ComponentTrap& tick) {
    auto locked = registry().lock();
    Strand* strand = locked->code_at(tick.instruction) ? locked->innermost(tick) : nullptr;
    return strand && strand->runs_too_long(now()) ? &strand->end_endless_handler() : nullptr;
}

} // namespace core

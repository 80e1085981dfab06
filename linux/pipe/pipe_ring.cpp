// SPDX-License-Identifier: BSD-2-Clause
#include "linux/pipe/pipe_ring.h"

#include "base/allocate.h"

namespace linux {

PipeRing::~PipeRing() {
    while (!empty())
        core::release_page(*pop().page);
    ::operator delete(slots_);
}

Result<> PipeRing::resize(u32 slots) {
    const u32 count = used();
    if (count > slots)
        return Failure(Errno::busy);
    auto* fresh = static_cast<PipeSlot*>(::operator new(slots * sizeof(PipeSlot), base::fallible));
    if (!fresh)
        return Failure(Errno::nomem);
    for (u32 index = 0; index < slots; ++index)
        new (fresh + index) PipeSlot(index < count ? at(index) : PipeSlot());
    ::operator delete(slots_);
    slots_ = fresh;
    capacity_.store(slots, std::memory_order_relaxed);
    tail_.store(0, std::memory_order_relaxed);
    head_.store(count, std::memory_order_release);
    return {};
}

u64 PipeRing::bytes() const {
    u64 sum = 0;
    const u32 tail = tail_.load(std::memory_order_relaxed);
    for (u32 index = 0; index < used(); ++index)
        sum += slots_[(tail + index) & (capacity() - 1)].length;
    return sum;
}

} // namespace linux

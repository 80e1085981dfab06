// SPDX-License-Identifier: BSD-2-Clause
// Kernel stacks: mapped with a guard page below, cached per CPU.
#pragma once

#include <utility>

#include "base/address.h"
#include "base/build_kind.h"
#include "base/result.h"

namespace core {

class KernelStack {
public:
    // Checked code has larger frames.
    static constexpr u64 size = base::debug_build ? 32 * 1024 : 16 * 1024;

    KernelStack() = default;
    static Result<KernelStack> create(); // errors: nomem
    KernelStack(KernelStack&& other) noexcept
        : bottom_(std::exchange(other.bottom_, KernelVirt())) {}
    KernelStack& operator=(KernelStack&& other) noexcept {
        std::swap(bottom_, other.bottom_);
        return *this;
    }
    ~KernelStack();

    KernelVirt bottom() const { return bottom_; }
    KernelVirt top() const { return bottom_ + size; }

private:
    KernelVirt bottom_;
};

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// The entropy interface: a source of random bytes outside the kernel.
#pragma once

#include "abi/component/request.h"

namespace component {

struct EntropyProperties {
    u64 reserved = 0;
};

struct Entropy {
    static constexpr InterfaceId id = InterfaceId::entropy;
    static constexpr std::string_view name = "entropy";
    using Properties = EntropyProperties;

    enum class Operation : u16 { read };

    static constexpr std::array<OperationInfo, 1> operations = {{
        // Fills the buffer from its start; answered with the bytes there are, at least one.
        {"read", OperationFlags::idempotent | OperationFlags::writes_buffer},
    }};
};

} // namespace component

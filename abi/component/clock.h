// SPDX-License-Identifier: BSD-2-Clause
// The clock interface: a clock that goes on while the machine is off.
#pragma once

#include "abi/component/request.h"

namespace component {

struct ClockProperties {
    u64 reserved = 0;
};

struct Clock {
    static constexpr InterfaceId id = InterfaceId::clock;
    static constexpr std::string_view name = "clock";
    using Properties = ClockProperties;

    enum class Operation : u16 { read_time, set_time };

    // Seconds since 1970-01-01 of what the clock shows, whatever its zone. Errors: inval (it shows
    // no time, or cannot show that one), io.
    static constexpr std::array<OperationInfo, 2> operations = {{
        {"read_time", OperationFlags::idempotent}, // answered value
        {"set_time", OperationFlags::idempotent},  // arguments[0]
    }};
};

} // namespace component

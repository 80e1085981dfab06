// SPDX-License-Identifier: BSD-2-Clause
// The firmware's table of DMA remapping units (Intel VT-d specification 4.1, chapter 8): where they
// are, which devices stand behind them, and which memory the firmware has devices use. It is not
// trusted: what does not fit together makes the whole table unusable.
#pragma once

#include <span>

#include "base/result.h"
#include "base/types.h"

namespace core {

// A device by the way to it: from a bus through bridges (8.3.1).
struct DmarScope {
    enum class Kind : u8 { endpoint = 1, bridge = 2 };
    struct Step {
        u8 device, function;
    };
    Kind kind = Kind::endpoint;
    u8 bus = 0;
    u8 depth = 0;
    Step path[4] = {};
};

struct DmarTable {
    struct Unit {
        u64 registers = 0;
        bool has_all_others = false; // every device that no other unit names
        std::span<const DmarScope> scopes;
    };
    struct Region { // 8.4
        u64 start = 0;
        u64 end = 0; // exclusive
        std::span<const DmarScope> scopes;
    };
    static constexpr usize most_units = 8, most_regions = 16, most_scopes = 64;

    // `bytes`: the whole table, whose checksum was checked. Units and regions of PCI segments other
    // than 0 are left out. Errors: proto (damaged), nospc (more than fits).
    Result<> parse(std::span<const u8> bytes);

    std::span<const Unit> units() const { return {units_, unit_count_}; }
    std::span<const Region> regions() const { return {regions_, region_count_}; }

private:
    Result<> take_unit(std::span<const u8> entry);
    Result<> take_region(std::span<const u8> entry);
    Result<std::span<const DmarScope>> take_scopes(std::span<const u8> list);

    Unit units_[most_units];
    Region regions_[most_regions];
    DmarScope scopes_[most_scopes];
    usize unit_count_ = 0, region_count_ = 0, scope_count_ = 0;
};

} // namespace core

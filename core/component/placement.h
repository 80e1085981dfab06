// SPDX-License-Identifier: BSD-2-Clause
// Where an instance's code runs, and what the boot options say about that.
#pragma once

#include <optional>
#include <string_view>

#include "base/types.h"

namespace core {

enum class Placement : u8 {
    builtin, // in the kernel image, relocated at boot
    module,  // in kernel memory, loaded for it
    server,  // in a process of its own
};
inline constexpr u32 placement_count = 3;

std::string_view placement_name(Placement placement);
std::optional<Placement> parse_placement(std::string_view name);

// What pith.place= says of an instance: `pith.place=NAME:PLACEMENT`, several by commas or as
// several words. NAME is an instance (virtio_blk0), a component (virtio_blk) or *, and the most
// exact one counts, of equals the last. `otherwise` if nothing is said. Any context.
Placement configured_placement(std::string_view component, std::string_view instance,
                               Placement otherwise);
// The same for one list of pairs, with how exact the match was: 0 none to 3 the instance.
struct PlacementWish {
    Placement placement = Placement::builtin;
    u32 exactness = 0;
};
void apply_placement_list(std::string_view list, std::string_view component,
                          std::string_view instance, PlacementWish& wish);

} // namespace core

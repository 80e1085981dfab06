// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/placement.h"

#include "core/init/command_line.h"

namespace core {
namespace {

constexpr std::string_view names[placement_count] = {"builtin", "module", "server"};

u32 exactness_of(std::string_view name, std::string_view component, std::string_view instance) {
    return name == instance ? 3 : name == component ? 2 : name == "*" ? 1 : 0;
}

} // namespace

std::string_view placement_name(Placement placement) { return names[static_cast<u32>(placement)]; }

std::optional<Placement> parse_placement(std::string_view name) {
    for (u32 i = 0; i < placement_count; ++i) {
        if (names[i] == name)
            return static_cast<Placement>(i);
    }
    return {};
}

void apply_placement_list(std::string_view list, std::string_view component,
                          std::string_view instance, PlacementWish& wish) {
    while (!list.empty()) {
        const usize comma = list.find(',');
        const std::string_view pair = list.substr(0, comma);
        list = comma == list.npos ? std::string_view() : list.substr(comma + 1);
        const usize colon = pair.find(':');
        if (colon == pair.npos)
            continue;
        const u32 exactness = exactness_of(pair.substr(0, colon), component, instance);
        const auto placement = parse_placement(pair.substr(colon + 1));
        if (placement && exactness != 0 && exactness >= wish.exactness)
            wish = {*placement, exactness};
    }
}

Placement configured_placement(std::string_view component, std::string_view instance,
                               Placement otherwise) {
    struct Search {
        std::string_view component, instance;
        PlacementWish wish;
    } search{component, instance, {otherwise, 0}};
    for_each_boot_word(
        [](std::string_view word, bool after_dashes, void* argument) {
            constexpr std::string_view option = "pith.place=";
            if (after_dashes || !word.starts_with(option))
                return;
            auto& s = *static_cast<Search*>(argument);
            apply_placement_list(word.substr(option.size()), s.component, s.instance, s.wish);
        },
        &search);
    return search.wish.placement;
}

} // namespace core

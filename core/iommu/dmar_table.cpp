// SPDX-License-Identifier: BSD-2-Clause
#include "core/iommu/dmar_table.h"

#include <iterator>

#include "base/memory_functions.h"

namespace core {
namespace {

constexpr usize header_bytes = 48; // 8.1
constexpr u16 type_unit = 0, type_region = 1;
constexpr u8 flag_all_others = 1;

template <typename T>
T read(std::span<const u8> bytes, usize offset) {
    T value;
    memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

} // namespace

Result<> DmarTable::parse(std::span<const u8> bytes) {
    *this = {};
    if (bytes.size() < header_bytes)
        return Failure(Errno::proto);
    for (bytes = bytes.subspan(header_bytes); !bytes.empty();) {
        if (bytes.size() < 4)
            return Failure(Errno::proto);
        const u16 type = read<u16>(bytes, 0), length = read<u16>(bytes, 2);
        if (length < 4 || length > bytes.size())
            return Failure(Errno::proto);
        const auto entry = bytes.first(length);
        if (type == type_unit)
            TRY(take_unit(entry));
        else if (type == type_region)
            TRY(take_region(entry));
        bytes = bytes.subspan(length);
    }
    return {};
}

Result<> DmarTable::take_unit(std::span<const u8> entry) {
    constexpr usize scopes_at = 16; // 8.3
    if (entry.size() < scopes_at)
        return Failure(Errno::proto);
    if (read<u16>(entry, 6) != 0)
        return {};
    if (unit_count_ == most_units)
        return Failure(Errno::nospc);
    const u64 registers = read<u64>(entry, 8);
    if (registers == 0 || registers % 4096 != 0)
        return Failure(Errno::proto);
    units_[unit_count_++] = {registers, (entry[4] & flag_all_others) != 0,
                             TRY(take_scopes(entry.subspan(scopes_at)))};
    return {};
}

Result<> DmarTable::take_region(std::span<const u8> entry) {
    constexpr usize scopes_at = 24; // 8.4
    if (entry.size() < scopes_at)
        return Failure(Errno::proto);
    if (read<u16>(entry, 6) != 0)
        return {};
    if (region_count_ == most_regions)
        return Failure(Errno::nospc);
    const u64 start = read<u64>(entry, 8), last = read<u64>(entry, 16);
    if (start % 4096 != 0 || last % 4096 != 4095 || last < start || last >> 52)
        return Failure(Errno::proto);
    regions_[region_count_++] = {start, last + 1, TRY(take_scopes(entry.subspan(scopes_at)))};
    return {};
}

Result<std::span<const DmarScope>> DmarTable::take_scopes(std::span<const u8> list) {
    const usize first = scope_count_;
    while (!list.empty()) {
        if (list.size() < 6 || list[1] < 6 || list[1] > list.size())
            return Failure(Errno::proto);
        const auto entry = list.first(list[1]);
        list = list.subspan(entry.size());
        const usize path = entry.size() - 6;
        if (path == 0 || path % 2 != 0)
            return Failure(Errno::proto);
        DmarScope scope;
        if (entry[0] != static_cast<u8>(DmarScope::Kind::endpoint) &&
            entry[0] != static_cast<u8>(DmarScope::Kind::bridge))
            continue; // interrupt controllers, timers: nothing that a component drives
        if (path / 2 > std::size(scope.path) || scope_count_ == most_scopes)
            return Failure(Errno::nospc);
        scope.kind = static_cast<DmarScope::Kind>(entry[0]);
        scope.bus = entry[5];
        for (usize at = 6; at < entry.size(); at += 2) {
            if (entry[at] > 31 || entry[at + 1] > 7)
                return Failure(Errno::proto);
            scope.path[scope.depth++] = {entry[at], entry[at + 1]};
        }
        scopes_[scope_count_++] = scope;
    }
    return std::span<const DmarScope>(scopes_ + first, scope_count_ - first);
}

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// What tests of disk drivers say as clients: ranges of sectors, and bytes to know again.
#pragma once

#include <cstring>

#include "abi/component/block.h"
#include "host/test/home.h"

namespace host_test {

inline component::RequestArguments range(u64 sector, u32 count, u32 flags = 0) {
    return std::bit_cast<component::RequestArguments>(
        component::Block::Arguments{sector, count, flags, 0});
}

// Other bytes for each seed, that do not repeat within a sector.
inline std::vector<u8> pattern(usize size, u8 seed) {
    std::vector<u8> bytes(size);
    for (usize i = 0; i < size; ++i)
        bytes[i] = static_cast<u8>(i * 7 + (i >> 8) + seed);
    return bytes;
}

// What the driver says of a disk that it offers.
inline component::BlockProperties properties_of(const Home& home, usize service) {
    component::BlockProperties properties;
    std::memcpy(&properties, home.offers.at(service).properties.data(), sizeof properties);
    return properties;
}

} // namespace host_test

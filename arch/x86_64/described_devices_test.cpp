// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/described_devices.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using arch::find_virtio_transports;
using arch::MmioTransport;

std::string word(u32 value) { return {reinterpret_cast<const char*>(&value), 4}; }

// As QEMU writes one: Device, _HID, _UID, _CCA, _CRS.
std::string device(u32 base, u32 size, u32 line) {
    using namespace std::string_literals;
    return "[\x82\x4cVR00\x08_HID\x0dLNRO0005\0\x08_UID\0\x08_CCA\x01\x08_CRS\x11\x1a\x0a\x17"s +
           "\x86\x09\0\x01"s + word(base) + word(size) + "\x89\x06\0\x01\x01"s + word(line) +
           "\x79\0"s;
}

std::vector<MmioTransport> found_in(const std::string& code) {
    std::vector<MmioTransport> into(4);
    // A copy of exact size, so that the address sanitizer sees its end.
    const std::vector<u8> bytes(code.begin(), code.end());
    into.resize(find_virtio_transports(bytes, into));
    return into;
}

TEST(DescribedDevices, findsWindowsAndLines) {
    const auto found = found_in("head" + device(0xfeb00e00, 512, 23) + "between" +
                                device(0xfeb00c00, 512, 22) + "tail");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].base, 0xfeb00e00u);
    EXPECT_EQ(found[0].size, 512u);
    EXPECT_EQ(found[0].line, 23u);
    EXPECT_EQ(found[1].line, 22u);
}

TEST(DescribedDevices, leavesOutWhatIsUnsound) {
    EXPECT_TRUE(found_in("").empty());
    EXPECT_TRUE(found_in(device(0xfeb00e00, 16, 5)).empty());
    EXPECT_TRUE(found_in(device(0xfeb00e00, 1 << 20, 5)).empty());
    EXPECT_TRUE(found_in(device(0xfeb00e00, 512, 70000)).empty());
    EXPECT_TRUE(found_in(device(0, 512, 5)).empty());
}

TEST(DescribedDevices, endsWithItsRoomAndItsInput) {
    std::string many;
    for (u32 i = 0; i < 9; ++i)
        many += device(0xfeb00000 + 512 * i, 512, 5 + i);
    EXPECT_EQ(found_in(many).size(), 4u);
    const std::string one = device(0xfeb00e00, 512, 23);
    for (usize length = 0; length < one.size() - 2; ++length)
        EXPECT_TRUE(found_in(one.substr(0, length)).empty()) << length;
}

} // namespace

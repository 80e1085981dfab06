// SPDX-License-Identifier: BSD-2-Clause
// links: core/device/block_names.cpp host/test/kernel_port.cpp base/format.cpp
#include "core/device/block_names.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace core {
namespace {

// Only what name_disk looks at; a gate is never called.
struct Table final : BlockNameTable {
    bool has_name(std::string_view name) override { return names.contains(std::string(name)); }
    bool has_number(BlockDeviceNumber number) override {
        for (const auto& [name, is] : names) {
            if (is == number)
                return true;
        }
        return false;
    }
    Result<DiskName> add(std::string_view instance, std::string_view wish) {
        alignas(Gate) u8 room[sizeof(Gate)] = {};
        const OfferedService service{
            reinterpret_cast<Gate&>(room), Ref<GateOwner>::share(owner), instance, "", wish, {}};
        Result<DiskName> name = name_disk(*this, service);
        if (name)
            names[std::string(name->view())] = name->number;
        return name;
    }
    GateOwner owner;
    std::map<std::string, BlockDeviceNumber> names;
};

TEST(BlockNames, lowestFreeLetter) {
    Table table;
    EXPECT_EQ(table.add("virtio_blk0", "vd")->view(), "vda");
    EXPECT_EQ(table.add("virtio_blk1", "vd")->view(), "vdb");
    table.names.erase("vda");
    const auto again = table.add("virtio_blk2", "vd");
    EXPECT_EQ(again->view(), "vda");
    EXPECT_EQ(again->number, (BlockDeviceNumber{254, 0}));
}

TEST(BlockNames, lettersGoOnAfterZ) {
    Table table;
    DiskName last;
    for (int i = 0; i < 26 + 26 * 26 + 1; ++i) {
        last = *table.add("ahci0", "sd");
        if (i == 26)
            EXPECT_EQ(last.view(), "sdaa");
        if (i == 16)
            EXPECT_EQ(last.number, (BlockDeviceNumber{65, 0}));
        if (i == 255)
            EXPECT_EQ(last.number, (BlockDeviceNumber{135, 240}));
        if (i == 256)
            EXPECT_EQ(last.number, (BlockDeviceNumber{259, 0}));
    }
    EXPECT_EQ(last.view(), "sdaaa");
}

TEST(BlockNames, namespacesAreCalledAfterTheirController) {
    Table table;
    EXPECT_EQ(table.add("nvme0", "n1")->view(), "nvme0n1");
    const auto second = table.add("nvme1", "n7");
    EXPECT_EQ(second->view(), "nvme1n7");
    EXPECT_EQ(second->number, (BlockDeviceNumber{259, 1}));
    EXPECT_FALSE(table.add("nvme1", "n7")); // it cannot be there twice
}

TEST(BlockNames, loopDevicesKeepTheirNumber) {
    Table table;
    const auto seventh = table.add("loop7", "loop");
    EXPECT_EQ(seventh->view(), "loop7");
    EXPECT_EQ(seventh->number, (BlockDeviceNumber{7, 7}));
    EXPECT_EQ(table.add("loop0", "loop")->number, (BlockDeviceNumber{7, 0}));
    EXPECT_FALSE(table.add("loop7", "loop"));
    EXPECT_FALSE(table.add("loop", "loop"));
    EXPECT_FALSE(table.add("loop1048576", "loop"));
}

TEST(BlockNames, othersHaveAPrefixOfTheirOwn) {
    Table table;
    EXPECT_EQ(table.add("ramdisk0", "ram")->view(), "ram0");
    EXPECT_EQ(table.add("ramdisk1", "ram")->view(), "ram1");
    EXPECT_EQ(table.add("strange0", "nothing")->view(), "xda");
    EXPECT_EQ(table.add("strange0", "")->view(), "xdb");
}

} // namespace
} // namespace core

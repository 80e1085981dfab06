// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "abi/component/block.h"
#include "host/test/home.h"

extern "C" const component::Descriptor pith_component_ramdisk;

namespace {

using namespace host_test;
using component::Block;

// Storage that is contiguous only page by page, as the core may hand it out.
class FakeStorage : public FakeDevice {
public:
    u64 read(u32, u64, u32) override { return 0; }
    void write(u32, u64, u32, u64) override {}
    std::vector<component::WindowInfo> windows() const override { return {{bytes.size(), 3, 0}}; }
    std::span<u8> storage(u64 offset) override {
        if (offset >= bytes.size())
            return {};
        const usize left = 4096 - offset % 4096;
        return std::span(bytes).subspan(offset, std::min(left, bytes.size() - offset));
    }
    std::vector<u8> bytes = std::vector<u8>(64 * 1024);
};

class RamDisk : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(home.start()); }
    Answered run(Block::Operation operation, u64 sector, u32 count, std::vector<u8> data = {}) {
        last = home.submit(
            static_cast<u16>(operation),
            std::bit_cast<component::RequestArguments>(Block::Arguments{sector, count, 0, 0}),
            std::move(data), 1000);
        return home.answer(last);
    }
    DeviceMemory memory;
    FakeStorage storage;
    Home home{pith_component_ramdisk, &storage, memory};
    u64 last = 0;
};

TEST_F(RamDisk, writesAndReads) {
    std::vector<u8> data(10 * 512);
    for (usize i = 0; i < data.size(); ++i)
        data[i] = static_cast<u8>(i);
    EXPECT_EQ(run(Block::Operation::write, 5, 10, data).status, 0);
    EXPECT_EQ(run(Block::Operation::read, 5, 10, std::vector<u8>(10 * 512)).status, 0);
    EXPECT_EQ(home.data(last), data);
    EXPECT_EQ(run(Block::Operation::write_zeroes, 5, 1).status, 0);
    EXPECT_EQ(storage.bytes[5 * 512 + 1], 0);
    EXPECT_EQ(storage.bytes[6 * 512 + 1], 1);
}

TEST_F(RamDisk, endsAtItsEnd) {
    EXPECT_EQ(run(Block::Operation::read, 127, 1, std::vector<u8>(512)).status, 0);
    EXPECT_EQ(run(Block::Operation::read, 127, 2, std::vector<u8>(1024)).status,
              static_cast<i32>(Errno::nospc));
    EXPECT_NE(run(Block::Operation::read, ~u64{0}, 1, std::vector<u8>(512)).status, 0);
    EXPECT_NE(run(Block::Operation::read, 1, 2, std::vector<u8>(512)).status, 0);
}

} // namespace

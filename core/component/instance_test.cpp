// SPDX-License-Identifier: BSD-2-Clause
// The whole way: the RAM disk's object, loaded as the kernel loads it, an instance on a pretended
// device, its gate, and the block device the core makes of it. Then the instance dies under load.
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/component/manager.h"
#include "core/device/block_device.h"
#include "core/gate/services.h"
#include "host/test/core_port.h"

namespace core {
namespace {

class Storage final : public Device {
public:
    explicit Storage(std::string_view name)
        : Device(name, {component::DeviceBus::platform, 0, 0, 0, 0, 0}), bytes(1 << 20) {
        platform_kind_ = "ram_disk";
        (void)add_window({DeviceWindow::Kind::storage, 0, 0, bytes.size()});
    }
    Result<std::span<u8>> storage(u32, u64 offset) override {
        if (offset >= bytes.size())
            return Failure(Errno::inval);
        return std::span(bytes).subspan(offset);
    }
    std::vector<u8> bytes;
};

std::vector<u64>& object() {
    static std::vector<u64> words = [] {
        std::ifstream file(PITH_TEST_OBJECT, std::ios::binary);
        const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
        std::vector<u64> aligned((bytes.size() + 7) / 8);
        std::memcpy(aligned.data(), bytes.data(), bytes.size());
        return aligned;
    }();
    return words;
}

int g_appeared, g_went;

class InstanceTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        MUST(start_gate_services(), "memory is there");
        MUST(start_block_devices(), "memory is there");
        MUST(start_component_manager(), "memory is there");
        const auto& words = object();
        MUST(
            add_component("ramdisk", {reinterpret_cast<const u8*>(words.data()), words.size() * 8}),
            "the object is sound");
        start_device_matching();
        set_block_listener([](BlockDevice&, bool present) { present ? ++g_appeared : ++g_went; });
    }
    void SetUp() override {
        static int number = 0;
        g_appeared = g_went = 0;
        const std::string name = "storage." + std::to_string(number++);
        Ref<Storage> made = MUST(Ref<Storage>::create(name), "memory is there");
        device = made.get();
        ASSERT_TRUE(add_device(made));
        ASSERT_TRUE(find_block_device("ram0"));
        disk = RefOrNull<BlockDevice>(MUST(find_block_device("ram0"), "just seen"));
        instance = RefOrNull<Instance>::share(device->driver);
    }
    void TearDown() override {
        disk = nullptr;
        instance = nullptr;
        if (device)
            remove_device(*device);
        EXPECT_FALSE(find_block_device("ram0"));
    }

    Storage* device = nullptr;
    RefOrNull<BlockDevice> disk;
    RefOrNull<Instance> instance;
};

TEST_F(InstanceTest, aDeviceBecomesADisk) {
    EXPECT_EQ(g_appeared, 1);
    EXPECT_EQ(instance->name(), "ramdisk0");
    EXPECT_EQ(instance->state(), InstanceState::running);
    EXPECT_EQ(disk->capacity(), 2048u);
    EXPECT_EQ(disk->number(), (BlockDeviceNumber{1, 0}));
}

TEST_F(InstanceTest, dataGoesThere) {
    std::vector<u8> out(64 * 1024), in(64 * 1024);
    for (usize i = 0; i < out.size(); ++i)
        out[i] = static_cast<u8>(i / 512 + i);
    ASSERT_TRUE(disk->write(512 * 5, out));
    ASSERT_TRUE(disk->read(512 * 5, in));
    EXPECT_EQ(in, out);
    EXPECT_EQ(std::memcmp(device->bytes.data() + 512 * 5, out.data(), out.size()), 0);
    ASSERT_TRUE(disk->flush());
    EXPECT_EQ(disk->read((1 << 20) - 512, {in.data(), 1024}).error(), Errno::nospc);
    EXPECT_EQ(disk->read(100, {in.data(), 512}).error(), Errno::inval);
}

// Killed again and again while four threads write and check: no error, no wrong byte.
TEST_F(InstanceTest, killsGoUnnoticed) {
    std::atomic<bool> stop{false};
    std::atomic<u64> errors{0}, rounds{0};
    std::vector<std::thread> clients;
    for (u32 c = 0; c < 4; ++c) {
        clients.emplace_back([&, c] {
            std::vector<u8> out(4096), in(4096);
            for (u32 i = 0; !stop; ++i) {
                std::memset(out.data(), static_cast<int>(i * 4 + c), out.size());
                const u64 at = (c * 32 + i % 32) * 4096;
                const bool good = disk->write(at, out) && disk->read(at, in) && in == out;
                errors += !good;
                ++rounds;
            }
        });
    }
    constexpr u32 kills = 60;
    for (u32 i = 0; i < kills; ++i) {
        const u64 before = rounds;
        while (rounds < before + 20)
            std::this_thread::yield();
        instance->strand().crash(Errno::io);
        while (instance->state() != InstanceState::running)
            std::this_thread::yield();
    }
    stop = true;
    for (std::thread& client : clients)
        client.join();
    EXPECT_EQ(errors, 0u);
    EXPECT_EQ(instance->restarts(), kills);
    EXPECT_EQ(g_went, 0);
}

TEST_F(InstanceTest, removalEndsRequestsWithIo) {
    RefOrNull<BlockDevice> kept = disk;
    disk = nullptr;
    remove_device(*std::exchange(device, nullptr));
    EXPECT_EQ(g_went, 1);
    EXPECT_TRUE(kept->is_gone());
    std::vector<u8> in(512);
    EXPECT_EQ(kept->read(0, in).error(), Errno::io);
    EXPECT_FALSE(find_instance("ramdisk0"));
}

TEST_F(InstanceTest, hashIsOfTheBytes) {
    const auto& words = object();
    EXPECT_EQ(instance->image().hash(),
              base::sha256({reinterpret_cast<const u8*>(words.data()), words.size() * 8}));
}

} // namespace
} // namespace core

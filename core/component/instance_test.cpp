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
        const std::span<const u8> bytes(reinterpret_cast<const u8*>(words.data()),
                                        words.size() * 8);
        MUST(add_component(MUST(ComponentObject::embedded("ramdisk", bytes, Placement::builtin),
                                "the object is sound")),
             "there is no other");
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
            remove_device(*device, Departure::in_order);
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

TEST_F(InstanceTest, removalEndsRequestsWithIo) {
    RefOrNull<BlockDevice> kept = disk;
    disk = nullptr;
    remove_device(*std::exchange(device, nullptr), Departure::pulled_out);
    EXPECT_EQ(g_went, 1);
    EXPECT_TRUE(kept->is_gone());
    std::vector<u8> in(512);
    EXPECT_EQ(kept->read(0, in).error(), Errno::io);
    EXPECT_FALSE(find_instance("ramdisk0"));
}

TEST_F(InstanceTest, theBytesAreTheSameEverywhere) {
    const auto& words = object();
    const auto hash = base::sha256({reinterpret_cast<const u8*>(words.data()), words.size() * 8});
    const Home::Facts builtin = MUST(instance->home_facts(), "it runs");
    ASSERT_TRUE(instance->move(Placement::module));
    const Home::Facts module = MUST(instance->home_facts(), "it runs");
    EXPECT_EQ(builtin.object_hash, hash);
    EXPECT_EQ(module.object_hash, hash);
    EXPECT_EQ(builtin.text_hash, module.text_hash);
}

// Runs `during` while four threads write, read back and compare; answers how often they found
// fault.
template <typename During>
u64 under_load(BlockDevice& disk, std::atomic<u64>& rounds, During during) {
    std::atomic<bool> stop{false};
    std::atomic<u64> errors{0};
    std::vector<std::thread> clients;
    for (u32 c = 0; c < 4; ++c) {
        clients.emplace_back([&, c] {
            std::vector<u8> out(4096), in(4096);
            for (u32 i = 0; !stop; ++i) {
                std::memset(out.data(), static_cast<int>(i * 4 + c), out.size());
                const u64 at = (c * 32 + i % 32) * 4096;
                errors += !(disk.write(at, out) && disk.read(at, in) && in == out);
                ++rounds;
            }
        });
    }
    during();
    stop = true;
    for (std::thread& client : clients)
        client.join();
    return errors;
}

void wait_for_rounds(std::atomic<u64>& rounds, u64 more) {
    const u64 before = rounds;
    while (rounds < before + more)
        std::this_thread::yield();
}

// Killed again and again: no error, no wrong byte.
TEST_F(InstanceTest, killsGoUnnoticed) {
    constexpr u32 kills = 60;
    std::atomic<u64> rounds{0};
    const u64 errors = under_load(*disk, rounds, [&] {
        for (u32 i = 0; i < kills; ++i) {
            wait_for_rounds(rounds, 20);
            ASSERT_TRUE(instance->kill());
            while (instance->state() != InstanceState::running)
                std::this_thread::yield();
        }
    });
    EXPECT_EQ(errors, 0u);
    EXPECT_EQ(instance->restarts(), kills);
    EXPECT_EQ(g_went, 0);
}

TEST_F(InstanceTest, movesGoUnnoticed) {
    constexpr u32 moves = 200;
    std::atomic<u64> rounds{0};
    const u64 errors = under_load(*disk, rounds, [&] {
        for (u32 i = 0; i < moves; ++i) {
            wait_for_rounds(rounds, 5);
            const Placement next = i % 2 ? Placement::builtin : Placement::module;
            ASSERT_TRUE(instance->move(next));
            EXPECT_EQ(instance->placement(), next);
        }
    });
    EXPECT_EQ(errors, 0u);
    EXPECT_EQ(instance->figures().moves, moves);
    EXPECT_EQ(instance->restarts(), 0u);
}

TEST_F(InstanceTest, killedAndMovedAtOnce) {
    std::atomic<u64> rounds{0};
    const u64 errors = under_load(*disk, rounds, [&] {
        std::thread mover([&] {
            for (u32 i = 0; i < 60; ++i) {
                wait_for_rounds(rounds, 5);
                (void)instance->move(i % 2 ? Placement::builtin : Placement::module);
            }
        });
        for (u32 i = 0; i < 60; ++i) {
            wait_for_rounds(rounds, 5);
            (void)instance->kill();
        }
        mover.join();
    });
    EXPECT_EQ(errors, 0u);
    EXPECT_EQ(g_went, 0);
    while (instance->state() != InstanceState::running)
        std::this_thread::yield();
    EXPECT_EQ(instance->figures().kills, instance->restarts());
}

TEST_F(InstanceTest, anOperatorRevivesWhatWasGivenUp) {
    instance->give_up();
    EXPECT_EQ(instance->state(), InstanceState::failed);
    EXPECT_EQ(g_went, 1);
    ASSERT_TRUE(instance->restart());
    EXPECT_EQ(g_appeared, 2);
    std::vector<u8> bytes(512);
    disk = RefOrNull<BlockDevice>(MUST(find_block_device("ram0"), "it is back"));
    EXPECT_TRUE(disk->read(0, bytes));
}

TEST_F(InstanceTest, objectsComeAndGo) {
    const auto& words = object();
    const std::span<const u8> bytes(reinterpret_cast<const u8*>(words.data()), words.size() * 8);
    EXPECT_EQ(load_component(bytes).error(), Errno::exist);
    EXPECT_EQ(unload_component("ramdisk").error(), Errno::busy);
    EXPECT_EQ(unload_component("nonesuch").error(), Errno::noent);
    EXPECT_EQ(load_component(bytes.first(bytes.size() / 2)).error(), Errno::noexec);
}

TEST(Placement, theMostExactWordCounts) {
    const auto wish = [](std::string_view list, std::string_view instance) {
        PlacementWish result;
        apply_placement_list(list, "virtio_blk", instance, result);
        return result.placement;
    };
    EXPECT_EQ(wish("*:module", "virtio_blk0"), Placement::module);
    EXPECT_EQ(wish("virtio_blk0:server,*:module", "virtio_blk0"), Placement::server);
    EXPECT_EQ(wish("virtio_blk0:server,virtio_blk:module", "virtio_blk1"), Placement::module);
    EXPECT_EQ(wish("*:server,*:module", "virtio_blk0"), Placement::module);
    EXPECT_EQ(wish("virtio_blk:nowhere,,x,virtio_blk", "virtio_blk0"), Placement::builtin);
    EXPECT_EQ(wish("ext4:server", "virtio_blk0"), Placement::builtin);
}

} // namespace
} // namespace core

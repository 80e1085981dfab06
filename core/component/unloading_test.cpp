// SPDX-License-Identifier: BSD-2-Clause
// The RAM disk's driver is loaded, is unloaded and comes again, beside those who use its disks.
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/component/manager.h"
#include "core/device/block_device.h"
#include "core/gate/services.h"

namespace core {
namespace {

class Storage final : public Device {
public:
    explicit Storage(std::string_view name)
        : Device(name, {component::DeviceBus::platform, 0, 0, 0, 0, 0}), bytes_(1 << 16) {
        platform_kind_ = "ram_disk";
        (void)add_window({DeviceWindow::Kind::storage, 0, 0, bytes_.size()});
    }
    Result<std::span<u8>> storage(u32, u64 offset) override {
        if (offset >= bytes_.size())
            return Failure(Errno::inval);
        return std::span(bytes_).subspan(offset);
    }

private:
    std::vector<u8> bytes_;
};

std::vector<u8> object() {
    std::ifstream file(PITH_TEST_OBJECT, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool is_there(std::string_view name) { return find_block_device(name).has_value(); }

u32 disks() {
    u32 count = 0;
    for_each_block_device(
        [](BlockDevice&, void* counter) {
            ++*static_cast<u32*>(counter);
            return true;
        },
        &count);
    return count;
}

// Someone who opens a disk, or finds that its driver is leaving.
class Opener {
public:
    explicit Opener(std::string_view name) {
        auto found = find_block_device(name);
        if (!found)
            return;
        use_.emplace(*found);
        if ((**use_).is_retired())
            use_.reset();
    }
    bool has_it() const { return use_.has_value(); }
    bool reads() const {
        u8 sector[512];
        return bool((**use_).read(0, sector));
    }

private:
    std::optional<BlockUse> use_;
};

class UnloadingTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        MUST(start_gate_services(), "memory is there");
        MUST(start_block_devices(), "memory is there");
        MUST(start_component_manager(), "memory is there");
        start_device_matching();
        for (const char* name : {"first", "second"})
            MUST(add_device(MUST(Ref<Storage>::create(name), "memory is there")), "a new name");
    }
    void SetUp() override { ASSERT_TRUE(load_component(object())); }
    void TearDown() override {
        const Result<> gone = unload_component("ramdisk");
        EXPECT_TRUE(gone || gone.error() == Errno::noent);
        EXPECT_FALSE(is_there("ram0") || is_there("ram1"));
        EXPECT_FALSE(next_instance(0));
    }
};

TEST_F(UnloadingTest, aDriverGoesWithItsDisksAndComesAgain) {
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(is_there("ram0") && is_there("ram1"));
        EXPECT_EQ(users_of(*MUST(find_component("ramdisk"), "just loaded")), 0u);
        ASSERT_TRUE(unload_component("ramdisk"));
        EXPECT_FALSE(find_component("ramdisk"));
        EXPECT_FALSE(is_there("ram0") || is_there("ram1"));
        EXPECT_EQ(MUST(find_device("first"), "it stays")->driver, nullptr);
        ASSERT_TRUE(load_component(object()));
    }
}

TEST_F(UnloadingTest, oneOpenDiskKeepsAll) {
    {
        const Opener second("ram1");
        ASSERT_TRUE(second.has_it());
        EXPECT_EQ(users_of(*MUST(find_component("ramdisk"), "it is there")), 1u);
        EXPECT_EQ(unload_component("ramdisk").error(), Errno::busy);
        EXPECT_TRUE(second.reads());
        const Opener first("ram0");
        EXPECT_TRUE(first.has_it() && first.reads());
    }
    EXPECT_TRUE(unload_component("ramdisk"));
}

TEST_F(UnloadingTest, whatTheCoreMadeStays) {
    Ref<ComponentObject> kept = MUST(find_component("ramdisk"), "just loaded");
    const u32 made_for_devices = users_of(*kept);
    // It has no device, and does not start: nothing of it is left behind.
    EXPECT_FALSE(create_instance("ramdisk", {}));
    EXPECT_EQ(users_of(*kept), made_for_devices);
    EXPECT_TRUE(unload_component("ramdisk"));
    EXPECT_EQ(create_instance("ramdisk", {}).error(), Errno::noent);
}

TEST_F(UnloadingTest, anInstanceThatEndedInOrderIsNotRevived) {
    RefOrNull<Instance> instance = RefOrNull<Instance>(MUST(next_instance(0), "just loaded"));
    ASSERT_TRUE(unload_component("ramdisk"));
    EXPECT_EQ(instance->state(), InstanceState::stopped);
    EXPECT_EQ(instance->restart().error(), Errno::nodev);
    EXPECT_EQ(instance->kill().error(), Errno::busy);
    EXPECT_EQ(instance->move(Placement::module).error(), Errno::busy);
}

// Whoever got a disk keeps it: it never fails under him.
TEST_F(UnloadingTest, openersAndUnloadersAgree) {
    std::atomic<bool> stop{false};
    std::atomic<u64> opened{0}, failed{0};
    auto open_and_read = [&](std::string_view name) {
        for (; !stop; std::this_thread::sleep_for(std::chrono::microseconds(100))) {
            const Opener opener(name);
            if (!opener.has_it())
                continue;
            ++opened;
            failed += !opener.reads();
        }
    };
    std::thread openers[] = {std::thread(open_and_read, "ram0"),
                             std::thread(open_and_read, "ram1")};
    u64 gone = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while ((gone < 20 || opened < 200) && std::chrono::steady_clock::now() < end) {
        const Result<> unloaded = unload_component("ramdisk");
        if (!unloaded) {
            EXPECT_EQ(unloaded.error(), Errno::busy);
            std::this_thread::yield();
            continue;
        }
        ++gone;
        ASSERT_TRUE(load_component(object()));
    }
    stop = true;
    for (std::thread& thread : openers)
        thread.join();
    EXPECT_EQ(failed, 0u);
    EXPECT_GT(gone, 0u);
    EXPECT_GT(opened, 0u);
}

// Two who match the same device at the same time make one driver of it.
TEST_F(UnloadingTest, loadersAndPluggersAgree) {
    for (u32 i = 0; i < 50; ++i) {
        ASSERT_TRUE(unload_component("ramdisk"));
        Ref<Storage> third = MUST(Ref<Storage>::create("third"), "memory is there");
        std::thread plugger([&] { EXPECT_TRUE(add_device(third)); });
        ASSERT_TRUE(load_component(object()));
        plugger.join();
        EXPECT_EQ(disks(), 3u); // which has which name depends on who came first
        remove_device(*third, Departure::in_order);
        EXPECT_EQ(disks(), 2u);
    }
}

} // namespace
} // namespace core

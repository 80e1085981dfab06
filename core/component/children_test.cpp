// SPDX-License-Identifier: BSD-2-Clause
// An instance with a child: the loop device's object, loaded as the kernel loads it, over a block
// service in memory, and the block device the core makes of it. The instance is killed and moved
// while its child is slow. Buffers of requests are freed when they are answered, so that the
// sanitizers see a child that goes on with one.
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/component/manager.h"
#include "core/device/block_device.h"
#include "core/gate/services.h"
#include "core/memory/kernel_map.h"
#include "host/test/core_port.h"

namespace core {
namespace {

using component::Answer;
using component::Block;
using component::BlockProperties;
using component::Env;
using component::Request;
using Operation = Block::Operation;

// The child: a disk in memory that takes its time.
class MemoryDisk final : public ChildService, private Strand::Observer {
public:
    explicit MemoryDisk(usize size)
        : ChildService(component::fingerprint_of<Block>(), sizeof(BlockProperties)), bytes(size) {
        kick = [](Observer&, Strand&) {};
        crashed = [](Observer&, Strand&, Errno) {};
        properties_.capacity = size / 512;
        properties_.max_segments = component::maximum_child_pieces;
        component::Handlers handlers;
        handlers.submit = [](Env& env, const Request& request) {
            return static_cast<Life&>(env).owner.serve(request);
        };
        strand_.rebind({&life_, handlers});
        strand_.release();
    }
    Gate& gate() override { return gate_; }
    void copy_properties(void* to) override {
        const std::lock_guard guard(lock_);
        std::memcpy(to, &properties_, sizeof properties_);
    }
    void set_capacity(u64 sectors) {
        const std::lock_guard guard(lock_);
        properties_.capacity = sectors;
    }

    std::vector<u8> bytes;
    std::atomic<u32> delay{0}; // microseconds, in the middle of each request
    std::atomic<u64> served{0};

private:
    struct Life : Env {
        explicit Life(MemoryDisk& disk) : owner(disk) {}
        MemoryDisk& owner;
    };
    Answer serve(const Request& request) {
        ++served;
        u64 at = request.payload<Block::Arguments>().sector * 512;
        const bool reads = request.operation == static_cast<u16>(Operation::read);
        u64 done = 0;
        for (const BufferPiece& piece : strand_.find(request.id)->pieces) {
            if (delay != 0)
                std::this_thread::sleep_for(std::chrono::microseconds(delay));
            u8* memory = physical_view(piece.address);
            std::memcpy(reads ? memory : bytes.data() + at, reads ? bytes.data() + at : memory,
                        piece.length);
            at += piece.length;
            done += piece.length;
        }
        return Answer::done(done);
    }

    Life life_{*this};
    std::mutex lock_;
    BlockProperties properties_;
    Strand strand_{*this, false};
    Gate gate_{strand_, 0, Block::operations};
};

std::vector<u64>& object() {
    static std::vector<u64> words = [] {
        std::ifstream file(PITH_TEST_LOOP, std::ios::binary);
        const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
        std::vector<u64> aligned((bytes.size() + 7) / 8);
        std::memcpy(aligned.data(), bytes.data(), bytes.size());
        return aligned;
    }();
    return words;
}

class ChildrenTest : public testing::Test {
protected:
    static constexpr usize disk_size = 1 << 20;

    static void SetUpTestSuite() {
        MUST(start_gate_services(), "memory is there");
        MUST(start_block_devices(), "memory is there");
        MUST(start_component_manager(), "memory is there");
        const auto& words = object();
        MUST(add_component(MUST(
                 ComponentObject::embedded("loop",
                                           {reinterpret_cast<const u8*>(words.data()),
                                            words.size() * 8},
                                           Placement::builtin),
                 "the object is sound")),
             "there is no other");
    }
    void SetUp() override {
        child = RefOrNull<MemoryDisk>(MUST(Ref<MemoryDisk>::create(disk_size), "memory is there"));
        const Instance::Child children[] = {Instance::Child(child.to_ref())};
        instance = RefOrNull<Instance>(MUST(create_instance("loop", children, 3), "it starts"));
        disk = RefOrNull<BlockDevice>(MUST(find_block_device("loop3"), "just made"));
    }
    void TearDown() override {
        end_instance(*instance);
        EXPECT_FALSE(find_block_device("loop3"));
        disk = nullptr;
        instance = nullptr;
        child = nullptr;
    }
    void wait_until_running() {
        while (instance->state() != InstanceState::running)
            std::this_thread::yield();
    }
    // Kernel memory that is freed at once when the transfer has ended.
    Result<> write(u64 at, usize size, u8 value) {
        std::unique_ptr<u8[]> out(new u8[size]);
        std::memset(out.get(), value, size);
        return disk->write(at, {out.get(), size});
    }
    bool reads_as(u64 at, usize size, u8 value) {
        std::unique_ptr<u8[]> in(new u8[size]);
        if (!disk->read(at, {in.get(), size}))
            return false;
        for (usize i = 0; i < size; ++i) {
            if (in[i] != value)
                return false;
        }
        return true;
    }
    // Threads that write, read back and compare while `during` runs; how often one found fault.
    template <typename During>
    u64 under_load(During during) {
        std::atomic<bool> stop{false};
        std::atomic<u64> errors{0};
        std::vector<std::thread> clients;
        for (u32 c = 0; c < 4; ++c) {
            clients.emplace_back([&, c] {
                for (u32 i = 0; !stop; ++i) {
                    const u8 value = static_cast<u8>(1 + i % 250);
                    const u64 at = (c * 16 + i % 16) * 16384;
                    const usize size = i % 3 ? 4096 : 16384;
                    errors += !(write(at, size, value) && reads_as(at, size, value));
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
    void wait_for_rounds(u64 more) {
        const u64 before = rounds;
        while (rounds < before + more)
            std::this_thread::yield();
    }

    RefOrNull<MemoryDisk> child;
    RefOrNull<Instance> instance;
    RefOrNull<BlockDevice> disk;
    std::atomic<u64> rounds{0};
};

TEST_F(ChildrenTest, aDiskOnTopOfAnother) {
    EXPECT_EQ(instance->name(), "loop3");
    EXPECT_EQ(disk->number(), (BlockDeviceNumber{7, 3}));
    EXPECT_EQ(disk->size_in_bytes(), u64{disk_size});
    ASSERT_TRUE(write(4096, 65536, 5));
    EXPECT_EQ(child->bytes[4096], 5);
    EXPECT_EQ(child->bytes[4096 + 65535], 5);
    EXPECT_TRUE(reads_as(4096, 65536, 5));
    EXPECT_EQ(write(disk_size - 512, 1024, 1).error(), Errno::nospc);
}

TEST_F(ChildrenTest, itGrowsWithItsChild) {
    child->set_capacity(16);
    BlockRequest flush;
    flush.operation = Operation::flush;
    ASSERT_TRUE(disk->transfer(flush));
    EXPECT_EQ(disk->capacity(), 16u);
    EXPECT_EQ(write(8192, 512, 1).error(), Errno::nospc);
}

TEST_F(ChildrenTest, needsItsChild) {
    EXPECT_EQ(create_instance("loop", {}).error(), Errno::inval);
    const Instance::Child children[] = {Instance::Child(child.to_ref())};
    EXPECT_EQ(create_instance("loop", children, 3).error(), Errno::exist);
}

TEST_F(ChildrenTest, killsGoUnnoticed) {
    child->delay = 200;
    const u64 errors = under_load([&] {
        for (u32 i = 0; i < 60; ++i) {
            wait_for_rounds(3);
            ASSERT_TRUE(instance->kill());
            wait_until_running();
        }
    });
    EXPECT_EQ(errors, 0u);
    EXPECT_EQ(instance->restarts(), 60u);
    EXPECT_GT(instance->strand().orphaned(), 0u);
    EXPECT_EQ(instance->strand().convicted(), 0u);
}

TEST_F(ChildrenTest, killedAndMovedAtOnce) {
    child->delay = 400; // with four pieces longer than a hold's patience
    const u64 errors = under_load([&] {
        std::thread mover([&] {
            for (u32 i = 0; i < 60; ++i) {
                wait_for_rounds(2);
                (void)instance->move(i % 2 ? Placement::builtin : Placement::module);
            }
        });
        for (u32 i = 0; i < 60; ++i) {
            wait_for_rounds(2);
            (void)instance->kill();
        }
        mover.join();
    });
    EXPECT_EQ(errors, 0u);
    wait_until_running();
    EXPECT_GT(instance->strand().orphaned(), 0u);
    EXPECT_EQ(instance->strand().orphans(), 0u);
}

// Ended while its child is busy: the client hears of it when its memory is its own again.
TEST_F(ChildrenTest, givenUpWhileItsChildIsBusy) {
    child->delay = 20'000;
    const u64 before = child->served;
    Result<> outcome;
    std::thread client([&] { outcome = write(0, 16384, 9); });
    while (child->served == before)
        std::this_thread::yield();
    instance->give_up();
    client.join();
    EXPECT_EQ(outcome.error(), Errno::io);
    EXPECT_EQ(child->bytes[16383], 9);
    disk = nullptr;
    ASSERT_TRUE(instance->restart());
    disk = RefOrNull<BlockDevice>(MUST(find_block_device("loop3"), "it is back"));
    EXPECT_TRUE(reads_as(0, 16384, 9));
}

} // namespace
} // namespace core

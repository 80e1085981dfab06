// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/super_block.h"

#include "base/allocate.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "linux/vfs/dentry_cache.h"

namespace linux {
namespace {

struct SlowDisk {
    std::atomic<bool> may_write{false};
    std::atomic<u32> writing{0}, written{0}, evicted{0}, syncs_after_end{0};
    std::atomic<bool> shut_down{false};
    u32 evicted_before_end = 0;
};

class SlowType final : public FileSystemType {
public:
    constexpr SlowType() : FileSystemType("slow", false) {}
    Result<Ref<SuperBlock>> mount(const MountRequest&) const override {
        return Failure(Errno::nosys);
    }
};
constinit const SlowType g_slow_type;

class SlowSuperBlock final : public SuperBlock {
public:
    explicit SlowSuperBlock(SlowDisk& used)
        : SuperBlock(g_slow_type, Caching::normal), disk(used) {}
    Result<> statistics(FileSystemStatistics&) override { return {}; }
    Result<> sync(bool) override {
        disk.syncs_after_end += disk.shut_down ? 1 : 0;
        return {};
    }
    void shut_down() override {
        disk.evicted_before_end = disk.evicted;
        disk.shut_down = true;
    }
    SlowDisk& disk;
};

class SlowInode final : public Inode {
public:
    SlowInode(SlowSuperBlock& owner, u64 number)
        : Inode(owner, number, file_mode::regular | 0600), disk_(owner.disk) {}
    Result<> sync(bool) override {
        ++disk_.writing;
        while (!disk_.may_write)
            core::sleep_for(base::microseconds(100));
        ++disk_.written;
        return {};
    }
    void evict() override {
        Inode::evict();
        ++disk_.evicted;
    }

private:
    SlowDisk& disk_;
};

constexpr u32 inode_count = 5;

// A mounted file system with dirty inodes that nobody but the dirty list holds.
Ref<SuperBlock> make_dirty(SlowDisk& disk) {
    if (!g_dentry_cache.buckets) // tests run before there is a root
        MUST(DentryCache::initialise(), "tests begin with memory to spare");
    auto* owner = new (base::fallible) SlowSuperBlock(disk);
    VERIFY(owner && owner->add_mount());
    for (u32 i = 0; i < inode_count; ++i) {
        auto* inode = new (base::fallible) SlowInode(*owner, 10 + i);
        VERIFY(inode);
        Ref<Inode>::adopt(inode)->mark_dirty();
    }
    return Ref<SuperBlock>::adopt(owner);
}

TEST(super_block, sync_waits_for_what_another_is_writing) {
    SlowDisk disk;
    Ref<SuperBlock> owner = make_dirty(disk);
    std::atomic<u32> done{0};
    auto body = [&](u32) {
        (void)owner->sync_all(true);
        EXPECT(disk.written == inode_count);
        ++done;
    };
    core::TestThreads threads;
    (void)threads.start(body, 0);
    EXPECT(core::becomes_true([&] { return disk.writing == 1; }));
    (void)threads.start(body, 1);
    core::sleep_for(base::milliseconds(5));
    EXPECT(done == 0);
    disk.may_write = true;
    threads.wait();
    EXPECT(disk.evicted == inode_count);
    owner->drop_mount();
}

// Nobody waits for the write-back of what has no name: it goes with its last user, unwritten.
TEST(super_block, unlinked_inodes_are_not_written) {
    SlowDisk disk;
    disk.may_write = true;
    Ref<SuperBlock> owner = make_dirty(disk);
    auto* slow = new (base::fallible) SlowInode(static_cast<SlowSuperBlock&>(*owner), 100);
    REQUIRE(slow);
    {
        const Ref<Inode> inode = Ref<Inode>::adopt(slow);
        inode->mark_dirty();
        inode->set_links(0);
        const Ref<Inode> other = inode;
        EXPECT(disk.evicted == 0);
    }
    EXPECT(disk.evicted == 1);
    EXPECT(disk.written == 0);
    (void)owner->sync_all(true);
    EXPECT(disk.written == inode_count);
    owner->drop_mount();
}

TEST(super_block, ends_after_the_write_back_that_is_under_way) {
    SlowDisk disk;
    Ref<SuperBlock> owner = make_dirty(disk);
    auto write_back = [&](u32) { (void)owner->sync_all(false); };
    auto unmount = [&](u32) { owner->drop_mount(); };
    core::TestThreads threads;
    (void)threads.start(write_back, 0);
    EXPECT(core::becomes_true([&] { return disk.writing == 1; }));
    (void)threads.start(unmount, 1);
    core::sleep_for(base::milliseconds(5));
    EXPECT(!disk.shut_down);
    (void)threads.start(write_back, 2); // chose the file system before it was unmounted
    disk.may_write = true;
    threads.wait();
    EXPECT(disk.shut_down);
    EXPECT(disk.evicted_before_end == inode_count);
    EXPECT(disk.syncs_after_end == 0);
}

} // namespace
} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/nameless.h"

#include "linux/process/process.h"
#include "linux/vfs/super_block.h"

namespace linux {

namespace {

// Not registered: these cannot be mounted.
class NamelessType final : public FileSystemType {
public:
    constexpr NamelessType(const char* name, u64 magic)
        : FileSystemType(name, false), magic_number(magic) {}
    Result<Ref<SuperBlock>> mount(const MountRequest&) const override {
        return Failure(Errno::nodev);
    }
    const u64 magic_number;
};

// Magic numbers: linux/magic.h.
constinit NamelessType g_pipe_type("pipefs", 0x5049'5045);
constinit NamelessType g_socket_type("sockfs", 0x534f'434b);
constinit NamelessType g_anonymous_type("anon_inodefs", 0x0904'1934);

class NamelessSuperBlock final : public SuperBlock {
public:
    explicit NamelessSuperBlock(const NamelessType& type) : SuperBlock(type, Caching::normal) {
        magic = type.magic_number;
    }
    Result<> statistics(FileSystemStatistics& statistics) override {
        statistics.magic = magic;
        return {};
    }
    u64 next_number() { return next_number_.fetch_add(1, std::memory_order_relaxed); }

private:
    std::atomic<u64> next_number_{1};
};

class NamelessInode final : public Inode {
public:
    NamelessInode(SuperBlock& super_block, u64 number, u32 mode)
        : Inode(super_block, number, mode) {}
};

// Set once at start, for ever.
constinit NamelessSuperBlock* g_pipes = nullptr;
constinit NamelessSuperBlock* g_sockets = nullptr;
constinit NamelessSuperBlock* g_anonymous = nullptr;
constinit Inode* g_anonymous_inode = nullptr;

Result<Ref<Inode>> create(NamelessSuperBlock& super_block, u32 mode) {
    auto* inode = new (base::fallible) NamelessInode(super_block, super_block.next_number(), mode);
    if (!inode)
        return Failure(Errno::nomem);
    inode->set_all_times(file_time_now());
    return Ref<Inode>::adopt(inode);
}

Result<Ref<Inode>> create_owned(NamelessSuperBlock& super_block, u32 mode) {
    Ref<Inode> inode = TRY(create(super_block, mode));
    const Credentials& credentials = *Task::current().credentials;
    inode->set_owner(credentials.file_user, credentials.file_group);
    return inode;
}

} // namespace

Result<> initialise_nameless_inodes() {
    if (g_anonymous_inode)
        return {};
    g_pipes = new (base::fallible) NamelessSuperBlock(g_pipe_type);
    g_sockets = new (base::fallible) NamelessSuperBlock(g_socket_type);
    g_anonymous = new (base::fallible) NamelessSuperBlock(g_anonymous_type);
    if (!g_pipes || !g_sockets || !g_anonymous)
        return Failure(Errno::nomem);
    g_anonymous_inode = TRY(create(*g_anonymous, 0600)).release();
    return {};
}

Result<Ref<Inode>> create_pipe_inode() { return create_owned(*g_pipes, file_mode::fifo | 0600); }
Result<Ref<Inode>> create_socket_inode() {
    return create_owned(*g_sockets, file_mode::socket | 0777);
}
Inode& anonymous_inode() { return *g_anonymous_inode; }

} // namespace linux

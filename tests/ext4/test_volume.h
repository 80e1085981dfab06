// SPDX-License-Identifier: BSD-2-Clause
// For tests: an ext4 volume in an image file, with the core's side around it and a page cache small
// enough to read. Everything the kernel does with a volume, as an ordinary process.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "components/fs/ext4/directory.h"
#include "components/fs/ext4/files.h"
#include "components/fs/ext4/mount.h"
#include "components/fs/ext4/names.h"
#include "components/fs/ext4/xattr.h"
#include "core/file/change_set.h"
#include "core/file/volume_state.h"

namespace ext4_test {

using namespace ext4;

// The image in memory; written to its file by save().
class ImageSource final : public core::file::BlockSource {
public:
    explicit ImageSource(std::vector<u8> bytes) : bytes(std::move(bytes)) {}
    static std::vector<u8> load(const std::string& path);
    void save(const std::string& path) const;

    Result<> read(u64 offset, std::span<u8> to) override;
    Result<> write(u64 offset, std::span<const u8> from) override;
    Result<> flush() override { return {}; }
    u64 size() const override { return bytes.size(); }

    std::vector<u8> bytes;
    // Called at each read, when set: the chance for another request to come in between.
    std::function<void()> on_read;
    u64 reads = 0, writes = 0;
};

class TestHost final : public core::file::VolumeHost {
public:
    void report(const char* text, usize length) override;
    i64 now() override { return clock += 1'000'000'123; }
    u32 random() override { return seed = seed * 1664525 + 1013904223; }

    i64 clock = 1'700'000'000'000'000'000;
    u32 seed = 1;
    bool quiet = false;
    std::vector<std::string> messages;
};

struct DirectoryItem {
    std::string name;
    u64 inode;
    u8 type;
    u64 next;
};

class TestVolume {
public:
    explicit TestVolume(std::vector<u8> image);
    ~TestVolume();

    Result<> mount(Access access = Access::read_write);
    Result<> unmount();
    Result<> sync();

    Result<FileAttributes> lookup(u64 dir, std::string_view name);
    Result<u64> walk(std::string_view path);
    Result<FileAttributes> attributes(u64 inode);
    Result<FileAttributes> set(u64 inode, const FileAttributes& wanted, u32 mask);
    Result<FileAttributes> create(u64 dir, std::string_view name, u32 mode,
                                  std::string_view target = {}, u32 major = 0, u32 minor = 0);
    Result<FileAttributes> create_temporary(u64 dir, u32 mode);
    Result<FileAttributes> link(u64 dir, std::string_view name, u64 inode);
    // These also let go of the inode when it has no name left and is not held open.
    Result<> unlink(u64 dir, std::string_view name);
    Result<> rmdir(u64 dir, std::string_view name);
    Result<> rename(u64 from_dir, std::string_view from, u64 to_dir, std::string_view to,
                    component::RenameFlags flags = component::RenameFlags::none);
    Result<std::vector<DirectoryItem>> list(u64 dir, usize buffer = 4096);
    Result<std::string> read_link(u64 inode);
    Result<std::string> get_xattr(u64 inode, std::string_view name);
    Result<> set_xattr(u64 inode, std::string_view name, std::string_view value,
                       XattrMode mode = XattrMode::any);
    Result<> remove_xattr(u64 inode, std::string_view name);
    Result<std::vector<std::string>> list_xattr(u64 inode);

    // Data: delayed in pages of one block until flush_data or sync.
    Result<> write(u64 inode, u64 offset, std::string_view data);
    Result<std::string> read(u64 inode, u64 offset, u64 length);
    Result<std::string> read_all(u64 inode);
    Result<> truncate(u64 inode, u64 size);
    Result<> allocate(u64 inode, u64 from, u64 length, bool keep_size);
    Result<> punch(u64 inode, u64 from, u64 length);
    Result<> flush_data(u64 inode);
    Result<std::vector<FileExtent>> extents(u64 inode);
    u64 size_of(u64 inode);

    // The instance dies between two requests: its arena is gone, what was published is not.
    void crash() { *volume = Volume{}; }

    void hold(u64 inode) { ++held[inode]; }
    Result<> release(u64 inode);

    // Runs one request, again as long as others interfere.
    template <typename Operation>
    auto run(Operation operation) -> decltype(operation(std::declval<Attempt&>())) {
        core::file::ChangeSet changes(state);
        const component::VolumeServices services = changes.services();
        // What a try has seen stays in the cache for the next one, so tries come to an end.
        for (int tries = 0;; ++tries) {
            Attempt attempt(*volume, services);
            if (auto loaded = ensure_loaded(attempt); !loaded)
                return Failure(loaded.error());
            auto result = operation(attempt);
            if (!result)
                attempt.discard();
            if (result || result.error() != Errno::again || tries == 50)
                return result;
            ++conflicts;
        }
    }

    ImageSource source;
    TestHost host;
    core::file::VolumeState state;
    Volume* volume;
    u64 conflicts = 0;

private:
    struct File {
        std::map<u64, std::vector<u8>> pages; // dirty ones, by logical block
        u64 size = 0;
        bool size_known = false;
    };
    File& file(u64 inode);
    Result<std::vector<u8>> read_block(u64 inode, u64 logical);
    Result<> gone(u64 inode);
    Result<> sync_metadata(SyncKind kind);

    std::map<u64, File> files;
    std::map<u64, int> held;
};

// Runs a program, answers its exit status; its output is in `output`.
int shell(const std::string& command, std::string* output = nullptr);
// A fresh image of `megabytes` made by mke2fs with these options.
std::vector<u8> make_image(const std::string& options, u32 megabytes,
                           const std::string& directory = {});
// Empty if e2fsck -fn is content, else what it says.
std::string check_image(const ImageSource& source);
std::string scratch_path(const std::string& name);

} // namespace ext4_test

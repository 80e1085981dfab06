// SPDX-License-Identifier: BSD-2-Clause
// For tests: an ext4 volume in an image file, with the core's side around it and a page cache small
// enough to read. Everything the kernel does with a volume, as an ordinary process.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "components/fs/ext4/directory.h"
#include "components/fs/ext4/mount.h"
#include "components/fs/ext4/xattr.h"
#include "tests/ext4/image_source.h"
#include "tests/ext4/instance.h"

namespace ext4_test {

using namespace ext4;
namespace mount_flag = component::mount_flag;

class TestHost final : public core::file::VolumeHost {
public:
    void report(const char* text, usize length) override;
    i64 now() override { return clock += is_still ? 0 : 1'000'000'123; }
    u32 random() override { return is_still ? seed : seed = seed * 1664525 + 1013904223; }

    i64 clock = 1'700'000'000'000'000'000;
    u32 seed = 1;
    bool is_still = false; // time stands, chance repeats itself: runs can be compared byte by byte
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

    Result<> mount(u32 flags = 0); // component::mount_flag
    Result<> unmount();
    Result<> sync();
    // What is published becomes durable.
    Result<> commit();

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

    void hold(u64 inode) { ++held[inode]; }
    Result<> release(u64 inode);

    // Any request; for those above that the tests do not name.
    Result<u64> request(Operation operation, const FileSystem::Arguments& arguments);

    ImageSource source;
    TestHost host;
    core::file::VolumeState state;
    Instance instance;
    Volume* volume; // the instance's arena

private:
    class Scribe;
    struct File {
        std::map<u64, std::vector<u8>> pages; // dirty ones, by logical block
        u64 size = 0;
        bool size_known = false;
    };
    File& file(u64 inode);
    Result<std::vector<u8>> read_block(u64 inode, u64 logical);
    Result<> gone(u64 inode);
    Result<> check_space(u64 dir, RequestBuffer& buffer);
    Result<> check_attributes(u64 inode, RequestBuffer& answer);
    Result<FileExtent> map(u64 inode, u64 logical);
    Result<FileExtent> grant(u64 inode, u64 logical, u32 count, u64 size);
    // The same with names, or a name and a value, in the buffer's text.
    Result<u64> request(Operation operation, FileSystem::Arguments arguments, RequestBuffer& buffer,
                        std::string_view first, std::string_view second = {});
    Result<FileAttributes> request_attributes(Operation operation,
                                              const FileSystem::Arguments& arguments,
                                              RequestBuffer& buffer, std::string_view first = {},
                                              std::string_view second = {});

    std::map<u64, File> files;
    std::map<u64, int> held;
};

} // namespace ext4_test

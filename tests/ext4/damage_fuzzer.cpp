// SPDX-License-Identifier: BSD-2-Clause
// Damaged volumes: a sound small image, patched as the input says, mounted and used. Anything but a
// crash, a hang or a bad access is a good outcome. Input: image, then patches (8 bytes each: where,
// how), then operations, one byte each.
#include <cstring>

#include "tests/ext4/test_volume.h"

namespace ext4_test {

namespace {

struct Base {
    std::vector<u8> image;
    std::vector<u32> used; // offsets of 64-byte pieces that are not all zero
};

void populate(TestVolume& volume) {
    (void)volume.mount();
    const u64 dir = volume.create(root_inode, "dir", 040755)->inode;
    for (int i = 0; i < 90; ++i)
        (void)volume.create(dir, "a-rather-long-name-number-" + std::to_string(i), 0120777, "t");
    const u64 file = volume.create(root_inode, "file", 0100644)->inode;
    for (u32 i = 0; i < 24; ++i)
        (void)volume.write(file, u64{i} * 3 * volume.volume->block_size, "data");
    (void)volume.set_xattr(file, "user.small", "value");
    (void)volume.set_xattr(file, "user.large", std::string(400, 'v'));
    (void)volume.create(root_inode, "link", 0120777, std::string(100, 'l'));
    (void)volume.create(dir, "sub", 040700);
    (void)volume.create(root_inode, "null", 020600, {}, 1, 3);
    (void)volume.flush_data(file);
    (void)volume.unmount();
}

// A volume whose machine stopped: its log waits to be recovered.
std::vector<u8> with_log(const char* options) {
    TestVolume volume(make_image(options, 4));
    volume.host.quiet = true;
    (void)volume.mount();
    for (int i = 0; i < 12; ++i) {
        const std::string name = "name" + std::to_string(i);
        const u64 file = volume.create(root_inode, name, 0100644)->inode;
        (void)volume.write(file, 0, std::string(3000, 'd'));
        (void)volume.create(root_inode, "dir" + std::to_string(i), 040755);
        if (i % 2)
            (void)volume.rmdir(root_inode, "dir" + std::to_string(i - 1));
        (void)volume.sync();
    }
    return volume.source.bytes;
}

// Where a volume is not all zero.
std::vector<u32> used_pieces(const std::vector<u8>& image) {
    std::vector<u32> used;
    for (u32 at = 1024; at < image.size(); at += 64)
        for (u32 i = 0; i < 64; ++i)
            if (image[at + i]) {
                used.push_back(at);
                break;
            }
    return used;
}

const std::vector<Base>& bases() {
    static const std::vector<Base> all = [] {
        std::vector<Base> result;
        for (const char* options :
             {"-t ext4 -b 1024 -O ^metadata_csum,^has_journal,^resize_inode -N 160 -g 512",
              "-t ext4 -b 1024 -O ^has_journal,^resize_inode -N 160",
              "-t ext2 -b 1024 -O ^resize_inode -N 160 -I 128",
              "-t ext4 -b 4096 -O ^metadata_csum,^has_journal,^resize_inode,uninit_bg -N 160"}) {
            TestVolume volume(make_image(options, 1));
            volume.host.quiet = true;
            populate(volume);
            result.push_back({volume.source.bytes, used_pieces(volume.source.bytes)});
        }
        // Without checksums most of what is wrong is believed; with them the way there is checked.
        for (const char* options :
             {"-t ext4 -b 1024 -O ^metadata_csum,^resize_inode -N 160",
              "-t ext4 -b 1024 -O ^resize_inode,^metadata_csum,^64bit -N 160"}) {
            std::vector<u8> image = with_log(options);
            std::vector<u32> used = used_pieces(image);
            result.push_back({std::move(image), std::move(used)});
        }
        return result;
    }();
    return all;
}

void patch(std::vector<u8>& image, const Base& base, const u8* bytes) {
    u32 where, value;
    std::memcpy(&where, bytes, 4);
    std::memcpy(&value, bytes + 4, 4);
    const u32 piece = base.used[(where >> 8) % base.used.size()];
    u8* at = image.data() + piece + (where & 63);
    const usize room = 64 - (where & 63);
    switch (where >> 6 & 3) {
    case 0: *at = static_cast<u8>(value); break;
    case 1: *at = static_cast<u8>(*at ^ 1u << (value & 7)); break;
    case 2: std::memcpy(at, &value, room < 2 ? room : 2); break;
    case 3: std::memcpy(at, &value, room < 4 ? room : 4); break;
    }
}

void walk(TestVolume& volume, u64 dir, int depth, int& budget) {
    const auto items = volume.list(dir, 2048);
    if (!items || depth > 4)
        return;
    for (const DirectoryItem& item : *items) {
        if (--budget < 0)
            return;
        const auto found = volume.lookup(dir, item.name);
        if (!found || item.name == "." || item.name == "..")
            continue;
        (void)volume.list_xattr(found->inode);
        (void)volume.get_xattr(found->inode, "user.large");
        if ((found->mode & 0170000) == 0040000)
            walk(volume, found->inode, depth + 1, budget);
        else if ((found->mode & 0170000) == 0120000)
            (void)volume.read_link(found->inode);
        else if ((found->mode & 0170000) == 0100000)
            (void)volume.read(found->inode, 0, 20000);
    }
}

void operate(TestVolume& volume, u8 code) {
    const auto dir = volume.walk("dir");
    const auto file = volume.walk("file");
    const std::string name = "a-rather-long-name-number-" + std::to_string(code % 90);
    switch (code % 16) {
    case 0: (void)volume.create(root_inode, "new" + std::to_string(code), 0100600); break;
    case 1:
        if (dir)
            (void)volume.create(*dir, std::string(200, 'n'), 040700);
        break;
    case 2:
        if (dir)
            (void)volume.unlink(*dir, name);
        break;
    case 3: (void)volume.unlink(root_inode, "file"); break;
    case 4:
        if (file)
            (void)volume.truncate(*file, code * 100);
        break;
    case 5:
        if (file)
            (void)volume.write(*file, code * 700, std::string(3000, 'w'));
        break;
    case 6:
        if (file)
            (void)volume.flush_data(*file);
        break;
    case 7:
        if (dir)
            (void)volume.rename(*dir, name, root_inode, "renamed");
        break;
    case 8:
        if (file)
            (void)volume.set_xattr(*file, "user.fuzz", std::string(code, 'x'));
        break;
    case 9:
        if (file)
            (void)volume.remove_xattr(*file, "user.large");
        break;
    case 10:
        if (file)
            (void)volume.punch(*file, 2000, code * 500);
        break;
    case 11:
        if (file)
            (void)volume.allocate(*file, code * 300, 9000, code & 1);
        break;
    case 12: (void)volume.rmdir(root_inode, "dir"); break;
    case 13:
        if (dir)
            (void)volume.rmdir(*dir, "sub");
        break;
    case 14: (void)volume.sync(); break;
    case 15:
        if (dir)
            (void)volume.rename(root_inode, "file", *dir, name, component::RenameFlags::exchange);
        break;
    }
}

} // namespace

} // namespace ext4_test

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    using namespace ext4_test;
    if (size < 2)
        return 0;
    const Base& base = bases()[data[0] % bases().size()];
    const usize patches = data[1] % 8u + 1;
    data += 2;
    size -= 2;
    std::vector<u8> image = base.image;
    for (usize i = 0; i < patches && size >= 8; ++i, data += 8, size -= 8)
        patch(image, base, data);
    TestVolume volume(std::move(image));
    volume.host.quiet = true;
    if (!volume.mount())
        return 0;
    int budget = 150;
    walk(volume, root_inode, 0, budget);
    for (usize i = 0; i < size && i < 24; ++i)
        operate(volume, data[i]);
    budget = 50;
    walk(volume, root_inode, 0, budget);
    (void)volume.unmount();
    return 0;
}

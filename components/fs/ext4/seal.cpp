// SPDX-License-Identifier: BSD-2-Clause
// Checksums of everything an attempt has edited, computed once, just before it is published.
#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/group.h"
#include "components/fs/ext4/hash_tree.h"
#include "components/fs/ext4/inode.h"

namespace ext4 {

namespace {

void seal_inodes(const Volume& volume, std::span<u8> block, u32 first, u64 marks) {
    for (; marks != 0; marks &= marks - 1) {
        const u32 slot = static_cast<u32>(__builtin_ctzll(marks));
        auto* record = reinterpret_cast<InodeRecord*>(block.data() + slot * volume.inode_size);
        seal_inode(volume, first + slot, *record);
    }
}

void seal_leaf(std::span<u8> block, u32 seed) {
    const usize covered = block.size() - sizeof(DirectoryTail);
    auto* tail = record_at<DirectoryTail>(block, covered);
    tail->checksum = crc32c(seed, block.first(covered));
}

void seal_index(std::span<u8> block, u32 seed) {
    // The root begins with "." (12 bytes), a node with one free entry over the whole block.
    const bool node = record_at<DirectoryEntry>(block, 0)->length == block.size();
    const u32 at = node ? index_node_entries : index_root_entries;
    const IndexCount& head = index_count(block, at);
    auto* tail = record_at<IndexTail>(block, at + head.limit * sizeof(IndexEntry));
    if (!tail)
        return;
    u32 sum = crc32c(seed, block.first(at + head.count * sizeof(IndexEntry)));
    tail->checksum = crc32c_of(crc32c_of(sum, tail->reserved), u32{0});
}

void seal_extents(std::span<u8> block, u32 seed) {
    const auto* head = record_at<ExtentHeader>(block, 0);
    const usize covered = sizeof(ExtentHeader) + head->capacity * sizeof(Extent);
    if (u32* tail = record_at<u32>(block, covered))
        *tail = crc32c(seed, block.first(covered));
}

void seal_xattr(const Volume& volume, std::span<u8> bytes, u64 block) {
    auto* header = record_at<XattrHeader>(bytes, 0);
    header->checksum = 0;
    header->checksum = crc32c(crc32c_of(volume.checksum_seed, block), bytes);
}

void seal_superblock(const Volume& volume, std::span<u8> block) {
    const u64 offset = volume.block_size > superblock_offset ? superblock_offset : 0;
    auto* super = record_at<Superblock>(block, offset);
    constexpr usize covered = __builtin_offsetof(Superblock, checksum);
    const std::span<const u8> bytes(reinterpret_cast<const u8*>(super), covered);
    if (super->snapshot_inode != 0) {
        super->checksum = crc32c(~u32{0}, bytes);
        return;
    }
    // Everything that changes lies in the first sector of 512 bytes, the checksum alone in the
    // second: where the power may fail between the two, it has to stay what it is. A field that
    // means nothing without a snapshot's inode makes up for the rest.
    constexpr usize at = __builtin_offsetof(Superblock, snapshot_id);
    super->snapshot_id =
        crc32c_balance(~u32{0}, bytes.first(at), bytes.subspan(at + sizeof(u32)), super->checksum);
}

Result<> seal_block(Attempt& attempt, const component::EditedBlock& edited) {
    const Volume& volume = attempt.volume();
    const std::span<u8> bytes(edited.data, volume.block_size);
    const u32 seed = static_cast<u32>(edited.marks);
    const auto kind = static_cast<BlockKind>(edited.tag);
    if (kind == BlockKind::block_bitmap || kind == BlockKind::inode_bitmap)
        return seal_bitmap(attempt, seed, kind, bytes);
    if (!volume.has_checksums())
        return {};
    switch (kind) {
    case BlockKind::directory: seal_leaf(bytes, seed); break;
    case BlockKind::index: seal_index(bytes, seed); break;
    case BlockKind::extents: seal_extents(bytes, seed); break;
    case BlockKind::xattr: seal_xattr(volume, bytes, edited.block); break;
    case BlockKind::superblock: seal_superblock(volume, bytes); break;
    default:
        if (edited.tag != 0)
            seal_inodes(volume, bytes, static_cast<u32>(edited.tag >> 32), edited.marks);
        break;
    }
    return {};
}

} // namespace

Result<> seal(Attempt& attempt) {
    const component::VolumeServices& services = attempt.services();
    component::EditedBlock edited;
    // Sealing a bitmap edits the descriptors too: those come later in the list, and need nothing.
    for (u32 i = 0; services.edited(services.home, i, &edited) == 0; ++i)
        TRY(seal_block(attempt, edited));
    return {};
}

} // namespace ext4

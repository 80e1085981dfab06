// SPDX-License-Identifier: BSD-2-Clause
// Volume: the arena of one mounted volume (plain data, rebuilt from the disk at mount) and Attempt,
// one try at one request, through which all metadata is read, edited and published.
//
// Views: a pointer from view() is read-only and keeps showing the block as it was before this
// attempt's first edit of that block; after edit() only the edited copy is current. Code that edits
// takes its views again.
#pragma once

#include <span>
#include <string_view>

#include "abi/component/file_system.h"
#include "base/format.h"
#include "base/result.h"
#include "components/fs/ext4/format.h"

namespace ext4 {

using component::BlockRange;
using component::EditMode;
using component::FileAttributes;
using component::FileExtent;
using component::FileSpace;
using component::Timestamp;
using component::VolumeServices;

// What a metadata block is; the tag of an edited block (see seal.cpp) and the kind it was checked
// as.
enum class BlockKind : u32 {
    other, // nothing to check or seal: pointers of a block map, text of a long symlink
    superblock,
    descriptors,
    block_bitmap,
    inode_bitmap,
    directory,
    index, // root or node of a hash tree
    extents,
    xattr,
};

// The tag of an edited block of an inode table: its lower half is 0, because `checked` of such a
// block is a set of inodes, not a kind.
constexpr u64 table_tag(u32 first_inode) { return u64{first_inode} << 32; }

// The arena of a volume. All of it can be recomputed from the superblock and the descriptors.
struct Volume {
    u64 blocks;
    u64 free_blocks;
    u64 reserved_blocks;
    u64 overhead;
    u32 free_inodes;
    u32 inodes;
    u32 groups;
    u32 block_size;
    u32 block_shift;
    u32 first_data_block;
    u32 blocks_per_group;
    u32 inodes_per_group;
    u32 first_inode; // not reserved
    u32 inode_size;
    u32 descriptor_size;
    u32 descriptors_per_block;
    u32 reserved_descriptor_blocks;
    u32 first_meta_group;
    u32 groups_per_flex;
    u32 table_blocks; // of one group's inode table
    u32 compatible;
    u32 incompatible;
    u32 read_only_compatible;
    u32 checksum_seed;
    u32 hash_seed[4];
    u32 backup_groups[2];
    u16 state_at_mount;
    u8 hash_version;
    bool unsigned_hash;
    bool read_only;
    bool damaged;
    u8 uuid[16];
    u8 label[16];
    // Allocation hints; wrong values only cost time.
    u32 last_directory_group;
    // Who stands before an orphan on their list, in the place its number gives; checked when used.
    struct OrphanHint {
        u32 inode, before;
    };
    static constexpr u32 orphan_hint_count = 256;
    OrphanHint orphan_hints[orphan_hint_count];
    // Working space of code that cannot wait between filling and using it.
    alignas(8) u8 scratch[8192];

    bool has_checksums() const {
        return read_only_compatible & read_only_compatible::metadata_checksum;
    }
    bool has_uninitialised_groups() const {
        return read_only_compatible & (read_only_compatible::metadata_checksum |
                                       read_only_compatible::descriptor_checksum);
    }
    bool has_extents() const { return incompatible & incompatible::extents; }
    bool has_file_type() const { return incompatible & incompatible::file_type; }
    u64 group_start(u32 group) const { return first_data_block + u64{group} * blocks_per_group; }
    u32 group_of(u64 block) const {
        return static_cast<u32>((block - first_data_block) / blocks_per_group);
    }
    u32 blocks_in(u32 group) const {
        const u64 left = blocks - group_start(group);
        return left < blocks_per_group ? static_cast<u32>(left) : blocks_per_group;
    }
    // Whether all of the range lies on the volume.
    bool contains(u64 block, u64 count) const {
        return block >= first_data_block && block < blocks && count <= blocks - block;
    }
    // Logical blocks a file can have.
    u64 max_logical() const { return u64{0xffff'ffff}; }
};

class Attempt {
public:
    Attempt(Volume& volume, const VolumeServices& services)
        : volume_(volume), services_(services) {}

    Volume& volume() { return volume_; }
    const VolumeServices& services() const { return services_; }
    u32 block_size() const { return volume_.block_size; }

    // Errors: uclean for a block that is not on the volume, io, nomem.
    Result<component::MetadataView> view_raw(u64 block);
    // The block as one of `kind`, unchecked.
    Result<std::span<const u8>> view(u64 block);
    // A copy to write on. `marks` is what sealing needs: the inode's checksum seed, the group's
    // number, or which inodes of a table block changed.
    Result<std::span<u8>> edit(u64 block, BlockKind kind = BlockKind::other, u64 marks = 0);
    // The same, zeroed, for a block newly allocated.
    Result<std::span<u8>> create(u64 block, BlockKind kind = BlockKind::other, u64 marks = 0);
    // A block of an inode table that begins with inode `first`.
    Result<std::span<u8>> edit_table(u64 block, u32 first, u64 marks);
    void mark_checked(u64 block, BlockKind kind) {
        services_.mark_checked(services_.home, block, static_cast<u32>(kind));
    }

    // Seals checksums and publishes; then the volume's counters follow. Errors: again.
    Result<> publish(u64 result = 0, bool last = true);
    void discard();

    void count_blocks(i64 change) { free_blocks_change_ += change; }
    void count_inodes(i64 change) { free_inodes_change_ += change; }
    i64 free_blocks() const { return static_cast<i64>(volume_.free_blocks) + free_blocks_change_; }

    // Blocks this attempt may still take.
    i64 usable_blocks() const {
        const i64 promised = static_cast<i64>(services_.promised(services_.home));
        return free_blocks() - (uses_promised_ ? 0 : promised);
    }
    // A grant: it may take blocks promised to delayed data, as it is what they were promised for.
    void use_promised() { uses_promised_ = true; }
    // Becomes the volume's hint when this is published: attempts must not influence each other.
    void hint_directory_group(u32 group) { directory_group_ = group; }

    Timestamp now() const;

    // Reports a damaged structure, makes the volume read-only and gives the error to return.
    template <typename... Arguments>
    Failure damaged(std::string_view pattern, const Arguments&... arguments) {
        base::Text<160> text(pattern, arguments...);
        return damaged_text(text.view());
    }
    template <typename... Arguments>
    void report(std::string_view pattern, const Arguments&... arguments) {
        base::Text<160> text(pattern, arguments...);
        services_.report(services_.home, text.view().data(), text.view().size());
    }

private:
    Failure damaged_text(std::string_view text);
    Result<std::span<u8>> edit_as(u64 block, EditMode mode, u64 tag, u64 marks);

    Volume& volume_;
    const VolumeServices& services_;
    i64 free_blocks_change_ = 0;
    i64 free_inodes_change_ = 0;
    u32 directory_group_ = ~u32{0};
    bool uses_promised_ = false;
};

// Computes the checksums of every block this attempt edited (seal.cpp).
Result<> seal(Attempt& attempt);

// Fills in checked numbers at a place of a block; nothing is read past its end.
template <typename T>
const T* record_at(std::span<const u8> bytes, usize offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
        return nullptr;
    return reinterpret_cast<const T*>(bytes.data() + offset);
}
template <typename T>
T* record_at(std::span<u8> bytes, usize offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
        return nullptr;
    return reinterpret_cast<T*>(bytes.data() + offset);
}

constexpr u64 join(u32 low, u32 high) { return u64{high} << 32 | low; }

} // namespace ext4

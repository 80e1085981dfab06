// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/group.h"

#include "base/bits.h"
#include "components/fs/ext4/checksum.h"

namespace ext4 {

namespace {

struct Place {
    u64 block;
    u32 offset;
};

bool is_power_of(u32 number, u32 base) {
    while (number % base == 0)
        number /= base;
    return number == 1;
}

Place place_of(const Volume& volume, u32 group) {
    const u32 in_block = group % volume.descriptors_per_block;
    const u32 meta_group = group / volume.descriptors_per_block;
    const u32 offset = in_block * volume.descriptor_size;
    if (!(volume.incompatible & incompatible::meta_groups) || meta_group < volume.first_meta_group)
        return {u64{volume.first_data_block} + 1 + meta_group, offset};
    const u32 first = meta_group * volume.descriptors_per_block;
    return {volume.group_start(first) + (has_superblock(volume, first) ? 1 : 0), offset};
}

// Copies what the descriptor size holds; the upper halves of a small one are zero.
GroupDescriptor load(std::span<const u8> block, u32 offset, u32 size) {
    GroupDescriptor descriptor{};
    __builtin_memcpy(&descriptor, block.data() + offset,
                     size < sizeof(descriptor) ? size : sizeof(descriptor));
    return descriptor;
}

u16 descriptor_checksum(const Volume& volume, u32 group, std::span<const u8> bytes) {
    constexpr usize checksum_at = __builtin_offsetof(GroupDescriptor, checksum);
    constexpr usize after = checksum_at + sizeof(u16);
    if (volume.has_checksums()) {
        u32 sum = crc32c_of(volume.checksum_seed, group);
        sum = crc32c(sum, bytes.first(checksum_at));
        sum = crc32c_of(sum, u16{0});
        return static_cast<u16>(crc32c(sum, bytes.subspan(after)));
    }
    u16 sum = crc16(0xffff, {volume.uuid, sizeof(volume.uuid)});
    sum = crc16(sum, {reinterpret_cast<const u8*>(&group), sizeof(group)});
    sum = crc16(sum, bytes.first(checksum_at));
    return crc16(sum, bytes.subspan(after));
}

bool checksum_matches(const Volume& volume, u32 group, std::span<const u8> block, u32 offset) {
    const std::span<const u8> bytes = block.subspan(offset, volume.descriptor_size);
    u16 stored;
    __builtin_memcpy(&stored, bytes.data() + __builtin_offsetof(GroupDescriptor, checksum), 2);
    return stored == descriptor_checksum(volume, group, bytes);
}

Group decode(const Volume& volume, const GroupDescriptor& raw) {
    Group group{};
    group.block_bitmap = join(raw.block_bitmap_low, raw.block_bitmap_high);
    group.inode_bitmap = join(raw.inode_bitmap_low, raw.inode_bitmap_high);
    group.inode_table = join(raw.inode_table_low, raw.inode_table_high);
    group.free_blocks = raw.free_blocks_low | u32{raw.free_blocks_high} << 16;
    group.free_inodes = raw.free_inodes_low | u32{raw.free_inodes_high} << 16;
    group.directories = raw.directories_low | u32{raw.directories_high} << 16;
    group.unused_inodes = raw.unused_inodes_low | u32{raw.unused_inodes_high} << 16;
    group.flags = raw.flags;
    if (!volume.has_uninitialised_groups()) {
        group.flags = group_flag::table_zeroed;
        group.unused_inodes = 0;
    }
    return group;
}

bool is_sound(const Volume& volume, u32 number, const Group& group) {
    return volume.contains(group.block_bitmap, 1) && volume.contains(group.inode_bitmap, 1) &&
           volume.contains(group.inode_table, volume.table_blocks) &&
           group.free_blocks <= volume.blocks_in(number) &&
           group.free_inodes <= volume.inodes_per_group &&
           group.directories <= volume.inodes_per_group &&
           group.unused_inodes <= volume.inodes_per_group;
}

// Checks all descriptors of the block that holds `group`'s.
Result<> check_descriptors(Attempt& attempt, u32 group, u64 block, std::span<const u8> bytes) {
    const Volume& volume = attempt.volume();
    const u32 first = group - group % volume.descriptors_per_block;
    for (u32 i = 0; i < volume.descriptors_per_block && first + i < volume.groups; ++i) {
        const u32 offset = i * volume.descriptor_size;
        if (volume.has_uninitialised_groups() &&
            !checksum_matches(volume, first + i, bytes, offset))
            return attempt.damaged("ext4: wrong checksum in the descriptor of group {}", first + i);
        const GroupDescriptor raw = load(bytes, offset, volume.descriptor_size);
        if (!is_sound(volume, first + i, decode(volume, raw)))
            return attempt.damaged("ext4: impossible values in the descriptor of group {}",
                                   first + i);
    }
    attempt.mark_checked(block, BlockKind::descriptors);
    return {};
}

void mark_range(const Volume& volume, std::span<u8> bits, u32 group, u64 start, u64 count) {
    const u64 first = volume.group_start(group);
    for (u64 block = start; block < start + count; ++block)
        if (block >= first && block - first < volume.blocks_per_group)
            set_bit(bits, static_cast<u32>(block - first));
}

} // namespace

bool has_superblock(const Volume& volume, u32 group) {
    if (group == 0)
        return true;
    if (volume.compatible & compatible::sparse_super2)
        return group == volume.backup_groups[0] || group == volume.backup_groups[1];
    if (!(volume.read_only_compatible & read_only_compatible::sparse_super) || group == 1)
        return true;
    return group % 2 != 0 &&
           (is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7));
}

u32 base_metadata_blocks(const Volume& volume, u32 group) {
    const u32 super = has_superblock(volume, group) ? 1 : 0;
    const u32 per_block = volume.descriptors_per_block;
    if (!(volume.incompatible & incompatible::meta_groups) ||
        group / per_block < volume.first_meta_group) {
        if (!super)
            return 0;
        const bool meta = volume.incompatible & incompatible::meta_groups;
        const u32 table =
            meta ? volume.first_meta_group : (volume.groups + per_block - 1) / per_block;
        return 1 + table + volume.reserved_descriptor_blocks;
    }
    const u32 in_meta = group % per_block;
    const bool holds = in_meta == 0 || in_meta == 1 || in_meta == per_block - 1;
    return super + (holds ? 1 : 0);
}

Result<bool> overlaps_metadata(Attempt& attempt, BlockRange range) {
    Volume& volume = attempt.volume();
    auto overlaps = [&](u64 start, u64 count) {
        return start < range.start + range.count && range.start < start + count;
    };
    const u32 group = volume.group_of(range.start);
    if (overlaps(volume.group_start(group), base_metadata_blocks(volume, group)))
        return true;
    // With flexible groups the tables of the whole flex group may lie here.
    const u32 first = group - group % volume.groups_per_flex;
    for (u32 i = first; i < first + volume.groups_per_flex && i < volume.groups; ++i) {
        const Group values = TRY(read_group(attempt, i));
        if (overlaps(values.block_bitmap, 1) || overlaps(values.inode_bitmap, 1) ||
            overlaps(values.inode_table, volume.table_blocks))
            return true;
    }
    return false;
}

Result<Group> read_group(Attempt& attempt, u32 group) {
    const Volume& volume = attempt.volume();
    VERIFY(group < volume.groups);
    const Place place = place_of(volume, group);
    const component::MetadataView view = TRY(attempt.view_raw(place.block));
    const std::span<const u8> bytes(view.data, volume.block_size);
    if (view.checked != static_cast<u32>(BlockKind::descriptors)) [[unlikely]]
        TRY(check_descriptors(attempt, group, place.block, bytes));
    const Group values = decode(volume, load(bytes, place.offset, volume.descriptor_size));
    if (!is_sound(volume, group, values)) [[unlikely]]
        return attempt.damaged("ext4: impossible values in the descriptor of group {}", group);
    return values;
}

Result<> write_group(Attempt& attempt, u32 group, const Group& values) {
    const Volume& volume = attempt.volume();
    const Place place = place_of(volume, group);
    const std::span<u8> bytes = TRY(attempt.edit(place.block, BlockKind::descriptors));
    GroupDescriptor raw = load(bytes, place.offset, volume.descriptor_size);
    raw.free_blocks_low = static_cast<u16>(values.free_blocks);
    raw.free_blocks_high = static_cast<u16>(values.free_blocks >> 16);
    raw.free_inodes_low = static_cast<u16>(values.free_inodes);
    raw.free_inodes_high = static_cast<u16>(values.free_inodes >> 16);
    raw.directories_low = static_cast<u16>(values.directories);
    raw.directories_high = static_cast<u16>(values.directories >> 16);
    if (volume.has_uninitialised_groups()) {
        raw.unused_inodes_low = static_cast<u16>(values.unused_inodes);
        raw.unused_inodes_high = static_cast<u16>(values.unused_inodes >> 16);
        raw.flags = values.flags;
    }
    const u32 size = volume.descriptor_size < sizeof(raw) ? volume.descriptor_size : sizeof(raw);
    __builtin_memcpy(bytes.data() + place.offset, &raw, size);
    return {};
}

Result<> seal_bitmap(Attempt& attempt, u32 group, BlockKind kind, std::span<const u8> bitmap) {
    const Volume& volume = attempt.volume();
    if (!volume.has_uninitialised_groups())
        return {};
    const Place place = place_of(volume, group);
    const std::span<u8> bytes = TRY(attempt.edit(place.block, BlockKind::descriptors));
    GroupDescriptor raw = load(bytes, place.offset, volume.descriptor_size);
    if (volume.has_checksums()) {
        const bool of_blocks = kind == BlockKind::block_bitmap;
        const u32 bits = of_blocks ? volume.blocks_per_group : volume.inodes_per_group;
        const u32 sum = crc32c(volume.checksum_seed, bitmap.first(bits / 8));
        (of_blocks ? raw.block_bitmap_checksum_low : raw.inode_bitmap_checksum_low) =
            static_cast<u16>(sum);
        (of_blocks ? raw.block_bitmap_checksum_high : raw.inode_bitmap_checksum_high) =
            static_cast<u16>(sum >> 16);
    }
    const u32 size = volume.descriptor_size < sizeof(raw) ? volume.descriptor_size : sizeof(raw);
    __builtin_memcpy(bytes.data() + place.offset, &raw, size);
    const u16 sum =
        descriptor_checksum(volume, group, bytes.subspan(place.offset, volume.descriptor_size));
    __builtin_memcpy(bytes.data() + place.offset + __builtin_offsetof(GroupDescriptor, checksum),
                     &sum, sizeof(sum));
    return {};
}

namespace {

Result<> check_bitmap(Attempt& attempt, u32 group, BlockKind kind, std::span<const u8> bitmap) {
    const Volume& volume = attempt.volume();
    if (!volume.has_checksums())
        return {};
    const Place place = place_of(volume, group);
    const std::span<const u8> bytes = TRY(attempt.view(place.block));
    const GroupDescriptor raw = load(bytes, place.offset, volume.descriptor_size);
    const bool of_blocks = kind == BlockKind::block_bitmap;
    const u32 bits = of_blocks ? volume.blocks_per_group : volume.inodes_per_group;
    const u32 sum = crc32c(volume.checksum_seed, bitmap.first(bits / 8));
    const u16 low = of_blocks ? raw.block_bitmap_checksum_low : raw.inode_bitmap_checksum_low;
    const u16 high = of_blocks ? raw.block_bitmap_checksum_high : raw.inode_bitmap_checksum_high;
    const bool whole = volume.descriptor_size >= sizeof(GroupDescriptor);
    if (low != static_cast<u16>(sum) || (whole && high != static_cast<u16>(sum >> 16)))
        return attempt.damaged("ext4: wrong checksum of the {} bitmap of group {}",
                               of_blocks ? "block" : "inode", group);
    return {};
}

// The group's own tables must be marked in use, or they would be handed out as free blocks.
Result<> check_tables_marked(Attempt& attempt, u32 group, const Group& values,
                             std::span<const u8> bitmap) {
    const Volume& volume = attempt.volume();
    const u64 start = volume.group_start(group);
    auto marked = [&](u64 block, u64 count) {
        for (u64 b = block; b < block + count; ++b)
            if (b >= start && b - start < volume.blocks_per_group &&
                !test_bit(bitmap, static_cast<u32>(b - start)))
                return false;
        return true;
    };
    if (!marked(start, base_metadata_blocks(volume, group)) || !marked(values.block_bitmap, 1) ||
        !marked(values.inode_bitmap, 1) || !marked(values.inode_table, volume.table_blocks))
        return attempt.damaged("ext4: the bitmap of group {} calls its own tables free", group);
    return {};
}

} // namespace

Result<std::span<const u8>> view_block_bitmap(Attempt& attempt, u32 group, const Group& values) {
    const component::MetadataView view = TRY(attempt.view_raw(values.block_bitmap));
    const std::span<const u8> bitmap(view.data, attempt.block_size());
    if (view.checked != static_cast<u32>(BlockKind::block_bitmap)) [[unlikely]] {
        TRY(check_bitmap(attempt, group, BlockKind::block_bitmap, bitmap));
        TRY(check_tables_marked(attempt, group, values, bitmap));
        attempt.mark_checked(values.block_bitmap, BlockKind::block_bitmap);
    }
    return bitmap;
}

Result<std::span<const u8>> view_inode_bitmap(Attempt& attempt, u32 group, const Group& values) {
    const component::MetadataView view = TRY(attempt.view_raw(values.inode_bitmap));
    const std::span<const u8> bitmap(view.data, attempt.block_size());
    if (view.checked != static_cast<u32>(BlockKind::inode_bitmap)) [[unlikely]] {
        TRY(check_bitmap(attempt, group, BlockKind::inode_bitmap, bitmap));
        attempt.mark_checked(values.inode_bitmap, BlockKind::inode_bitmap);
    }
    return bitmap;
}

Result<std::span<u8>> edit_block_bitmap(Attempt& attempt, u32 group, Group& values) {
    const Volume& volume = attempt.volume();
    if (!values.has(group_flag::blocks_uninitialised)) {
        TRY(view_block_bitmap(attempt, group, values));
        return attempt.edit(values.block_bitmap, BlockKind::block_bitmap, group);
    }
    const std::span<u8> bits =
        TRY(attempt.create(values.block_bitmap, BlockKind::block_bitmap, group));
    mark_range(volume, bits, group, volume.group_start(group), base_metadata_blocks(volume, group));
    mark_range(volume, bits, group, values.block_bitmap, 1);
    mark_range(volume, bits, group, values.inode_bitmap, 1);
    mark_range(volume, bits, group, values.inode_table, volume.table_blocks);
    for (u32 i = volume.blocks_in(group); i < volume.block_size * 8; ++i)
        set_bit(bits, i);
    values.flags &= static_cast<u16>(~group_flag::blocks_uninitialised);
    return bits;
}

Result<std::span<u8>> edit_inode_bitmap(Attempt& attempt, u32 group, Group& values) {
    const Volume& volume = attempt.volume();
    if (!values.has(group_flag::inodes_uninitialised)) {
        TRY(view_inode_bitmap(attempt, group, values));
        return attempt.edit(values.inode_bitmap, BlockKind::inode_bitmap, group);
    }
    const std::span<u8> bits =
        TRY(attempt.create(values.inode_bitmap, BlockKind::inode_bitmap, group));
    for (u32 i = volume.inodes_per_group; i < volume.block_size * 8; ++i)
        set_bit(bits, i);
    values.flags &= static_cast<u16>(~group_flag::inodes_uninitialised);
    return bits;
}

namespace {

u64 word_at(std::span<const u8> bits, u32 index) {
    u64 word;
    __builtin_memcpy(&word, bits.data() + index / 8, sizeof(word));
    return word;
}

u32 find_bit(std::span<const u8> bits, u32 from, u32 to, u64 invert) {
    for (u32 base = from & ~63u; base < to; base += 64) {
        u64 word = word_at(bits, base) ^ invert;
        if (base < from)
            word &= ~u64{0} << (from - base);
        if (word != 0) {
            const u32 found = base + static_cast<u32>(std::countr_zero(word));
            return found < to ? found : to;
        }
    }
    return to;
}

} // namespace

u32 find_clear(std::span<const u8> bits, u32 from, u32 to) {
    return find_bit(bits, from, to, ~u64{0});
}

u32 find_set(std::span<const u8> bits, u32 from, u32 to) { return find_bit(bits, from, to, 0); }

} // namespace ext4

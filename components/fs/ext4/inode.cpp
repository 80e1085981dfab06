// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/inode.h"

#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/group.h"

namespace ext4 {

namespace {

u32 inodes_per_block(const Volume& volume) { return volume.block_size / volume.inode_size; }
u32 slot_of(const Volume& volume, const Inode& inode) { return inode.offset / volume.inode_size; }

u32 record_checksum(const Volume& volume, u32 number, const InodeRecord& record) {
    constexpr usize low_at = __builtin_offsetof(InodeRecord, checksum_low);
    constexpr usize high_at = __builtin_offsetof(InodeRecord, checksum_high);
    const std::span<const u8> bytes(reinterpret_cast<const u8*>(&record), volume.inode_size);
    u32 sum = inode_seed(volume, number, record);
    sum = crc32c(sum, bytes.first(low_at));
    sum = crc32c_of(sum, u16{0});
    if (!has_field(volume, record, EXT4_FIELD_END(checksum_high)))
        return crc32c(sum, bytes.subspan(low_at + 2));
    sum = crc32c(sum, bytes.subspan(low_at + 2, high_at - low_at - 2));
    sum = crc32c_of(sum, u16{0});
    return crc32c(sum, bytes.subspan(high_at + 2));
}

} // namespace

u32 inode_seed(const Volume& volume, u32 number, const InodeRecord& record) {
    return crc32c_of(crc32c_of(volume.checksum_seed, number), record.generation);
}

bool inode_checksum_matches(const Volume& volume, u32 number, const InodeRecord& record) {
    const u32 sum = record_checksum(volume, number, record);
    if (record.checksum_low != static_cast<u16>(sum))
        return false;
    return !has_field(volume, record, EXT4_FIELD_END(checksum_high)) ||
           record.checksum_high == static_cast<u16>(sum >> 16);
}

void seal_inode(const Volume& volume, u32 number, InodeRecord& record) {
    if (!volume.has_checksums())
        return;
    const u32 sum = record_checksum(volume, number, record);
    record.checksum_low = static_cast<u16>(sum);
    if (has_field(volume, record, EXT4_FIELD_END(checksum_high)))
        record.checksum_high = static_cast<u16>(sum >> 16);
}

Result<Inode> inode_place(Attempt& attempt, u32 number) {
    const Volume& volume = attempt.volume();
    if (number == 0 || number > volume.inodes)
        return attempt.damaged("ext4: reference to inode {} of {}", number, volume.inodes);
    const u32 group = (number - 1) / volume.inodes_per_group;
    const u32 index = (number - 1) % volume.inodes_per_group;
    const Group values = TRY(read_group(attempt, group));
    const u64 offset = u64{index} * volume.inode_size;
    return Inode{number, static_cast<u32>(offset & (volume.block_size - 1)),
                 values.inode_table + (offset >> volume.block_shift)};
}

Result<Inode> find_inode(Attempt& attempt, u64 number) {
    const Volume& volume = attempt.volume();
    if (number > volume.inodes)
        return attempt.damaged("ext4: reference to inode {} of {}", number, volume.inodes);
    const Inode inode = TRY(inode_place(attempt, static_cast<u32>(number)));
    const component::MetadataView view = TRY(attempt.view_raw(inode.block));
    const u32 bit = 1u << slot_of(volume, inode) % 32;
    if ((view.checked & bit) && inodes_per_block(volume) <= 32) [[likely]]
        return inode;
    const auto* record = reinterpret_cast<const InodeRecord*>(view.data + inode.offset);
    if (volume.inode_size > small_inode_size &&
        (record->extra_size > volume.inode_size - small_inode_size || record->extra_size % 4 != 0))
        return attempt.damaged("ext4: inode {} has an impossible extra size {}", number,
                               record->extra_size);
    if (volume.has_checksums() && !inode_checksum_matches(volume, inode.number, *record))
        return attempt.damaged("ext4: wrong checksum in inode {}", number);
    attempt.services().mark_checked(attempt.services().home, inode.block, view.checked | bit);
    return inode;
}

Result<Inode> live_inode(Attempt& attempt, u64 number) {
    if (number == 0 || number > attempt.volume().inodes)
        return Failure(Errno::stale);
    const Inode inode = TRY(find_inode(attempt, number));
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (record->mode == 0)
        return Failure(Errno::stale);
    return inode;
}

Result<const InodeRecord*> view_record(Attempt& attempt, const Inode& inode) {
    const std::span<const u8> bytes = TRY(attempt.view(inode.block));
    return reinterpret_cast<const InodeRecord*>(bytes.data() + inode.offset);
}

Result<InodeRecord*> edit_record(Attempt& attempt, const Inode& inode) {
    const Volume& volume = attempt.volume();
    const u32 slot = slot_of(volume, inode);
    const std::span<u8> bytes =
        TRY(attempt.edit_table(inode.block, inode.number - slot, u64{1} << slot));
    return reinterpret_cast<InodeRecord*>(bytes.data() + inode.offset);
}

void set_size(InodeRecord& record, u64 size) {
    record.size_low = static_cast<u32>(size);
    if (is_regular(record) || is_directory(record))
        record.size_high = static_cast<u32>(size >> 32);
}

u64 sectors_of(const Volume& volume, const InodeRecord& record) {
    if (!(volume.read_only_compatible & read_only_compatible::huge_file))
        return record.blocks_low;
    const u64 count = join(record.blocks_low, record.blocks_high);
    return record.flags & inode_flag::huge_file ? count << (volume.block_shift - 9) : count;
}

Result<> add_blocks(Attempt& attempt, const Inode& inode, i64 blocks) {
    const Volume& volume = attempt.volume();
    InodeRecord* record = TRY(edit_record(attempt, inode));
    const u32 shift = volume.block_shift - 9;
    const u64 sectors = sectors_of(volume, *record);
    const u64 change = static_cast<u64>(blocks) << shift;
    if (blocks < 0 && sectors < (static_cast<u64>(-blocks) << shift))
        return attempt.damaged("ext4: inode {} frees more blocks than it has", inode.number);
    u64 count = sectors + change;
    const bool huge = volume.read_only_compatible & read_only_compatible::huge_file;
    if (!huge && count > 0xffff'ffff)
        return Failure(Errno::fbig);
    record->flags &= ~inode_flag::huge_file;
    if (count >> 48) {
        record->flags |= inode_flag::huge_file;
        count >>= shift;
    }
    record->blocks_low = static_cast<u32>(count);
    if (huge)
        record->blocks_high = static_cast<u16>(count >> 32);
    return {};
}

bool is_short_symlink(const Volume& volume, const InodeRecord& record) {
    const u64 of_xattr = xattr_block_of(record) ? volume.block_size / 512 : 0;
    return is_symlink(record) && sectors_of(volume, record) == of_xattr;
}

bool has_block_map(const Volume& volume, const InodeRecord& record) {
    return is_regular(record) || is_directory(record) ||
           (is_symlink(record) && !is_short_symlink(volume, record));
}

void set_device(InodeRecord& record, u32 major, u32 minor) {
    record.block[0] = record.block[1] = 0;
    if (major < 256 && minor < 256)
        record.block[0] = major << 8 | minor;
    else
        record.block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

namespace {

struct TimeWords {
    u32 InodeRecord::* seconds;
    u32 InodeRecord::* extra;
    u32 end; // of the last of the two, in the record
};

TimeWords words_of(TimeField field) {
    switch (field) {
    case TimeField::access:
        return {&InodeRecord::access_time, &InodeRecord::access_time_extra,
                EXT4_FIELD_END(access_time_extra)};
    case TimeField::modify:
        return {&InodeRecord::modify_time, &InodeRecord::modify_time_extra,
                EXT4_FIELD_END(modify_time_extra)};
    case TimeField::change:
        return {&InodeRecord::change_time, &InodeRecord::change_time_extra,
                EXT4_FIELD_END(change_time_extra)};
    case TimeField::create: break;
    }
    return {&InodeRecord::create_time, &InodeRecord::create_time_extra,
            EXT4_FIELD_END(create_time_extra)};
}

} // namespace

// The extra word: two bits that extend the signed 32-bit seconds upward, 30 bits of nanoseconds.
Timestamp time_of(const Volume& volume, const InodeRecord& record, TimeField field) {
    const TimeWords words = words_of(field);
    const bool extra = has_field(volume, record, words.end);
    if (!extra && field == TimeField::create)
        return {};
    Timestamp time{static_cast<i32>(record.*words.seconds), 0, 0};
    if (extra) {
        time.seconds += static_cast<i64>(record.*words.extra & 3) << 32;
        const u32 nanoseconds = record.*words.extra >> 2;
        time.nanoseconds = nanoseconds < 1'000'000'000 ? nanoseconds : 0;
    }
    return time;
}

void set_time(const Volume& volume, InodeRecord& record, TimeField field, Timestamp time) {
    const TimeWords words = words_of(field);
    constexpr i64 lowest = -0x8000'0000ll;
    i64 seconds = time.seconds < lowest ? lowest : time.seconds;
    if (has_field(volume, record, words.end)) {
        constexpr i64 highest = 0x3'7fff'ffffll;
        seconds = seconds > highest ? highest : seconds;
        const u32 epoch = static_cast<u32>((seconds - static_cast<i32>(seconds)) >> 32) & 3;
        record.*words.extra = epoch | time.nanoseconds << 2;
    } else {
        if (field == TimeField::create)
            return;
        seconds = seconds > 0x7fff'ffff ? 0x7fff'ffff : seconds;
    }
    record.*words.seconds = static_cast<u32>(seconds);
}

FileAttributes attributes_of(const Volume& volume, u32 number, const InodeRecord& record) {
    FileAttributes result;
    result.inode = number;
    result.size = size_of(record);
    result.sectors = sectors_of(volume, record);
    result.mode = record.mode;
    result.links = record.links;
    result.uid = record.uid_low | u32{record.uid_high} << 16;
    result.gid = record.gid_low | u32{record.gid_high} << 16;
    result.flags = record.flags;
    result.generation = record.generation;
    const u16 type = type_of(record);
    if (type == file_mode::character || type == file_mode::block) {
        if (record.block[0]) {
            result.device_major = record.block[0] >> 8 & 0xff;
            result.device_minor = record.block[0] & 0xff;
        } else {
            result.device_major = record.block[1] >> 8 & 0xfff;
            result.device_minor = (record.block[1] & 0xff) | (record.block[1] >> 12 & 0xfff00);
        }
    }
    result.access = time_of(volume, record, TimeField::access);
    result.modify = time_of(volume, record, TimeField::modify);
    result.change = time_of(volume, record, TimeField::change);
    result.create = time_of(volume, record, TimeField::create);
    return result;
}

} // namespace ext4

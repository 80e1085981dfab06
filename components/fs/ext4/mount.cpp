// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/mount.h"

#include <bit>

#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/group.h"
#include "components/fs/ext4/inode.h"
#include "components/fs/ext4/journal/recovery.h"
#include "components/fs/ext4/journal/writer.h"

namespace ext4 {

u64 superblock_block(const Volume& volume) {
    return superblock_offset / volume.block_size; // 1 for blocks of 1 KiB, else 0
}

Result<const Superblock*> view_superblock(Attempt& attempt) {
    const Volume& volume = attempt.volume();
    const std::span<const u8> block = TRY(attempt.view(superblock_block(volume)));
    return record_at<Superblock>(block, superblock_offset % volume.block_size);
}

Result<Superblock*> edit_superblock(Attempt& attempt) {
    const Volume& volume = attempt.volume();
    const std::span<u8> block = TRY(attempt.edit(superblock_block(volume), BlockKind::superblock));
    return record_at<Superblock>(block, superblock_offset % volume.block_size);
}

namespace {

struct FeatureName {
    u32 bit;
    std::string_view name;
};
constexpr FeatureName incompatible_names[] = {
    {0x1, "compression"}, {0x8, "journal_dev"},    {0x100, "mmp"},       {0x400, "ea_inode"},
    {0x1000, "dirdata"},  {0x8000, "inline_data"}, {0x10000, "encrypt"}, {0x20000, "casefold"},
};
constexpr FeatureName read_only_names[] = {
    {0x100, "quota"},    {0x200, "bigalloc"},       {0x800, "replica"}, {0x1000, "read-only"},
    {0x2000, "project"}, {0x4000, "shared_blocks"}, {0x8000, "verity"}, {0x10000, "orphan_present"},
};
constexpr u32 bigalloc = 0x200;

template <usize Count>
void name_features(Attempt& attempt, u32 bits, const FeatureName (&names)[Count],
                   std::string_view verdict) {
    for (const FeatureName& feature : names) {
        if (bits & feature.bit)
            attempt.report("ext4: feature '{}' is not supported: {}", feature.name, verdict);
        bits &= ~feature.bit;
    }
    if (bits)
        attempt.report("ext4: features {:#x} are unknown: {}", bits, verdict);
}

Failure refuse(Attempt& attempt, std::string_view why) {
    attempt.report("ext4: cannot mount: {}", why);
    return Failure(Errno::inval);
}

namespace mount_flag = component::mount_flag;

Result<> check_features(Attempt& attempt, const Superblock& super, u32& flags) {
    if (u32 unknown = super.incompatible & ~incompatible::supported) {
        name_features(attempt, unknown, incompatible_names, "cannot mount");
        return Failure(Errno::inval);
    }
    if (super.read_only_compatible & bigalloc) {
        name_features(attempt, bigalloc, read_only_names, "cannot mount");
        return Failure(Errno::inval);
    }
    if (u32 unknown = super.read_only_compatible & ~read_only_compatible::writable;
        unknown && !(flags & mount_flag::read_only)) {
        name_features(attempt, unknown, read_only_names, "mounting read-only");
        flags |= mount_flag::read_only;
    }
    return {};
}

bool checksum_is_right(const Superblock& super) {
    constexpr usize covered = __builtin_offsetof(Superblock, checksum);
    constexpr u8 crc32c_type = 1;
    return super.checksum_type == crc32c_type &&
           super.checksum == crc32c(~u32{0}, {reinterpret_cast<const u8*>(&super), covered});
}

// The numbers everything else is computed from: each checked before it is used.
Result<> read_geometry(Attempt& attempt, const Superblock& super) {
    Volume& volume = attempt.volume();
    volume.compatible = super.compatible;
    volume.incompatible = super.incompatible;
    volume.read_only_compatible = super.read_only_compatible;
    volume.block_size = 1024u << super.log_block_size;
    volume.block_shift = 10 + super.log_block_size;
    volume.first_data_block = super.first_data_block;
    volume.blocks_per_group = super.blocks_per_group;
    volume.inodes_per_group = super.inodes_per_group;
    volume.inodes = super.inodes_count;
    const bool wide = super.incompatible & incompatible::bits64;
    volume.blocks = join(super.blocks_count_low, wide ? super.blocks_count_high : 0);
    volume.reserved_blocks = join(super.reserved_blocks_low, wide ? super.reserved_blocks_high : 0);
    volume.inode_size = super.revision == 0 ? small_inode_size : super.inode_size;
    volume.first_inode = super.revision == 0 ? 11 : super.first_inode;
    volume.descriptor_size = wide ? super.descriptor_size : small_descriptor_size;

    const u32 bits = volume.block_size * 8;
    if (volume.first_data_block != (volume.block_size == 1024 ? 1u : 0u))
        return refuse(attempt, "impossible first data block");
    if (!std::has_single_bit(volume.inode_size) || volume.inode_size < small_inode_size ||
        volume.inode_size > volume.block_size)
        return refuse(attempt, "impossible inode size");
    if (!std::has_single_bit(volume.descriptor_size) ||
        volume.descriptor_size > volume.block_size ||
        volume.descriptor_size < (wide ? sizeof(GroupDescriptor) : small_descriptor_size))
        return refuse(attempt, "impossible descriptor size");
    if (volume.blocks_per_group < 256 || volume.blocks_per_group > bits ||
        volume.blocks_per_group % 8 != 0)
        return refuse(attempt, "impossible number of blocks in a group");
    if (volume.inodes_per_group == 0 || volume.inodes_per_group > bits ||
        volume.inodes_per_group % 8 != 0)
        return refuse(attempt, "impossible number of inodes in a group");
    if (volume.blocks <= volume.first_data_block || volume.blocks >> 48)
        return refuse(attempt, "impossible number of blocks");
    const u64 groups = (volume.blocks - volume.first_data_block + volume.blocks_per_group - 1) /
                       volume.blocks_per_group;
    if (groups * volume.inodes_per_group != volume.inodes || volume.first_inode < 11 ||
        volume.first_inode > volume.inodes_per_group)
        return refuse(attempt, "impossible number of inodes");
    volume.groups = static_cast<u32>(groups);
    volume.descriptors_per_block = volume.block_size / volume.descriptor_size;
    volume.table_blocks =
        (volume.inodes_per_group * volume.inode_size + volume.block_size - 1) / volume.block_size;
    return {};
}

Result<> read_rest(Attempt& attempt, const Superblock& super) {
    Volume& volume = attempt.volume();
    const u32 descriptor_blocks =
        (volume.groups + volume.descriptors_per_block - 1) / volume.descriptors_per_block;
    volume.first_meta_group = super.first_meta_group;
    if ((super.incompatible & incompatible::meta_groups) &&
        volume.first_meta_group > descriptor_blocks)
        return refuse(attempt, "impossible first meta group");
    volume.reserved_descriptor_blocks = super.reserved_descriptor_blocks;
    if (volume.reserved_descriptor_blocks > volume.block_size / 4 ||
        volume.first_data_block + 1 + descriptor_blocks >= volume.blocks)
        return refuse(attempt, "impossible number of descriptor blocks");
    const bool flex = super.incompatible & incompatible::flex_groups;
    volume.groups_per_flex =
        flex && super.log_groups_per_flex < 31 ? 1u << super.log_groups_per_flex : 1;
    __builtin_memcpy(volume.uuid, super.uuid, sizeof(volume.uuid));
    __builtin_memcpy(volume.label, super.volume_name, sizeof(volume.label));
    __builtin_memcpy(volume.hash_seed, super.hash_seed, sizeof(volume.hash_seed));
    volume.backup_groups[0] = super.backup_groups[0];
    volume.backup_groups[1] = super.backup_groups[1];
    volume.checksum_seed = super.incompatible & incompatible::checksum_seed
                               ? super.checksum_seed
                               : crc32c(~u32{0}, {super.uuid, sizeof(super.uuid)});
    volume.hash_version = super.default_hash_version <= 2 ? super.default_hash_version : u8{1};
    volume.unsigned_hash = super.flags & super_flag::unsigned_hash;
    volume.state_at_mount = super.state;
    return {};
}

// Free counts come from the descriptors, which are exact; the superblock's lag behind.
Result<> count_groups(Attempt& attempt) {
    Volume& volume = attempt.volume();
    u64 free_blocks = 0, overhead = volume.first_data_block;
    u32 free_inodes = 0;
    for (u32 group = 0; group < volume.groups; ++group) {
        const Group values = TRY(read_group(attempt, group));
        free_blocks += values.free_blocks;
        free_inodes += values.free_inodes;
        overhead += base_metadata_blocks(volume, group) + 2 + volume.table_blocks;
    }
    volume.free_blocks = free_blocks;
    volume.free_inodes = free_inodes;
    volume.overhead = overhead < volume.blocks ? overhead : volume.blocks;
    return {};
}

// Without a log to go through.
Result<> publish_home(Attempt& attempt) {
    TRY(attempt.publish(0, false));
    const VolumeServices& services = attempt.services();
    if (const i32 status = services.commit(services.home))
        return Failure(static_cast<Errno>(status));
    return {};
}

Result<> add_journal_overhead(Attempt& attempt) {
    Volume& volume = attempt.volume();
    if (!(volume.compatible & compatible::has_journal))
        return {};
    const Inode journal = TRY(find_inode(attempt, journal_inode));
    const InodeRecord* record = TRY(view_record(attempt, journal));
    const u64 blocks = size_of(*record) >> volume.block_shift;
    if (volume.overhead + blocks < volume.blocks)
        volume.overhead += blocks;
    return {};
}

Result<> mark_in_use(Attempt& attempt) {
    const bool has_log = attempt.volume().compatible & compatible::has_journal;
    Superblock* super = TRY(edit_superblock(attempt));
    // With a log the state only tells of errors.
    if (!(super->state & state::clean) && !has_log)
        attempt.report("ext4: the volume was not unmounted cleanly; checking it is recommended");
    if (super->state & state::errors)
        attempt.report("ext4: errors were found on the volume; checking it is recommended");
    const bool is_marked = has_log ? super->incompatible & incompatible::needs_recovery
                                   : !(super->state & state::clean);
    if (has_log)
        super->incompatible |= incompatible::needs_recovery;
    else
        super->state &= static_cast<u16>(~state::clean);
    super->mount_time = static_cast<u32>(attempt.now().seconds);
    super->write_time = super->mount_time;
    // Once, even if this request is repeated.
    super->mount_count = static_cast<u16>(super->mount_count + (is_marked ? 0 : 1));
    if (!(super->flags & (super_flag::signed_hash | super_flag::unsigned_hash)))
        super->flags |= super_flag::signed_hash;
    return publish_home(attempt);
}

} // namespace

namespace {

// The superblock, which says how large all other blocks are, and what follows from it alone.
Result<> read_superblock(Attempt& attempt, u32& flags) {
    Volume& volume = attempt.volume();
    volume.block_size = 1024;
    volume.blocks = 2;
    const VolumeServices& services = attempt.services();
    if (services.set_block_size(services.home, volume.block_size) != 0)
        return Failure(Errno::io);
    const Superblock* first = TRY(view_superblock(attempt));
    if (first->magic != superblock_magic)
        return refuse(attempt, "no ext4 superblock");
    if (first->log_block_size > 2)
        return refuse(attempt, "blocks larger than 4 KiB");
    if (first->revision > 1)
        return refuse(attempt, "unknown revision");
    if ((first->read_only_compatible & read_only_compatible::metadata_checksum) &&
        !checksum_is_right(*first))
        return refuse(attempt, "wrong checksum in the superblock");
    TRY(check_features(attempt, *first, flags));
    TRY(read_geometry(attempt, *first));
    if (services.set_block_size(services.home, volume.block_size) != 0)
        return Failure(Errno::io);
    if (services.device_blocks(services.home) < volume.blocks)
        return refuse(attempt, "the volume is larger than its device");
    return read_rest(attempt, *TRY(view_superblock(attempt)));
}

Result<> forget_need_of_recovery(Attempt& attempt, bool damaged) {
    Superblock* super = TRY(edit_superblock(attempt));
    super->incompatible &= ~incompatible::needs_recovery;
    if (damaged)
        super->state |= state::errors;
    return publish_home(attempt);
}

// What the last machine left in the log. The volume is another one afterwards.
Result<bool> recover_log(Attempt& attempt, u32 flags) {
    const Volume& volume = attempt.volume();
    if (!(volume.incompatible & incompatible::needs_recovery) ||
        !(volume.compatible & compatible::has_journal))
        return false;
    if (flags & mount_flag::no_recovery) {
        if (!(flags & mount_flag::read_only))
            return refuse(attempt, "it needs recovery, and is to be written without");
        attempt.report("ext4: not recovered, as asked for: what is read may be inconsistent");
        return false;
    }
    if (flags & mount_flag::read_only_device) {
        attempt.report("ext4: cannot mount: it needs recovery, and the device is read-only "
                       "(\"noload\" mounts it all the same)");
        return Failure(Errno::rofs);
    }
    const journal::Recovered recovered = TRY(journal::recover(attempt));
    if (recovered.damaged)
        attempt.report("ext4: the journal is damaged or reports an error; run e2fsck");
    TRY(forget_need_of_recovery(attempt, recovered.damaged));
    attempt.report("ext4: recovered {} transactions ({} blocks) from the journal",
                   recovered.transactions, recovered.blocks);
    return true;
}

} // namespace

Result<> mount_volume(Attempt& attempt, u32 flags) {
    Volume& volume = attempt.volume();
    TRY(read_superblock(attempt, flags));
    if (TRY(recover_log(attempt, flags)))
        TRY(read_superblock(attempt, flags));
    volume.read_only = flags & mount_flag::read_only;
    TRY(count_groups(attempt));
    return add_journal_overhead(attempt);
}

Result<component::LogLayout> begin_writing(Attempt& attempt, std::span<BlockRange> pieces) {
    Volume& volume = attempt.volume();
    u32 flags = 0;
    TRY(check_features(attempt, *TRY(view_superblock(attempt)), flags));
    if (volume.damaged || flags != 0)
        return Failure(Errno::rofs);
    component::LogLayout layout;
    if (volume.compatible & compatible::has_journal)
        layout = TRY(journal::open_for_writing(attempt, pieces));
    TRY(mark_in_use(attempt));
    volume.read_only = false;
    return layout;
}

Result<> ensure_loaded(Attempt& attempt) {
    namespace volume_state = component::volume_state;
    Volume& volume = attempt.volume();
    const VolumeServices& services = attempt.services();
    if (volume.groups != 0 || !(services.state & volume_state::mounted)) [[likely]]
        return {};
    volume.block_size = services.block_size;
    volume.blocks = services.device_blocks(services.home);
    const Superblock* super = TRY(view_superblock(attempt));
    if (super->magic != superblock_magic)
        return attempt.damaged("ext4: the superblock of a mounted volume is gone");
    Result<> outcome = read_geometry(attempt, *super);
    if (outcome)
        outcome = read_rest(attempt, *super);
    volume.read_only = services.state & volume_state::read_only;
    volume.damaged = services.state & volume_state::damaged;
    volume.state_at_mount = services.state & volume_state::was_clean ? state::clean : u16{0};
    if (outcome)
        outcome = count_groups(attempt);
    if (outcome)
        outcome = add_journal_overhead(attempt);
    if (!outcome)
        volume.groups = 0;
    return outcome;
}

Result<> note_large_file(Attempt& attempt, u64 size) {
    if (size <= 0x7fff'ffff)
        return {};
    // Not the arena's copy: an attempt that set the feature may have come to nothing.
    const Superblock* seen = TRY(view_superblock(attempt));
    if (seen->read_only_compatible & read_only_compatible::large_file)
        return {};
    if (seen->revision == 0)
        return Failure(Errno::fbig);
    TRY(edit_superblock(attempt))->read_only_compatible |= read_only_compatible::large_file;
    return {};
}

Result<> sync_superblock(Attempt& attempt, SyncKind kind) {
    Volume& volume = attempt.volume();
    Superblock* super = TRY(edit_superblock(attempt));
    super->free_blocks_low = static_cast<u32>(volume.free_blocks);
    if (volume.incompatible & incompatible::bits64)
        super->free_blocks_high = static_cast<u32>(volume.free_blocks >> 32);
    super->free_inodes = volume.free_inodes;
    super->write_time = static_cast<u32>(attempt.now().seconds);
    if (volume.damaged)
        super->state |= state::errors;
    else if (kind == SyncKind::done)
        super->state |= volume.state_at_mount & state::clean;
    // The log is empty and closed by then.
    if (kind == SyncKind::done)
        super->incompatible &= ~incompatible::needs_recovery;
    return attempt.publish();
}

component::VolumeInfo volume_info(const Volume& volume) {
    component::VolumeInfo info;
    info.block_size = volume.block_size;
    info.max_name_length = max_name_length;
    info.blocks = volume.blocks - volume.overhead;
    info.free_blocks = volume.free_blocks;
    info.reserved_blocks =
        volume.reserved_blocks < volume.free_blocks ? volume.reserved_blocks : volume.free_blocks;
    info.inodes = volume.inodes;
    info.free_inodes = volume.free_inodes;
    info.max_file_size = volume.max_logical() << volume.block_shift;
    if (!volume.has_extents()) {
        // Twelve direct blocks and three trees; a pointer takes four bytes.
        const u64 pointers = volume.block_size / 4;
        info.max_file_size = (12 + pointers + pointers * pointers + pointers * pointers * pointers)
                             << volume.block_shift;
    }
    info.root_inode = root_inode;
    info.was_clean = volume.state_at_mount & state::clean;
    info.max_links = 65000;
    info.read_only = volume.read_only;
    // A leaf of the extent tree for every 16 blocks, or two pointer blocks for each.
    info.delay_overhead = volume.has_extents() ? 16 : 512;
    __builtin_memcpy(info.uuid, volume.uuid, sizeof(info.uuid));
    __builtin_memcpy(info.label, volume.label, sizeof(info.label));
    return info;
}

} // namespace ext4

// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/allocator.h"
#include "components/fs/ext4/group.h"

namespace ext4 {

namespace {

struct Run {
    u32 start = 0; // bit
    u32 count = 0;
};

// The first stretch of clear bits in [from, to) with at least `least`, at most `want`; the longest
// shorter one if there is none. Blocks that are withheld count as in use.
Run search_bits(Attempt& attempt, std::span<const u8> bits, u32 group, u32 from, u32 to, u32 least,
                u32 want) {
    const u64 base = attempt.volume().group_start(group);
    Run best;
    for (u32 at = from; at < to;) {
        const u32 start = find_clear(bits, at, to);
        if (start == to)
            break;
        const u32 limit = to - start < want ? to : start + want;
        const u32 end = find_set(bits, start, limit);
        const BlockRange usable =
            attempt.services().available(attempt.services().home, {base + start, end - start});
        if (usable.count == 0) {
            at = end;
            continue;
        }
        const Run run{static_cast<u32>(usable.start - base), static_cast<u32>(usable.count)};
        if (run.count >= least)
            return run;
        if (run.count > best.count)
            best = run;
        at = run.start + run.count;
    }
    return best;
}

// Marks a run as used and counts it.
Result<> take(Attempt& attempt, u32 group, Group& values, std::span<u8> bits, const Run& run) {
    if (run.count > values.free_blocks)
        return attempt.damaged("ext4: group {} has more free blocks than it counts", group);
    for (u32 i = run.start; i < run.start + run.count; ++i)
        set_bit(bits, i);
    values.free_blocks -= run.count;
    attempt.count_blocks(-static_cast<i64>(run.count));
    return write_group(attempt, group, values);
}

struct Wish {
    u32 bit;   // where to begin in the group
    u32 least; // shorter runs only if nothing better turns up here
    u32 want;
};

// Tries one group: what it gave, count 0 if it has nothing (good enough).
Result<BlockRange> allocate_in(Attempt& attempt, u32 group, const Wish& wish, bool accept_short) {
    Volume& volume = attempt.volume();
    Group values = TRY(read_group(attempt, group));
    if (values.free_blocks == 0 || (!accept_short && values.free_blocks < wish.least))
        return BlockRange{};
    std::span<const u8> bits;
    if (values.has(group_flag::blocks_uninitialised))
        bits = TRY(edit_block_bitmap(attempt, group, values));
    else
        bits = TRY(view_block_bitmap(attempt, group, values));
    const u32 size = volume.blocks_in(group);
    Run run;
    // Exactly at the goal, whatever the length: files that grow stay contiguous.
    if (wish.bit != 0 && wish.bit < size && !test_bit(bits, wish.bit))
        run = search_bits(attempt, bits, group, wish.bit, size, 1, wish.want);
    if (run.count == 0 || run.start != wish.bit) {
        run = search_bits(attempt, bits, group, wish.bit < size ? wish.bit : 0, size, wish.least,
                          wish.want);
        if (run.count < wish.least && wish.bit != 0) {
            const Run before = search_bits(attempt, bits, group, 0, size, wish.least, wish.want);
            if (before.count > run.count)
                run = before;
        }
    }
    if (run.count == 0 || (!accept_short && run.count < wish.least && run.start != wish.bit)) {
        // An initialised bitmap that nothing was taken from still goes with its descriptor.
        if (values.has(group_flag::blocks_uninitialised) !=
            TRY(read_group(attempt, group)).has(group_flag::blocks_uninitialised))
            TRY(write_group(attempt, group, values));
        return BlockRange{};
    }
    const std::span<u8> edited = TRY(edit_block_bitmap(attempt, group, values));
    TRY(take(attempt, group, values, edited, run));
    const u64 start = volume.group_start(group) + run.start;
    return BlockRange{start, run.count};
}

} // namespace

Result<BlockRange> allocate_blocks(Attempt& attempt, u64 goal, u32 want) {
    Volume& volume = attempt.volume();
    const i64 usable = attempt.usable_blocks();
    if (usable <= 0)
        return Failure(Errno::nospc);
    if (want > usable)
        want = static_cast<u32>(usable);
    if (goal < volume.first_data_block || goal >= volume.blocks)
        goal = volume.first_data_block;
    const u32 first = volume.group_of(goal);
    const u32 bit = static_cast<u32>(goal - volume.group_start(first));
    // A long run is worth looking further for, but not further than a fair piece of it.
    constexpr u32 fair_piece = 256;
    const u32 least = want < fair_piece ? want : fair_piece;
    for (u32 pass = 0; pass < 2; ++pass) {
        for (u32 i = 0; i < volume.groups; ++i) {
            const u32 group = (first + i) % volume.groups;
            const Wish wish{i == 0 ? bit : 0, least, want};
            const BlockRange range = TRY(allocate_in(attempt, group, wish, pass == 1));
            if (range.count != 0)
                return range;
        }
    }
    return Failure(Errno::nospc);
}

Result<u64> allocate_block(Attempt& attempt, u64 goal) {
    return TRY(allocate_blocks(attempt, goal, 1)).start;
}

namespace {

Result<> clear_range(Attempt& attempt, BlockRange range) {
    Volume& volume = attempt.volume();
    while (range.count != 0) {
        const u32 group = volume.group_of(range.start);
        const u32 first = static_cast<u32>(range.start - volume.group_start(group));
        const u64 left = volume.blocks_in(group) - first;
        const u32 count = static_cast<u32>(range.count < left ? range.count : left);
        Group values = TRY(read_group(attempt, group));
        const std::span<u8> bits = TRY(edit_block_bitmap(attempt, group, values));
        if (find_clear(bits, first, first + count) != first + count)
            return attempt.damaged("ext4: block {} is freed but was free",
                                   volume.group_start(group) +
                                       find_clear(bits, first, first + count));
        for (u32 i = first; i < first + count; ++i)
            clear_bit(bits, i);
        values.free_blocks += count;
        TRY(write_group(attempt, group, values));
        attempt.count_blocks(count);
        range.start += count;
        range.count -= count;
    }
    return {};
}

} // namespace

Result<> free_blocks(Attempt& attempt, BlockRange range, component::FreedKind kind) {
    const Volume& volume = attempt.volume();
    if (!volume.contains(range.start, range.count) || TRY(overlaps_metadata(attempt, range)))
        return attempt.damaged("ext4: blocks {}+{} are not a file's to free", range.start,
                               range.count);
    TRY(clear_range(attempt, range));
    const VolumeServices& services = attempt.services();
    if (i32 status = services.release(services.home, range, kind))
        return Failure(static_cast<Errno>(status));
    return {};
}

Result<component::FreedKind> freed_kind(Attempt& attempt, const Inode& inode) {
    return is_regular(*TRY(view_record(attempt, inode))) ? component::FreedKind::data
                                                         : component::FreedKind::metadata;
}

Result<> give_back(Attempt& attempt, BlockRange range) { return clear_range(attempt, range); }

u64 block_goal(const Volume& volume, u32 inode) {
    const u32 group = (inode - 1) / volume.inodes_per_group;
    // Files of one group begin in different parts of it, so that they do not grow into each other.
    const u64 size = volume.blocks_in(group);
    const u64 colour = (inode % 16) * (size / 16);
    return volume.group_start(group) + (size > 4096 ? colour : 0);
}

} // namespace ext4

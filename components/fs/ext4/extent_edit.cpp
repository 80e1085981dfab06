// SPDX-License-Identifier: BSD-2-Clause
// Changes of the extent tree. Each function works on a fresh path: edits move entries about.
#include "components/fs/ext4/allocator.h"
#include "components/fs/ext4/extents.h"

namespace ext4 {

using namespace extent_node;

namespace {

constexpr usize entry_bytes = sizeof(Extent);

// Opens a gap for one entry at `position`. There is room.
void open_gap(std::span<u8> node, u32 position) {
    ExtentHeader& head = header(node);
    Extent* entries = leaf(node);
    __builtin_memmove(entries + position + 1, entries + position,
                      (head.entries - position) * entry_bytes);
    ++head.entries;
}

void close_gap(std::span<u8> node, u32 position) {
    ExtentHeader& head = header(node);
    Extent* entries = leaf(node);
    --head.entries;
    __builtin_memmove(entries + position, entries + position + 1,
                      (head.entries - position) * entry_bytes);
}

Result<u64> allocate_node(Attempt& attempt, const Inode& inode, u64 goal) {
    const u64 block = TRY(allocate_block(attempt, goal));
    TRY(add_blocks(attempt, inode, 1));
    return block;
}

Result<std::span<u8>> create_node(Attempt& attempt, const Inode& inode, u64 block, u16 depth) {
    const InodeRecord* record = TRY(view_record(attempt, inode));
    const std::span<u8> node = TRY(attempt.create(
        block, BlockKind::extents, inode_seed(attempt.volume(), inode.number, *record)));
    header(node) = {extent_magic, 0, capacity_of_block(attempt.volume()), depth, 0};
    return node;
}

// The root's entries move to a new block; the root keeps one index to it.
Result<> grow_root(Attempt& attempt, const Inode& inode, u64 goal) {
    const ExtentLevel root;
    const u16 depth = header(TRY(view(attempt, inode, root))).depth;
    if (depth == max_extent_depth)
        return Failure(Errno::fbig);
    const u64 block = TRY(allocate_node(attempt, inode, goal));
    const std::span<u8> below = TRY(create_node(attempt, inode, block, depth));
    const std::span<u8> node = TRY(edit(attempt, inode, root));
    header(below).entries = header(node).entries;
    __builtin_memcpy(leaf(below), leaf(node), header(node).entries * entry_bytes);
    const u32 key = leaf(node)[0].logical;
    header(node).entries = 1;
    header(node).depth = static_cast<u16>(depth + 1);
    __builtin_memset(leaf(node), 0, map_bytes - sizeof(ExtentHeader));
    indices(node)[0].logical = key;
    set_child(indices(node)[0], block);
    return {};
}

// Splits the full node at `depth` of the path; its parent has room. Entries from the middle on go
// to a new node, or, when `logical` lies behind the last entry, only the last one: nodes of files
// that grow at the end stay full.
Result<> split_node(Attempt& attempt, const Inode& inode, const ExtentPath& path, u16 depth,
                    u64 logical, u64 goal) {
    const std::span<u8> node = TRY(edit(attempt, inode, path.level[depth]));
    const u16 count = header(node).entries;
    const bool at_end = leaf(node)[count - 1].logical < logical && path.limit == no_limit;
    const u16 kept = at_end ? static_cast<u16>(count - 1) : static_cast<u16>(count / 2);
    const u64 block = TRY(allocate_node(attempt, inode, goal));
    const std::span<u8> right = TRY(create_node(attempt, inode, block, header(node).depth));
    header(right).entries = static_cast<u16>(count - kept);
    __builtin_memcpy(leaf(right), leaf(node) + kept, (count - kept) * entry_bytes);
    header(node).entries = kept;
    const ExtentLevel& above = path.level[depth - 1];
    const std::span<u8> parent = TRY(edit(attempt, inode, above));
    const u32 position = static_cast<u32>(above.position) + 1;
    open_gap(parent, position);
    indices(parent)[position] = {};
    indices(parent)[position].logical = leaf(right)[0].logical;
    set_child(indices(parent)[position], block);
    return {};
}

// One step towards room in the leaf that governs `logical`: splits the lowest full node whose
// parent has room, or grows the root.
Result<> make_room(Attempt& attempt, const Inode& inode, const ExtentPath& path, u64 logical,
                   u64 goal) {
    u16 depth = path.depth;
    while (depth > 0 && path.level[depth - 1].entries >= path.level[depth - 1].capacity)
        --depth;
    if (depth == 0)
        return grow_root(attempt, inode, goal);
    return split_node(attempt, inode, path, depth, logical, goal);
}

bool continues(const ExtentRun& left, const ExtentRun& right) {
    const u32 limit = left.unwritten ? max_unwritten_length : max_extent_length;
    return left.unwritten == right.unwritten && left.logical + left.length == right.logical &&
           left.physical + left.length == right.physical && left.length + right.length <= limit;
}

// Joins the run to its neighbours in the leaf: true if there was one.
Result<bool> merge(Attempt& attempt, const Inode& inode, const ExtentPath& path,
                   const ExtentRun& run) {
    const ExtentLevel& level = path.level[path.depth];
    const std::span<const u8> seen = TRY(view(attempt, inode, level));
    const i32 left = level.position, right = level.position + 1;
    const bool with_left = left >= 0 && continues(run_of(leaf(seen)[left]), run);
    const bool with_right = right < level.entries && continues(run, run_of(leaf(seen)[right]));
    if (!with_left && !with_right)
        return false;
    const std::span<u8> node = TRY(edit(attempt, inode, level));
    if (with_left) {
        ExtentRun joined = run_of(leaf(node)[left]);
        joined.length += run.length;
        if (with_right && continues(joined, run_of(leaf(node)[right]))) {
            joined.length += run_of(leaf(node)[right]).length;
            close_gap(node, static_cast<u32>(right));
        }
        leaf(node)[left] = extent_of(joined);
        return true;
    }
    ExtentRun joined = run;
    joined.length += run_of(leaf(node)[right]).length;
    leaf(node)[right] = extent_of(joined);
    TRY(correct_keys(attempt, inode, path, path.depth));
    return true;
}

} // namespace

Result<> insert_extent(Attempt& attempt, const Inode& inode, const ExtentRun& run) {
    // Each pass splits one node; a leaf has room after at most one pass for every level.
    for (u32 pass = 0; pass <= 2 * max_extent_depth + 2; ++pass) {
        const ExtentPath path = TRY(find_path(attempt, inode, run.logical));
        if (TRY(merge(attempt, inode, path, run)))
            return {};
        const ExtentLevel& level = path.level[path.depth];
        if (level.entries < level.capacity) {
            const std::span<u8> node = TRY(edit(attempt, inode, level));
            const u32 position = static_cast<u32>(level.position + 1);
            open_gap(node, position);
            leaf(node)[position] = extent_of(run);
            return position == 0 ? correct_keys(attempt, inode, path, path.depth) : Result<>();
        }
        TRY(make_room(attempt, inode, path, run.logical, run.physical));
    }
    return attempt.damaged("ext4: extent tree of inode {} does not take an entry", inode.number);
}

namespace {

// Takes the empty node at `depth` out of the tree, and its parents as far as they become empty.
Result<> drop_empty(Attempt& attempt, const Inode& inode, const ExtentPath& path, u16 depth) {
    for (; depth > 0; --depth) {
        TRY(free_blocks(attempt, {path.level[depth].block, 1}, component::FreedKind::metadata));
        TRY(add_blocks(attempt, inode, -1));
        const ExtentLevel& above = path.level[depth - 1];
        const std::span<u8> parent = TRY(edit(attempt, inode, above));
        close_gap(parent, static_cast<u32>(above.position));
        if (header(parent).entries != 0) {
            if (above.position == 0)
                TRY(correct_keys(attempt, inode, path, static_cast<u16>(depth - 1)));
            return {};
        }
    }
    header(TRY(edit(attempt, inode, ExtentLevel{}))).depth = 0;
    return {};
}

// Replaces the extent at the path's position by what lies before `from` and from `to` on of it.
Result<> cut(Attempt& attempt, const Inode& inode, const ExtentPath& path, const ExtentRun& run,
             u64 from, u64 to) {
    const ExtentLevel& level = path.level[path.depth];
    const std::span<u8> node = TRY(edit(attempt, inode, level));
    const u32 position = static_cast<u32>(level.position);
    const u64 end = run.logical + run.length;
    if (from > run.logical) {
        ExtentRun head = run;
        head.length = static_cast<u32>(from - run.logical);
        leaf(node)[position] = extent_of(head);
        if (to == end)
            return {};
        const u64 skipped = to - run.logical;
        return insert_extent(
            attempt, inode,
            {to, run.physical + skipped, static_cast<u32>(end - to), run.unwritten});
    }
    if (to < end) {
        const u64 skipped = to - run.logical;
        leaf(node)[position] =
            extent_of({to, run.physical + skipped, static_cast<u32>(end - to), run.unwritten});
    } else {
        close_gap(node, position);
        if (header(node).entries == 0)
            return drop_empty(attempt, inode, path, path.depth);
    }
    return position == 0 ? correct_keys(attempt, inode, path, path.depth) : Result<>();
}

} // namespace

Result<bool> remove_last_extent(Attempt& attempt, const Inode& inode, u64 from, u64 to) {
    if (to == 0 || to <= from)
        return false;
    const ExtentPath path = TRY(find_path(attempt, inode, to - 1));
    const ExtentLevel& level = path.level[path.depth];
    if (level.position < 0)
        return false;
    const ExtentRun run = run_of(leaf(TRY(view(attempt, inode, level)))[level.position]);
    const u64 end = run.logical + run.length < to ? run.logical + run.length : to;
    const u64 begin = run.logical > from ? run.logical : from;
    if (end <= begin)
        return false;
    TRY(free_blocks(attempt, {run.physical + (begin - run.logical), end - begin},
                    TRY(freed_kind(attempt, inode))));
    TRY(add_blocks(attempt, inode, -static_cast<i64>(end - begin)));
    TRY(cut(attempt, inode, path, run, begin, end));
    return true;
}

Result<> convert_extent(Attempt& attempt, const Inode& inode, u64 logical, u32 length,
                        bool unwritten) {
    const ExtentPath path = TRY(find_path(attempt, inode, logical));
    const ExtentLevel& level = path.level[path.depth];
    if (level.position < 0)
        return Failure(Errno::inval);
    const ExtentRun run = run_of(leaf(TRY(view(attempt, inode, level)))[level.position]);
    if (logical + length > run.logical + run.length)
        return Failure(Errno::inval);
    if (run.unwritten == unwritten)
        return {};
    TRY(cut(attempt, inode, path, run, logical, logical + length));
    return insert_extent(attempt, inode,
                         {logical, run.physical + (logical - run.logical), length, unwritten});
}

} // namespace ext4

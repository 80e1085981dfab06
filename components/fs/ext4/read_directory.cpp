// SPDX-License-Identifier: BSD-2-Clause
// Reading a directory. Cookies stay valid while names come and go: where the directory is, or may
// become, a hash tree they are positions in hash order (0 ".", 1 "..", then half the major hash and
// the minor hash); elsewhere they are byte positions. Names whose hashes are wholly equal are shown
// together. (Known gap: names of one major hash spread over two leaves are ordered leaf by leaf.)
#include "components/fs/ext4/hash_tree.h"
#include "components/fs/ext4/mapping.h"

namespace ext4 {

namespace {

using component::DirectoryRecord;

constexpr u64 first_hash_cookie = 2;

u8 dirent_type(u8 type) {
    // DT_* for file types 0..7.
    static constexpr u8 types[] = {0, 8, 4, 2, 6, 1, 12, 10};
    return type < sizeof(types) ? types[type] : u8{0};
}

// The caller's buffer, filled record by record.
class Output {
public:
    Output(const Volume& volume, std::span<u8> buffer) : volume_(volume), buffer_(buffer) {}

    static usize size_of(usize name_length) {
        return (__builtin_offsetof(DirectoryRecord, name) + name_length + 1 + 7) & ~usize{7};
    }
    bool fits(usize bytes) const { return bytes <= buffer_.size() - used_; }
    usize used() const { return used_; }

    bool add(u32 inode, std::string_view name, u8 type, u64 next) {
        const usize size = size_of(name.size());
        if (!fits(size))
            return false;
        constexpr usize fixed = __builtin_offsetof(DirectoryRecord, name);
        u8* at = buffer_.data() + used_;
        __builtin_memset(at, 0, size);
        DirectoryRecord record{inode,
                               next,
                               static_cast<u16>(size),
                               volume_.has_file_type() ? dirent_type(type) : u8{0},
                               static_cast<u8>(name.size()),
                               {}};
        __builtin_memcpy(at, &record, fixed);
        __builtin_memcpy(at + fixed, name.data(), name.size());
        used_ += size;
        return true;
    }
    // What read_directory answers when `add` has refused.
    Result<usize> full() const {
        if (used_ == 0)
            return Failure(Errno::inval);
        return used_;
    }

private:
    const Volume& volume_;
    std::span<u8> buffer_;
    usize used_ = 0;
};

u64 key_of(const LeafEntry& entry) {
    const u64 key = u64{entry.major >> 1} << 32 | entry.minor;
    return key < first_hash_cookie ? first_hash_cookie : key;
}

std::string_view name_at(std::span<const u8> block, u32 offset) {
    const auto* entry = record_at<DirectoryEntry>(block, offset);
    return {reinterpret_cast<const char*>(entry + 1), entry->name_length};
}

// Adds the names of one leaf from key `from` on; false when the buffer is full.
Result<bool> add_leaf(Attempt& attempt, std::span<const u8> block, HashVersion version, u64 from,
                      Output& output) {
    const std::span<LeafEntry> names = TRY(sorted_leaf(attempt, block, version));
    usize i = 0;
    while (i < names.size() && key_of(names[i]) < from)
        ++i;
    while (i < names.size()) {
        const u64 key = key_of(names[i]);
        usize end = i, wanted = 0;
        for (; end < names.size() && key_of(names[end]) == key; ++end)
            wanted += Output::size_of(name_at(block, names[end].offset).size());
        if (!output.fits(wanted))
            return false;
        for (; i < end; ++i) {
            const auto* entry = record_at<DirectoryEntry>(block, names[i].offset);
            output.add(entry->inode, name_at(block, names[i].offset), entry->type, key + 1);
        }
    }
    return true;
}

Result<usize> read_tree(Attempt& attempt, const Inode& directory, u64 from, Output& output) {
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const bool tree = uses_hash_tree(attempt.volume(), *record);
    if (!tree) {
        const u64 block = TRY(metadata_block(attempt, directory, 0));
        const std::span<const u8> bytes = TRY(view_leaf(attempt, directory, block));
        const auto version = static_cast<HashVersion>(attempt.volume().hash_version);
        return TRY(add_leaf(attempt, bytes, version, from, output)) ? output.used() : output.full();
    }
    IndexPath path = TRY(find_leaf(attempt, directory, static_cast<u32>(from >> 32) << 1));
    for (u32 lowest = 0;;) {
        const u64 block = TRY(metadata_block(attempt, directory, path.leaf));
        const std::span<const u8> bytes = TRY(view_leaf(attempt, directory, block));
        if (!TRY(add_leaf(attempt, bytes, path.version, from, output)))
            return output.full();
        const u32 before = lowest;
        if (!TRY(next_leaf(attempt, directory, path, lowest)))
            return output.used();
        // Hashes only grow along a sound tree: a loop in a damaged one ends here.
        if (lowest < before)
            return attempt.damaged("ext4: hash tree of directory {} is out of order",
                                   directory.number);
    }
}

Result<usize> read_linear(Attempt& attempt, const Inode& directory, u64 from, Output& output) {
    const Volume& volume = attempt.volume();
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const u64 count = directory_blocks(volume, *record);
    const bool indexed = record->flags & inode_flag::directory_index;
    for (u64 logical = from >> volume.block_shift; logical < count; ++logical) {
        const u64 block = TRY(metadata_block(attempt, directory, logical));
        if (indexed && logical > 0 && TRY(is_index_block(attempt, block)))
            continue;
        const std::span<const u8> bytes =
            indexed ? TRY(attempt.view(block)) : TRY(view_leaf(attempt, directory, block));
        const u64 base = logical << volume.block_shift;
        EntryWalk walk(bytes);
        while (walk.next()) {
            const DirectoryEntry& entry = walk.entry();
            if (entry.inode == 0 || base + walk.offset() < from)
                continue;
            if (!output.add(entry.inode, walk.name(), entry.type,
                            base + walk.offset() + entry.length))
                return output.full();
        }
        if (walk.broken())
            return attempt.damaged("ext4: broken entry in block {} of directory {}", block,
                                   directory.number);
    }
    return output.used();
}

} // namespace

Result<usize> read_directory(Attempt& attempt, const Inode& directory, u64 from,
                             std::span<u8> buffer) {
    const Volume& volume = attempt.volume();
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const bool by_hash =
        (volume.compatible & compatible::directory_index) &&
        ((record->flags & inode_flag::directory_index) || directory_blocks(volume, *record) == 1);
    Output output(volume, buffer);
    if (!by_hash)
        return read_linear(attempt, directory, from, output);
    if (from >= component::directory_end)
        return usize{0};
    if (from == 0) {
        if (!output.add(directory.number, ".", 2, 1))
            return output.full();
        from = 1;
    }
    if (from == 1) {
        const EntryPlace parent = TRY(find_parent_entry(attempt, directory));
        if (!output.add(parent.inode, "..", 2, first_hash_cookie))
            return output.full();
        from = first_hash_cookie;
    }
    return read_tree(attempt, directory, from, output);
}

} // namespace ext4

// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/xattr_store.h"

#include <bit>

namespace ext4 {

namespace {

constexpr u32 end_mark_bytes = 4;

u32 padded(u32 bytes) { return (bytes + 3) & ~3u; }
u32 entry_bytes(usize name_length) {
    return padded(static_cast<u32>(sizeof(XattrEntry) + name_length));
}

XattrEntry* entry_at(std::span<u8> bytes, u32 offset) {
    return reinterpret_cast<XattrEntry*>(bytes.data() + offset);
}

// The order of entries in a block.
bool before(const XattrEntry& a, std::string_view a_name, const XattrName& b) {
    if (a.name_index != b.index)
        return a.name_index < b.index;
    if (a_name.size() != b.rest.size())
        return a_name.size() < b.rest.size();
    return a_name < b.rest;
}

// Where the values begin, and where the entries end.
struct Extents {
    u32 values;
    u32 entries;
};

Extents extents_of(std::span<const u8> bytes, u32 first) {
    Extents result{static_cast<u32>(bytes.size()), first};
    for (XattrWalk walk(bytes, first); walk.next(); result.entries = walk.following())
        if (walk.entry().value_size != 0 && walk.entry().value_offset < result.values)
            result.values = walk.entry().value_offset;
    return result;
}

u32 hash_of(const XattrName& name, std::span<const u8> padded_value) {
    u32 hash = 0;
    for (char c : name.rest)
        hash = std::rotl(hash, 5) ^ static_cast<u8>(c);
    for (usize i = 0; i + 4 <= padded_value.size(); i += 4) {
        u32 word;
        __builtin_memcpy(&word, padded_value.data() + i, sizeof(word));
        hash = std::rotl(hash, 16) ^ word;
    }
    return hash;
}

} // namespace

bool XattrWalk::next() {
    u32 word = 0;
    if (following_ > bytes_.size() || bytes_.size() - following_ < end_mark_bytes)
        return false;
    __builtin_memcpy(&word, bytes_.data() + following_, sizeof(word));
    if (word == 0) {
        ended_well_ = true;
        return false;
    }
    if (bytes_.size() - following_ < sizeof(XattrEntry))
        return false;
    offset_ = following_;
    entry_ = reinterpret_cast<const XattrEntry*>(bytes_.data() + offset_);
    const u32 size = entry_bytes(entry_->name_length);
    if (bytes_.size() - offset_ < size)
        return false;
    following_ = offset_ + size;
    return true;
}

bool XattrStore::is_sound(std::span<const u8> bytes, u32 first) {
    XattrWalk walk(bytes, first);
    u32 end = first;
    u32 lowest = static_cast<u32>(bytes.size());
    while (walk.next()) {
        const XattrEntry& entry = walk.entry();
        end = walk.following();
        if (entry.value_inode != 0)
            return false;
        if (entry.value_size == 0)
            continue;
        if (entry.value_size > bytes.size() || entry.value_offset % 4 != 0 ||
            entry.value_offset > bytes.size() ||
            padded(entry.value_size) > bytes.size() - entry.value_offset)
            return false;
        lowest = entry.value_offset < lowest ? entry.value_offset : lowest;
    }
    return walk.ended_well() && end + end_mark_bytes <= lowest;
}

i32 XattrStore::find(std::span<const u8> bytes, u32 first, const XattrName& name) {
    for (XattrWalk walk(bytes, first); walk.next();)
        if (walk.entry().name_index == name.index && walk.name() == name.rest)
            return static_cast<i32>(walk.offset());
    return -1;
}

u32 XattrStore::count(std::span<const u8> bytes, u32 first) {
    u32 result = 0;
    for (XattrWalk walk(bytes, first); walk.next();)
        ++result;
    return result;
}

std::span<const u8> XattrStore::value(std::span<const u8> bytes, u32, u32 entry) {
    const auto& found = *reinterpret_cast<const XattrEntry*>(bytes.data() + entry);
    if (found.value_size == 0)
        return {};
    return bytes.subspan(found.value_offset, found.value_size);
}

void XattrStore::remove(std::span<u8> bytes, u32 first, const XattrName& name) {
    const i32 at = find(bytes, first, name);
    if (at < 0)
        return;
    const u32 offset = static_cast<u32>(at);
    const Extents extents = extents_of(bytes, first);
    const XattrEntry old = *entry_at(bytes, offset);
    if (old.value_size != 0) {
        // The values below the hole move up into it.
        const u32 size = padded(old.value_size);
        __builtin_memmove(bytes.data() + extents.values + size, bytes.data() + extents.values,
                          old.value_offset - extents.values);
        __builtin_memset(bytes.data() + extents.values, 0, size);
        for (u32 i = first; i < extents.entries;) {
            XattrEntry* entry = entry_at(bytes, i);
            if (entry->value_size != 0 && entry->value_offset < old.value_offset)
                entry->value_offset = static_cast<u16>(entry->value_offset + size);
            i += entry_bytes(entry->name_length);
        }
    }
    const u32 gone = entry_bytes(old.name_length);
    __builtin_memmove(bytes.data() + offset, bytes.data() + offset + gone,
                      extents.entries - offset - gone);
    __builtin_memset(bytes.data() + extents.entries - gone, 0, gone);
}

bool XattrStore::insert(std::span<u8> bytes, u32 first, const XattrName& name,
                        std::span<const u8> value) {
    const Extents extents = extents_of(bytes, first);
    const u32 size = padded(static_cast<u32>(value.size()));
    const u32 gap = entry_bytes(name.rest.size());
    if (u64{extents.entries} + gap + end_mark_bytes + size > extents.values)
        return false;
    u32 at = first;
    for (XattrWalk walk(bytes, first); walk.next(); at = walk.following())
        if (!before(walk.entry(), walk.name(), name)) {
            at = walk.offset();
            break;
        }
    __builtin_memmove(bytes.data() + at + gap, bytes.data() + at, extents.entries - at);
    __builtin_memset(bytes.data() + at, 0, gap);
    const u32 value_at = extents.values - size;
    if (size != 0) {
        __builtin_memset(bytes.data() + value_at, 0, size);
        __builtin_memcpy(bytes.data() + value_at, value.data(), value.size());
    }
    *entry_at(bytes, at) = {
        static_cast<u8>(name.rest.size()),     name.index,
        static_cast<u16>(size ? value_at : 0), 0,
        static_cast<u32>(value.size()),        hash_of(name, bytes.subspan(value_at, size))};
    __builtin_memcpy(bytes.data() + at + sizeof(XattrEntry), name.rest.data(), name.rest.size());
    return true;
}

void XattrStore::hash_block(std::span<u8> bytes) {
    u32 hash = 0;
    for (XattrWalk walk(bytes, sizeof(XattrHeader)); walk.next();) {
        if (walk.entry().hash == 0) {
            hash = 0;
            break;
        }
        hash = std::rotl(hash, 16) ^ walk.entry().hash;
    }
    reinterpret_cast<XattrHeader*>(bytes.data())->hash = hash;
}

} // namespace ext4

// SPDX-License-Identifier: BSD-2-Clause
// One store of extended attributes: entries from `first` on, ended by four zero bytes; values from
// the end of the bytes downwards. Value offsets count from the beginning of the bytes. Pure
// functions on bytes; all but is_sound need a sound store.
#pragma once

#include <span>
#include <string_view>

#include "components/fs/ext4/format.h"

namespace ext4 {

struct XattrName {
    u8 index = 0;
    std::string_view rest;
};

class XattrWalk {
public:
    XattrWalk(std::span<const u8> bytes, u32 first) : bytes_(bytes), following_(first) {}
    // False at the end mark and where no whole entry fits.
    bool next();
    u32 offset() const { return offset_; }
    u32 following() const { return following_; }
    const XattrEntry& entry() const { return *entry_; }
    std::string_view name() const {
        return {reinterpret_cast<const char*>(entry_ + 1), entry_->name_length};
    }
    bool ended_well() const { return ended_well_; }

private:
    std::span<const u8> bytes_;
    u32 offset_ = 0;
    u32 following_;
    const XattrEntry* entry_ = nullptr;
    bool ended_well_ = false;
};

struct XattrStore {
    static bool is_sound(std::span<const u8> bytes, u32 first);
    // Offset of the entry, or -1.
    static i32 find(std::span<const u8> bytes, u32 first, const XattrName& name);
    static u32 count(std::span<const u8> bytes, u32 first);
    static std::span<const u8> value(std::span<const u8> bytes, u32 first, u32 entry);
    static void remove(std::span<u8> bytes, u32 first, const XattrName& name);
    // False when there is no room. Entries stay sorted, as a block wants them.
    static bool insert(std::span<u8> bytes, u32 first, const XattrName& name,
                       std::span<const u8> value);
    // The header's hash over all entries of a block.
    static void hash_block(std::span<u8> bytes);
};

} // namespace ext4

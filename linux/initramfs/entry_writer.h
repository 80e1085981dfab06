// SPDX-License-Identifier: BSD-2-Clause
// Makes the entries of an archive below the current task's root. Process context.
#pragma once

#include <optional>

#include "base/box.h"
#include "linux/initramfs/archive.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

class EntryWriter final : public EntryConsumer {
public:
    EntryWriter() = default;
    EntryWriter(const EntryWriter&) = delete;
    EntryWriter& operator=(const EntryWriter&) = delete;
    ~EntryWriter() { end_archive(); }

    // An entry that cannot be made (its directory is not there) is said in the log and left out.
    // Errors: nomem, nospc, io, dquot.
    Result<> begin(const ArchiveEntry& entry) override;
    Result<> content(std::span<const u8> piece) override;
    Result<> end() override;
    void end_archive() override;

    u32 made() const { return made_; }

private:
    // A file with several names, under its first.
    struct Linked {
        u32 number, volume_major, volume_minor, type;
        Path path;
        Linked* next;
    };
    static constexpr usize buckets = 32;

    Result<> make(const ArchiveEntry& entry);
    Result<> open_new(const ArchiveEntry& entry, bool truncate);
    Linked* find(const ArchiveEntry& entry) const;
    Result<> remember(const ArchiveEntry& entry);

    Linked* linked_[buckets] = {};
    std::optional<Ref<OpenFile>> file_; // what content goes to
    u64 offset_ = 0;
    ArchiveEntry entry_{}; // its texts are not used
    u32 made_ = 0;
};

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// cpio archives of the "newc" kind (SVR4 without and with checksums: magic 070701, 070702), as
// Linux takes them for an initramfs (Documentation/driver-api/early-userspace/buffer-format.rst).
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace linux {

struct ArchiveEntry {
    std::string_view name; // without leading slashes; "" only for a bare "/"
    u32 mode;              // with type
    u32 user, group;
    u32 links;
    u32 number; // inode number within the archive; with links > 1 it joins names
    u32 device_major, device_minor; // of a device node
    i64 modified;                   // seconds since 1970
    std::span<const u8> content;    // file's bytes, or a link's target
};

// Reads entries one by one. The archive outlives the reader and its entries.
class ArchiveReader {
public:
    explicit ArchiveReader(std::span<const u8> archive) : rest_(archive) {}

    // The next entry; false at the trailer or where no archive goes on. Errors: badmsg (damaged).
    Result<bool> next(ArchiveEntry& entry);
    // What follows the trailer, zeros skipped: perhaps another archive.
    std::span<const u8> rest() const { return rest_; }

private:
    std::span<const u8> rest_;
};

} // namespace linux

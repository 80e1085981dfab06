// SPDX-License-Identifier: BSD-2-Clause
// cpio archives of the "newc" kind (SVR4 without and with checksums: magic 070701, 070702), as
// Linux takes them for an initramfs (Documentation/driver-api/early-userspace/buffer-format.rst).
// They come in pieces of any size, as decompressors make them.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace linux {

struct ArchiveEntry {
    std::string_view name;   // without leading slashes; "" only for the top directory
    std::string_view target; // of a symbolic link
    u32 mode;                // with type
    u32 user, group;
    u32 links;
    u32 number, volume_major, volume_minor; // within the archive; with links > 1 they join names
    u32 device_major, device_minor;         // of a device node
    i64 modified;                           // seconds since 1970
    u32 size;                               // of a file's content
};

// What the entries are given to. Errors end the reading and are its answer.
class EntryConsumer {
public:
    // An entry; for files its content follows. The texts are gone afterwards.
    virtual Result<> begin(const ArchiveEntry& entry) = 0;
    virtual Result<> content(std::span<const u8> piece) = 0;
    // The entry is whole.
    virtual Result<> end() = 0;
    // The archive is over: numbers of links begin anew.
    virtual void end_archive() = 0;

protected:
    ~EntryConsumer() = default;
};

// Some KiB large: not for the stack.
class ArchiveParser {
public:
    explicit ArchiveParser(EntryConsumer& consumer) : consumer_(consumer) {}

    // Reads on. Gives how many bytes were used: all of them, or those before something that is not
    // an archive. Errors: badmsg (damaged: see complaint()), the consumer's.
    Result<usize> parse(std::span<const u8> bytes);
    // Whether the input may end here: no entry is half read.
    bool between_entries() const { return stage_ <= Stage::padding; }
    std::string_view complaint() const { return complaint_; }

private:
    enum class Stage : u8 { start, padding, header, name, name_padding, target, content };
    static constexpr usize header_size = 110; // magic and 13 fields of 8 hexadecimal digits
    static constexpr usize longest_text = 4096;
    enum Field : u8 {
        number,
        mode,
        user,
        group,
        links,
        modified,
        size,
        volume_major,
        volume_minor,
        device_major,
        device_minor,
        name_size,
        checksum
    };

    Failure fail(std::string_view why) {
        complaint_ = why;
        return Failure(Errno::badmsg);
    }
    bool collect(std::span<const u8>& bytes, u8* into);
    bool pass(std::span<const u8>& bytes);
    void expect(Stage stage, usize count) {
        stage_ = stage;
        wanted_ = count;
        have_ = 0;
    }
    Result<bool> step(std::span<const u8>& bytes);
    Result<> take_header();
    Result<> take_name();
    Result<> take_content(std::span<const u8>& bytes);
    Result<> end_entry();

    EntryConsumer& consumer_;
    Stage stage_ = Stage::start;
    usize wanted_ = 0, have_ = 0; // bytes of this stage
    u32 fields_[13] = {};
    u32 sum_ = 0; // of the content's bytes
    bool has_sum_ = false;
    ArchiveEntry entry_{};
    std::string_view complaint_;
    u8 header_[header_size];
    u8 name_[longest_text];
    u8 target_[longest_text];
};

} // namespace linux

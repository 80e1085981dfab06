// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/journal/writer.h"

#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/mapping.h"

namespace ext4::journal {

namespace {

// LogLayout::words.
enum Word : u32 { features, checksum_seed };

bool has_checksums(const LogRecord& record) {
    return record.words[features] & incompatible::checksum_v3;
}
bool is_wide(const LogRecord& record) { return record.words[features] & incompatible::bits64; }

Header header_for(BlockType type, const LogRecord& record) {
    return {magic, static_cast<u32>(type), record.sequence};
}

// Bytes that tags or numbers may fill.
usize room_in(const LogRecord& record, std::span<const u8> block) {
    return block.size() - (has_checksums(record) ? sizeof(Tail) : 0);
}

void seal(const LogRecord& record, std::span<u8> block) {
    if (!has_checksums(record))
        return;
    const usize at = block.size() - sizeof(Tail);
    record_at<Tail>(block, at)->checksum =
        checksum_with_hole(record.words[checksum_seed], block, at);
}

// What this writer's records need: checksums where the volume has them, wide numbers likewise.
u32 wanted_features(const Volume& volume) {
    return incompatible::revoke | (volume.has_checksums() ? incompatible::checksum_v3 : 0) |
           (volume.incompatible & ext4::incompatible::bits64 ? incompatible::bits64 : 0);
}

Result<> prepare_superblock(Attempt& attempt, Log& log, u32 wanted) {
    auto* super = record_at<Superblock>(TRY(edit_log_superblock(attempt, log)), 0);
    if (super->header.type != static_cast<u32>(BlockType::superblock_v2)) {
        const auto fixed = __builtin_offsetof(Superblock, compatible);
        __builtin_memset(reinterpret_cast<u8*>(super) + fixed, 0, sizeof(*super) - fixed);
        super->header.type = static_cast<u32>(BlockType::superblock_v2);
        super->users = 1;
    }
    super->compatible = super->compatible & ~compatible::checksum;
    super->incompatible = wanted;
    super->checksum_type = wanted & incompatible::checksum_v3 ? checksum_crc32c : u8{0};
    super->start = 0;
    super->sequence = log.sequence;
    super->error = 0;
    seal_log_superblock(*super);
    log.seed = crc32c(~u32{0}, super->uuid);
    TRY(attempt.publish(0, false));
    const VolumeServices& services = attempt.services();
    if (const i32 status = services.commit(services.home))
        return Failure(static_cast<Errno>(status));
    return {};
}

} // namespace

Result<LogLayout> open_for_writing(Attempt& attempt, std::span<BlockRange> pieces) {
    Log log = TRY(open_log(attempt));
    constexpr u32 smallest = 1024; // jbd2's
    if (log.end < smallest) {
        attempt.report("ext4: cannot use the journal: it is too small");
        return Failure(Errno::inval);
    }
    if (log.start != 0)
        ++log.sequence; // what is there was not to be recovered
    LogLayout layout;
    for (u32 block = 0; block < log.end; block += log.piece.length) {
        const u64 at = TRY(block_of(attempt, log, block));
        const u64 length = log.piece.length - (block - log.piece.logical);
        if (layout.pieces == pieces.size()) {
            attempt.report("ext4: cannot use the journal: it lies in too many pieces");
            return Failure(Errno::inval);
        }
        pieces[layout.pieces++] = {at, length};
        log.piece.length = static_cast<u32>(length);
    }
    const u32 wanted = wanted_features(attempt.volume());
    TRY(prepare_superblock(attempt, log, wanted));
    layout.first = log.first;
    layout.end = log.end;
    layout.sequence = log.sequence;
    layout.words[features] = wanted;
    layout.words[checksum_seed] = log.seed;
    return layout;
}

Result<> describe(const VolumeServices& services, LogRecord& record, std::span<const u64> numbers,
                  std::span<u8> block) {
    __builtin_memset(block.data(), 0, block.size());
    *record_at<Header>(block, 0) = header_for(BlockType::descriptor, record);
    const bool sums = has_checksums(record);
    const usize size = sums ? sizeof(TagV3) : is_wide(record) ? sizeof(Tag) : sizeof(Tag) - 4;
    const usize room = room_in(record, block);
    usize at = sizeof(Header);
    u32 count = 0;
    // The first tag has room for a UUID behind it, which nobody reads.
    while (count < numbers.size() && at + size + (count == 0 ? uuid_bytes : 0) <= room) {
        component::MetadataView view;
        const u64 number = numbers[count];
        if (const i32 status = services.view(services.home, number, &view))
            return Failure(static_cast<Errno>(status));
        const std::span<const u8> bytes(view.data, block.size());
        const bool escaped = *record_at<Big32>(bytes, 0) == magic;
        u32 flags = count == 0 ? 0 : tag_flag::same_uuid;
        if (escaped) {
            flags |= tag_flag::escaped;
            record.escaped[count / 32] |= 1u << count % 32;
        }
        const usize next = at + size + (count == 0 ? uuid_bytes : 0);
        if (count + 1 == numbers.size() || next + size > room)
            flags |= tag_flag::last;
        if (sums) {
            u32 sum = crc32c_of(record.words[checksum_seed], Big32(record.sequence));
            if (escaped)
                sum = crc32c(crc32c_of(sum, u32{0}), bytes.subspan(sizeof(u32)));
            else
                sum = crc32c(sum, bytes);
            *record_at<TagV3>(block, at) = {static_cast<u32>(number), flags,
                                            static_cast<u32>(number >> 32), sum};
        } else {
            Tag tag{static_cast<u32>(number), 0, static_cast<u16>(flags),
                    static_cast<u32>(number >> 32)};
            __builtin_memcpy(block.data() + at, &tag, size);
        }
        at = next;
        ++count;
    }
    record.count = count;
    seal(record, block);
    return {};
}

Result<> revoke(LogRecord& record, std::span<const u64> numbers, std::span<u8> block) {
    __builtin_memset(block.data(), 0, block.size());
    const usize width = is_wide(record) ? sizeof(u64) : sizeof(u32);
    const usize room = (room_in(record, block) - sizeof(RevokeHeader)) / width;
    record.count = static_cast<u32>(numbers.size() < room ? numbers.size() : room);
    usize at = sizeof(RevokeHeader);
    for (const u64 number : numbers.first(record.count)) {
        if (width == sizeof(u64))
            *record_at<Big64>(block, at) = number;
        else
            *record_at<Big32>(block, at) = static_cast<u32>(number);
        at += width;
    }
    *record_at<RevokeHeader>(block, 0) = {header_for(BlockType::revoke, record),
                                          static_cast<u32>(at)};
    seal(record, block);
    return {};
}

Result<> commit(const LogRecord& record, std::span<u8> block) {
    __builtin_memset(block.data(), 0, block.size());
    constexpr i64 second = 1'000'000'000;
    auto& made = *record_at<Commit>(block, 0);
    made.header = header_for(BlockType::commit, record);
    made.seconds = static_cast<u64>(record.time / second);
    made.nanoseconds = static_cast<u32>(record.time % second);
    if (has_checksums(record))
        made.checksum[0] = checksum_with_hole(record.words[checksum_seed], block,
                                              __builtin_offsetof(Commit, checksum));
    return {};
}

Result<> mark(const LogRecord& record, std::span<u8> block) {
    auto& super = *record_at<Superblock>(block, 0);
    super.sequence = record.sequence;
    super.start = record.start;
    seal_log_superblock(super);
    return {};
}

} // namespace ext4::journal

// SPDX-License-Identifier: BSD-2-Clause
// The file-system interface: what a mounted volume's component answers (operations on inodes and
// names, block grants), and what the core gives it (VolumeServices: read-only views of metadata
// blocks, one change set per request, publish). File data never passes here: the component maps
// logical blocks to disk blocks, the core moves the bytes between page cache and block gate.
#pragma once

#include "abi/component/request.h"
#include "base/errno.h"
#include "base/types.h"

namespace component {

struct Timestamp {
    i64 seconds = 0;
    u32 nanoseconds = 0;
    u32 reserved = 0;
    constexpr bool operator==(const Timestamp&) const = default;
};

// What stat shows, and what a new or changed inode is given.
struct FileAttributes {
    u64 inode = 0;
    u64 size = 0;
    u64 sectors = 0; // of 512 bytes
    u32 mode = 0;    // type and permission bits, as in st_mode
    u32 links = 0;
    u32 uid = 0;
    u32 gid = 0;
    u32 flags = 0; // FS_*_FL, as in FS_IOC_GETFLAGS
    u32 generation = 0;
    u32 device_major = 0;
    u32 device_minor = 0;
    Timestamp access, modify, change, create;
    constexpr bool operator==(const FileAttributes&) const = default;
};
static_assert(sizeof(FileAttributes) == 120);

// What a file takes up.
struct FileSpace {
    u64 size = 0;
    u64 sectors = 0; // of 512 bytes
    constexpr bool operator==(const FileSpace&) const = default;
};

// Which of FileAttributes a set_attributes changes.
namespace attribute {
inline constexpr u32 mode = 1 << 0;
inline constexpr u32 uid = 1 << 1;
inline constexpr u32 gid = 1 << 2;
inline constexpr u32 size = 1 << 3; // truncates, or extends with a hole
inline constexpr u32 access = 1 << 4;
inline constexpr u32 modify = 1 << 5;
inline constexpr u32 change = 1 << 6;
inline constexpr u32 flags = 1 << 7;
// `size` only when larger than now: write-back publishes what it has put on disk.
inline constexpr u32 grow_size = 1 << 8;
} // namespace attribute

struct VolumeInfo {
    u32 block_size = 0;
    u32 max_name_length = 0;
    u64 blocks = 0; // without the file system's own overhead
    u64 free_blocks = 0;
    u64 reserved_blocks = 0; // of the free ones, for root only
    u64 inodes = 0;
    u64 free_inodes = 0;
    u64 max_file_size = 0;
    u64 root_inode = 0;
    u32 max_links = 0;
    u32 read_only = 0;
    // Blocks of the format's own that 256 blocks of delayed data may need besides, at worst.
    u32 delay_overhead = 0;
    u32 was_clean = 0; // when it was mounted
    u8 uuid[16] = {};
    u8 label[16] = {};
};

// A stretch of a file: `length` blocks from `logical`; where `kind` is mapped or unwritten they are
// on disk from `physical` on.
struct FileExtent {
    enum class Kind : u32 { hole, mapped, unwritten };
    u64 logical = 0;
    u64 physical = 0;
    u32 length = 0;
    Kind kind = Kind::hole;
};

// One entry in a readdir buffer; entries follow each other at multiples of 8. `next` is the cookie
// from which reading goes on after this entry.
struct DirectoryRecord {
    u64 inode;
    u64 next;
    u16 length; // of the whole record
    u8 type;    // DT_*
    u8 name_length;
    char name[4]; // name_length bytes and a NUL
};
inline constexpr u64 directory_end = 0x7fff'ffff'ffff'ffff;

// How to mount.
namespace mount_flag {
inline constexpr u32 read_only = 1;        // what is asked for
inline constexpr u32 read_only_device = 2; // not even recovery may write
inline constexpr u32 no_recovery = 4;      // the log is left as it is
} // namespace mount_flag

enum class RenameFlags : u32 { none = 0, no_replace = 1, exchange = 2 };

struct BlockRange {
    u64 start = 0;
    u64 count = 0;
};

// A metadata block as the core holds it. `checked` is the value last given to mark_checked since
// the block was read, 0 at first.
struct MetadataView {
    const u8* data = nullptr;
    u32 checked = 0;
    u32 reserved = 0;
};

enum class EditMode : u32 {
    existing, // the private copy begins as the present contents
    fresh,    // it begins zeroed and nothing is read: a block newly allocated
};

// A block this change set edits. `tag` is what the first edit gave, `marks` the union of what all
// gave: the component's own words, to know at the end which checksums to compute.
struct EditedBlock {
    u64 block = 0;
    u8* data = nullptr;
    u64 tag = 0;
    u64 marks = 0;
};

enum class FreedKind : u32 { data, metadata };

// What a publish reports besides the blocks themselves.
struct Publication {
    u64 result = 0; // the request's answer, kept for its replay
    i64 free_blocks_change = 0;
    i64 free_inodes_change = 0;
    u32 last = 1; // no further change set of this request follows
    u32 reserved = 0;
};

namespace volume_state {
inline constexpr u32 mounted = 1;
inline constexpr u32 read_only = 2;
inline constexpr u32 was_clean = 4;
inline constexpr u32 damaged = 8; // found broken while mounted: read-only since
constexpr u32 of(const VolumeInfo& info) {
    return mounted | (info.read_only ? read_only : 0) | (info.was_clean ? was_clean : 0);
}
} // namespace volume_state

// Calls on the core, valid within one request. Each answers 0 or an errno. A call that must wait
// for the disk lets other requests of the volume in; what they publish meanwhile shows up as a
// version conflict at publish (EAGAIN: discard, begin again). ECANCELED: the request is served by
// another handler now; this one returns at once, without touching anything.
struct VolumeServices {
    void* home;
    // What the core knows of the mounted volume, for an instance that takes over from one that
    // died: its arena is empty, the published state is all there.
    u32 block_size;
    u32 state; // volume_state::*
    // A handler's first call: what another one left that died serving this request is forgotten.
    // Answers 1 if that one has published the request's last change set: all is done, and *result
    // says what it reported.
    u32 (*begin)(void* home, u64* result);
    // Size of the blocks that all other calls count in; forgets every cached block and whatever was
    // published, so only while mounting. 1024 at first.
    i32 (*set_block_size)(void* home, u32 bytes);
    // Whole blocks on the device.
    u64 (*device_blocks)(void* home);
    // Contents of a block: this request's private copy if it edited the block, else the cached
    // block, which stays valid and unchanged to the end of the request. Errors: io, nomem, inval
    // (past the end of the device).
    i32 (*view)(void* home, u64 block, MetadataView* view);
    // The component has checked that the block is a sound one of kind `kind` (not 0).
    void (*mark_checked)(void* home, u64 block, u32 kind);
    // A private copy to write on; the same at each call. After the publish the block counts as
    // checked as (u32)tag, unless that is 0. Errors: as view; nobufs when the change set is full.
    i32 (*edit)(void* home, u64 block, EditMode mode, u64 tag, u64 marks, u8** data);
    // The `index`-th block edited so far. Errors: noent past the last.
    i32 (*edited)(void* home, u32 index, EditedBlock* block);
    // With the next publish the blocks belong to nobody: they leave the metadata cache and are
    // withheld from reuse until that transaction is committed and no lease is on them.
    i32 (*release)(void* home, BlockRange range, FreedKind kind);
    // The first stretch inside `range` that is not withheld; count 0 if there is none.
    BlockRange (*available)(void* home, BlockRange range);
    // Free blocks promised to data not yet on disk: only a grant may use them.
    u64 (*promised)(void* home);
    // All private copies become the contents at once; unless it is the request's last change set,
    // views end. Errors: again (a block read or edited has changed since; the change set is
    // discarded), rofs; busy (the running transaction has no room: answer the request with it, it
    // comes again after a commit).
    i32 (*publish)(void* home, const Publication* publication);
    // Forgets the private copies and everything released.
    void (*discard)(void* home);
    // While mounting and where there is no log: waits until everything published is home.
    i32 (*commit)(void* home);
    // A damaged structure or another fact the log should have.
    void (*report)(void* home, const char* text, usize length);
    // The volume cannot be trusted any more: `state` says so to every later request.
    void (*damaged)(void* home);
    // Wall clock, nanoseconds since 1970.
    i64 (*now)(void* home);
    u32 (*random)(void* home);
};

// Where a volume's log lies, as begin_writing answers; `pieces` BlockRanges in the text are all of
// the log's blocks, in order. No pieces: the volume has no log, changes go home directly.
struct LogLayout {
    u32 pieces = 0;
    u32 first = 0; // blocks first..end-1 of the log hold transactions, in a circle
    u32 end = 0;
    u32 sequence = 0;  // of the first transaction to come, which begins at `first`
    u32 words[4] = {}; // the component's own, handed back with each record
};

// A record of the log that the component makes: what stands in the text from log_record_text on,
// one block long. Numbers of blocks (u64) that go into it stand at the beginning of the text, at
// most log_record_blocks; of copies, which the handler reads, at most log_record_copies.
struct LogRecord {
    u32 sequence = 0; // of the transaction; log_superblock: of the oldest in the log
    u32 start = 0;    // log_superblock: where that begins, 0: nothing is to be recovered
    u32 count = 0;    // in: numbers in the text; out: how many went into the record
    u32 words[4] = {};
    u32 reserved = 0;
    i64 time = 0;        // nanoseconds since 1970
    u32 escaped[8] = {}; // out, a bit each: blocks that begin with 4 zero bytes in the log
};
inline constexpr u64 log_record_text = 2048;
inline constexpr u32 log_record_blocks = 256;
// A move waits for the handler: 13,000 instructions to sum up a block of 4 KiB.
inline constexpr u32 log_record_copies = 32;

// What stands at the beginning of each request's buffer, which is contiguous; names, targets,
// values and directory records follow at `exchange_text`. An operation ignores what it does not
// mention.
struct FileExchange {
    FileAttributes attributes;
    FileSpace directory;
    FileExtent extent;
    VolumeInfo volume;
    LogLayout log;
    LogRecord record;
};
inline constexpr u64 exchange_text = 512;
static_assert(sizeof(FileExchange) <= exchange_text);

struct FileSystemProperties {
    u32 max_volumes = 1;
    u32 reserved = 0;
};

// One volume's operations. "in" and "out" name parts of the exchange. A request answered with
// inprogress was done in part, for a handler is not to run on for long: it has published something
// and is made again. Inode numbers of 0 are never valid. Names are 1 to 255 bytes; the first begins
// the text, the second follows it.
struct FileSystem {
    static constexpr InterfaceId id = InterfaceId::file_system;
    static constexpr std::string_view name = "file_system";
    using Properties = FileSystemProperties;

    enum class Operation : u16 {
        mount,            // flags: mount_flag::*. Out: volume
        unmount,          // the volume is marked unused, and is read-only; commit follows
        sync,             // publishes the counts; commit follows
        statistics,       // out: volume
        lookup,           // inode: directory; text: name. Out: attributes
        parent,           // inode: directory. Value: its parent
        get_attributes,   // out: attributes
        set_attributes,   // flags: attribute::*; in: attributes. Out: attributes
        read_directory,   // other: cookie. Text: records; value: their bytes, 0 at the end
        read_link,        // text: the target; value: its length
        create,           // inode: directory; text: name, target of a symlink; in: attributes (mode
                          // with type, owner, device). Out: attributes, directory
        create_temporary, // the same without name. Out: attributes
        link,             // inode: directory; other: the inode; text: name. Out: attributes,
                          // directory
        unlink,           // inode: directory; text: name. Value: the inode
        remove_directory, // the same
        rename,           // inode, other: directories; text: both names; flags: RenameFlags. Value:
                          // the inode replaced, or 0. Out: directory (`other`)
        evict,            // the inode is unused: freed if it has no name
        map,              // other: logical block. Out: extent from there
        grant,            // other: logical block; flags: number of blocks; in: attributes.size, the
                          // file's size when the data is there. Out: extent
        mark_written,     // other: logical block; flags: number of blocks
        preallocate,      // in: extent.logical, extent.physical (end), attributes.size (or 0)
        punch,            // in: extent.logical, extent.physical (end)
        get_xattr,        // text: name; out: text, the value behind the name; value: its length
        list_xattr,       // text: names; value: their bytes
        set_xattr,        // text: name, value; flags: 0, 1 create, 2 replace. Out: attributes
        remove_xattr,     // text: name. Out: attributes
        // After a mount, or to write again what was read-only: the log is opened, the volume marked
        // as in use. Out: log, text.
        begin_writing,
        finish_orphans, // what lost its last name before the machine stopped is freed
        // Records of the log. In and out: record, text. They are asked for by commits: they change
        // nothing, wait for nothing, and allocate nothing. A view shows the block as it is in the
        // transaction that is committed.
        log_describe,   // numbers: the copies that follow in the log
        log_revoke,     // numbers: blocks no older copy of which may be recovered
        log_commit,     // all that came before counts from now on
        log_superblock, // in, out: the log's own superblock
    };

    struct Arguments {
        u64 inode = 0;
        u64 other = 0;
        u32 flags = 0;
        u16 first_length = 0;
        u16 second_length = 0;
    };

    static constexpr OperationFlags look =
        OperationFlags::idempotent | OperationFlags::reads_buffer | OperationFlags::writes_buffer;
    static constexpr OperationFlags change =
        OperationFlags::published | OperationFlags::reads_buffer | OperationFlags::writes_buffer;
    static constexpr OperationFlags repeat = OperationFlags::idempotent | change;

    static constexpr std::array<OperationInfo, 32> operations = {{
        {"mount", look},
        {"unmount", repeat},
        {"sync", repeat},
        {"statistics", look},
        {"lookup", look},
        {"parent", look},
        {"get_attributes", look},
        {"set_attributes", repeat},
        {"read_directory", look},
        {"read_link", look},
        {"create", change},
        {"create_temporary", change},
        {"link", change},
        {"unlink", change},
        {"remove_directory", change},
        {"rename", change},
        {"evict", repeat},
        {"map", look},
        {"grant", repeat},
        {"mark_written", repeat},
        {"preallocate", repeat},
        {"punch", repeat},
        {"get_xattr", look},
        {"list_xattr", look},
        {"set_xattr", change},
        {"remove_xattr", change},
        {"begin_writing", repeat},
        {"finish_orphans", repeat},
        {"log_describe", look},
        {"log_revoke", look},
        {"log_commit", look},
        {"log_superblock", look},
    }};

    consteval static void shape(Fingerprint& print) {
        print.add(sizeof(Arguments)).add(sizeof(FileExchange)).add(sizeof(VolumeServices));
        print.add(sizeof(DirectoryRecord));
    }
};
static_assert(RequestPayload<FileSystem::Arguments>);

} // namespace component

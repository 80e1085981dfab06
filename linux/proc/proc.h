// SPDX-License-Identifier: BSD-2-Clause
// procfs and sysfs: trees of tables. A ProcEntry describes a file, link or directory; an inode is
// made of an entry and the process it is about when somebody looks. Content is made at each reading
// from the start.
#pragma once

#include "base/format.h"
#include "linux/process/process_table.h"
#include "linux/vfs/path.h"
#include "linux/vfs/super_block.h"

namespace linux {

class OpenFile;
class ProcInode;

// What an entry is about: the system (pid 0), a process, or one of its tasks. Names a process by
// number and birth, so that an old entry never shows a new process and keeps none alive.
struct ProcSubject {
    Pid pid = 0;
    Pid tid = 0; // 0: the process as a whole
    u64 birth = 0;
    u32 index = 0; // a descriptor, in fd/ and fdinfo/

    // Null when it is gone.
    RefOrNull<Process> process() const;
    // The task itself, or any of the process. Errors: srch.
    Result<TaskRef> task() const;
};

// Text that grows; `failed()` when memory was short.
class ProcText final : public base::FormatSink {
public:
    ProcText() = default;
    ProcText(const ProcText&) = delete;
    ProcText& operator=(const ProcText&) = delete;
    ~ProcText();
    void write(std::string_view text) override;
    std::string_view view() const { return {data_, size_}; }
    bool failed() const { return failed_; }
    void clear() {
        size_ = 0;
        failed_ = false;
    }

private:
    char* data_ = nullptr;
    usize size_ = 0;
    usize capacity_ = 0;
    bool failed_ = false;
};

struct ProcEntry {
    const char* name;
    u32 mode; // with type
    // Files: what reading gives; null: may not be read. Errors pass to the reader.
    Result<> (*show)(const ProcSubject& subject, base::FormatSink& sink) = nullptr;
    // Files: takes one write whole (at most a page).
    Result<> (*store)(const ProcSubject& subject, std::string_view text) = nullptr;
    // Links: what they say, and where they lead if that is more than their text.
    Result<> (*target)(const ProcSubject& subject, base::FormatSink& sink) = nullptr;
    Result<Path> (*follow)(const ProcSubject& subject) = nullptr;
    // Directories: entries that are always there, in two tables, each up to one without name.
    const ProcEntry* children = nullptr;
    const ProcEntry* more_children = nullptr;
    // Directories: entries that come and go. `find` gives null for no such name; `list` gets
    // positions from first_dynamic_position on.
    Result<RefOrNull<Inode>> (*find)(ProcInode& directory, std::string_view name) = nullptr;
    Result<> (*list)(ProcInode& directory, u64 position, DirectorySink& sink) = nullptr;
    // Whether a cached entry of this kind still is right.
    bool (*is_current)(const ProcSubject& subject) = nullptr;
    // Files that are more than text.
    Result<Ref<OpenFile>> (*open)(const Path& path, const ProcInode& inode, u32 flags) = nullptr;
    // Only for those who may trace the process (and root).
    bool needs_trace_right = false;
    // Counts changes that poll reports; with the queue that tells of them.
    u64 (*changes)() = nullptr;
    core::WaitQueue& (*change_queue)() = nullptr;
};

inline constexpr u64 first_dynamic_position = 256;

// Errors: acces, when the current task may not look into that process.
Result<> check_trace_right(const ProcSubject& subject);

class ProcSuperBlock final : public SuperBlock {
public:
    ProcSuperBlock(const FileSystemType& type, u64 magic_number);
    Result<> statistics(FileSystemStatistics& statistics) override;
    u64 next_number() { return next_number_.fetch_add(1, std::memory_order_relaxed); }
    // Options are accepted and do nothing here (hidepid=0, gid=). Errors: inval.
    Result<> remount(const MountRequest& request) override;

private:
    std::atomic<u64> next_number_{0x1'0000};
};

class ProcInode final : public Inode {
public:
    static Result<Ref<Inode>> create_inode(SuperBlock& super_block, const ProcEntry& entry,
                                           const ProcSubject& subject);
    const ProcEntry& entry() const { return entry_; }
    const ProcSubject& subject() const { return subject_; }
    ProcSuperBlock& proc() const { return static_cast<ProcSuperBlock&>(super_block()); }

    Result<RefOrNull<Inode>> lookup(Dentry& entry) override;
    bool revalidate(Dentry& entry) override;
    Result<> read_directory(u64 position, DirectorySink& sink) override;
    Result<> read_link(LinkTarget& target) override;
    Result<Path> follow_magic_link() override;
    Result<> set_attributes(const AttributeChange& change) override;
    Result<Ref<OpenFile>> open(const Path& path, u32 flags) override;

private:
    ProcInode(ProcSuperBlock& super_block, u64 number, const ProcEntry& entry,
              const ProcSubject& subject);
    void take_owner();

    const ProcEntry& entry_;
    const ProcSubject subject_;
};

// Parses a decimal number with white space around it, as sysctl files take. Errors: inval.
Result<i64> parse_integer(std::string_view text);
Result<u64> parse_unsigned(std::string_view text);
std::string_view trim(std::string_view text);

// Registers proc and sysfs and makes their super blocks. Start-up only. Errors: nomem.
Result<> start_procfs();

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/proc/proc.h"

#include "linux/proc/proc_file.h"
#include "linux/vfs/dentry.h"
#include "linux/vfs/directory_file.h"

namespace linux {

RefOrNull<Process> ProcSubject::process() const {
    RefOrNull<Process> found = ProcessTable::find(pid);
    if (found && found->start_time.value != birth)
        return nullptr;
    return found;
}

Result<TaskRef> ProcSubject::task() const {
    const RefOrNull<Process> owner = process();
    if (!owner)
        return Failure(Errno::srch);
    TaskRef found = tid ? ProcessTable::find_task(tid) : ProcessTable::any_task(*owner);
    if (!found || found->process.get() != owner.get())
        return Failure(Errno::srch);
    return found;
}

ProcText::~ProcText() { ::operator delete(static_cast<void*>(data_)); }

void ProcText::write(std::string_view text) {
    if (capacity_ - size_ < text.size()) {
        usize wanted = capacity_ ? capacity_ * 2 : 512;
        while (wanted - size_ < text.size())
            wanted *= 2;
        auto* grown = static_cast<char*>(::operator new(wanted, base::fallible));
        if (!grown) {
            failed_ = true;
            return;
        }
        if (size_ != 0)
            __builtin_memcpy(grown, data_, size_);
        ::operator delete(static_cast<void*>(data_));
        data_ = grown;
        capacity_ = wanted;
    }
    __builtin_memcpy(data_ + size_, text.data(), text.size());
    size_ += text.size();
}

Result<> check_trace_right(const ProcSubject& subject) {
    const TaskRef task = TRY(subject.task());
    if (task->process.get() == &Process::current())
        return {};
    const Credentials& own = current_credentials();
    if (own.has(Capability::sys_ptrace))
        return {};
    const Ref<const Credentials> other = credentials_of(*task);
    const bool same_user = own.file_user == other->real_user &&
                           own.file_user == other->effective_user &&
                           own.file_user == other->saved_user;
    const bool same_group = own.file_group == other->real_group &&
                            own.file_group == other->effective_group &&
                            own.file_group == other->saved_group;
    const RefOrNull<ProgramImage> image = image_of(*task->process);
    const bool dumpable = image && image->dumpable.load(std::memory_order_relaxed) == 1;
    return same_user && same_group && dumpable ? Result<>() : Failure(Errno::acces);
}

ProcSuperBlock::ProcSuperBlock(const FileSystemType& type, u64 magic_number)
    : SuperBlock(type, Caching::revalidate) {
    magic = magic_number;
    no_access_times = true;
}

Result<> ProcSuperBlock::statistics(FileSystemStatistics& statistics) {
    statistics.magic = magic;
    return {};
}

Result<> ProcSuperBlock::remount(const MountRequest&) { return {}; }

ProcInode::ProcInode(ProcSuperBlock& super_block, u64 number, const ProcEntry& entry,
                     const ProcSubject& subject)
    : Inode(super_block, number, entry.mode), entry_(entry), subject_(subject) {
    set_kind(generated);
    if (entry.follow)
        set_kind(magic_link);
    if (is_directory())
        set_links(2);
    set_all_times(file_time_now());
    take_owner();
}

Result<Ref<Inode>> ProcInode::create_inode(SuperBlock& super_block, const ProcEntry& entry,
                                           const ProcSubject& subject) {
    auto& proc = static_cast<ProcSuperBlock&>(super_block);
    auto* made = new (base::fallible) ProcInode(proc, proc.next_number(), entry, subject);
    if (!made)
        return Failure(Errno::nomem);
    return Ref<Inode>(Ref<ProcInode>::adopt(made));
}

// What is about a process belongs to its user; what an undumpable one hides, to root.
void ProcInode::take_owner() {
    if (subject_.pid == 0)
        return;
    const Result<TaskRef> task = subject_.task();
    if (!task)
        return;
    const RefOrNull<ProgramImage> image = image_of(*(*task)->process);
    const bool dumpable = image && image->dumpable.load(std::memory_order_relaxed) == 1;
    if (!dumpable && mode() != (file_mode::directory | 0555))
        return;
    const Ref<const Credentials> credentials = credentials_of(**task);
    set_owner(credentials->effective_user, credentials->effective_group);
}

Result<RefOrNull<Inode>> ProcInode::lookup(Dentry& dentry) {
    const std::string_view name = dentry.name();
    for (const ProcEntry* table : {entry_.children, entry_.more_children})
        for (const ProcEntry* child = table; child && child->name; ++child)
            if (name == child->name)
                return RefOrNull<Inode>(TRY(create_inode(super_block(), *child, subject_)));
    if (entry_.find)
        return entry_.find(*this, name);
    return RefOrNull<Inode>();
}

bool ProcInode::revalidate(Dentry& dentry) {
    const auto* child = static_cast<const ProcInode*>(dentry.inode());
    if (!child)
        return false;
    return !child->entry_.is_current || child->entry_.is_current(child->subject_);
}

Result<> ProcInode::read_directory(u64 position, DirectorySink& sink) {
    u64 place = 2;
    for (const ProcEntry* table : {entry_.children, entry_.more_children})
        for (const ProcEntry* child = table; child && child->name; ++child, ++place) {
            // Numbers of entries nobody looked at are made from their place.
            const u64 made_up = 0xf000'0000 + (number() << 8) + place;
            if (place >= position && !sink.add(child->name, made_up, child->mode, place + 1))
                return {};
        }
    if (!entry_.list)
        return {};
    return entry_.list(*this, position < first_dynamic_position ? first_dynamic_position : position,
                       sink);
}

Result<> ProcInode::read_link(LinkTarget& target) {
    if (!entry_.target)
        return Failure(Errno::inval);
    if (entry_.needs_trace_right)
        TRY(check_trace_right(subject_));
    base::BufferSink sink(target.buffer);
    TRY(entry_.target(subject_, sink));
    target.length = sink.text().size();
    return {};
}

Result<Path> ProcInode::follow_magic_link() {
    if (entry_.needs_trace_right)
        TRY(check_trace_right(subject_));
    return entry_.follow(subject_);
}

Result<> ProcInode::set_attributes(const AttributeChange& change) {
    constexpr u32 changeable =
        attribute::access_time | attribute::modify_time | attribute::change_time;
    if (subject_.pid != 0 && (change.fields & attribute::mode))
        return Failure(Errno::perm);
    if (change.fields & ~(changeable | attribute::mode | attribute::user | attribute::group))
        return Failure(Errno::perm);
    return Inode::set_attributes(change);
}

Result<Ref<OpenFile>> ProcInode::open(const Path& path, u32 flags) {
    if (entry_.needs_trace_right && !is_directory())
        TRY(check_trace_right(subject_));
    if (entry_.open)
        return entry_.open(path, *this, flags);
    if (is_regular())
        return ProcFile::create(path, *this, flags);
    return Inode::open(path, flags);
}

std::string_view trim(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\0'; };
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

Result<i64> parse_integer(std::string_view text) {
    text = trim(text);
    const bool negative = !text.empty() && text.front() == '-';
    if (negative || (!text.empty() && text.front() == '+'))
        text.remove_prefix(1);
    if (text.empty() || text.size() > 18)
        return Failure(Errno::inval);
    i64 value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return Failure(Errno::inval);
        value = value * 10 + (c - '0');
    }
    return negative ? -value : value;
}

Result<u64> parse_unsigned(std::string_view text) {
    text = trim(text);
    if (text.empty())
        return Failure(Errno::inval);
    u64 value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, static_cast<u64>(c - '0'), &value))
            return Failure(Errno::inval);
    }
    return value;
}

} // namespace linux

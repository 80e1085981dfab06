// SPDX-License-Identifier: BSD-2-Clause
// /proc/PID/fd and fdinfo.
#include "linux/proc/tables.h"
#include "linux/tmpfs/tmpfs.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/open_file.h"

namespace linux {

namespace {

// The open file behind a descriptor of another process. Errors: noent, srch.
Result<Ref<OpenFile>> file_of(const ProcSubject& subject, u32 fd) {
    const TaskRef task = TRY(subject.task());
    const RefOrNull<core::HandleTable> files = files_of(*task);
    if (!files)
        return Failure(Errno::noent);
    RefOrNull<core::Object> object = files->share(fd);
    if (!object || object->kind() != core::ObjectKind::open_file)
        return Failure(Errno::noent);
    return Ref<OpenFile>::adopt(static_cast<OpenFile*>(object.release()));
}

Result<> link_target(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<OpenFile> file = TRY(file_of(subject, subject.index));
    const Path* path = file->path();
    if (!path) {
        file->describe(sink);
        return {};
    }
    void* memory = ::operator new(page_size, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    const Result<std::string_view> name = name_of_path(
        *path, root_of_reader(), {static_cast<char*>(memory), page_size}, {true, false});
    if (name)
        sink.write(*name);
    ::operator delete(memory);
    return name ? Result<>() : Failure(name.error());
}

Result<Path> follow(const ProcSubject& subject) {
    const Ref<OpenFile> file = TRY(file_of(subject, subject.index));
    if (const Path* path = file->path())
        return *path;
    return path_of_nameless(*file);
}

bool is_current(const ProcSubject& subject) { return file_of(subject, subject.index).has_value(); }

Result<> show_details(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<OpenFile> file = TRY(file_of(subject, subject.index));
    const TaskRef task = TRY(subject.task());
    u32 flags = file->flags();
    if (const RefOrNull<core::HandleTable> files = files_of(*task))
        if (const Result<bool> close_on_exec = files->close_on_exec(subject.index))
            flags |= *close_on_exec ? open_flag::close_on_exec : 0;
    const Path* path = file->path();
    base::format(sink, "pos:\t{}\nflags:\t0{:o}\nmnt_id:\t{}\nino:\t{}\n", file->position, flags,
                 path ? path->mount().id() : 0, file->inode().number());
    file->describe_details(sink);
    return {};
}

// The link's permission bits say what the file is open for.
constexpr ProcEntry link_entry(u32 rights) {
    return {.name = "",
            .mode = file_mode::symlink | rights,
            .target = link_target,
            .follow = follow,
            .is_current = is_current,
            .needs_trace_right = true};
}
constexpr ProcEntry link_entries[4] = {link_entry(0100), link_entry(0500), link_entry(0300),
                                       link_entry(0700)};
constexpr ProcEntry details_entry{.name = "",
                                  .mode = file_mode::regular | 0400,
                                  .show = show_details,
                                  .is_current = is_current,
                                  .needs_trace_right = true};

Result<u32> descriptor_number(std::string_view name) {
    if (name.empty() || name.size() > 9 || (name.front() == '0' && name.size() > 1))
        return Failure(Errno::noent);
    u32 value = 0;
    for (const char c : name) {
        if (c < '0' || c > '9')
            return Failure(Errno::noent);
        value = value * 10 + static_cast<u32>(c - '0');
    }
    return value;
}

struct Found {
    ProcSubject subject;
    Ref<OpenFile> file;
};

Result<Found> find(ProcInode& directory, std::string_view name) {
    TRY(check_trace_right(directory.subject()));
    ProcSubject subject = directory.subject();
    subject.index = TRY(descriptor_number(name));
    return Found{subject, TRY(file_of(subject, subject.index))};
}

Result<RefOrNull<Inode>> make(ProcInode& directory, const ProcEntry& entry,
                              const ProcSubject& subject) {
    return RefOrNull<Inode>(TRY(ProcInode::create_inode(directory.super_block(), entry, subject)));
}

} // namespace

Result<RefOrNull<Inode>> find_descriptor(ProcInode& directory, std::string_view name) {
    const Result<Found> found = find(directory, name);
    if (!found)
        return found.error() == Errno::noent ? Result<RefOrNull<Inode>>(RefOrNull<Inode>())
                                             : Failure(found.error());
    const u32 rights =
        (found->file->is_readable() ? 1u : 0u) | (found->file->is_writable() ? 2u : 0u);
    return make(directory, link_entries[rights], found->subject);
}

Result<RefOrNull<Inode>> find_descriptor_details(ProcInode& directory, std::string_view name) {
    const Result<Found> found = find(directory, name);
    if (!found)
        return found.error() == Errno::noent ? Result<RefOrNull<Inode>>(RefOrNull<Inode>())
                                             : Failure(found.error());
    return make(directory, details_entry, found->subject);
}

Result<> list_descriptors(ProcInode& directory, u64 position, DirectorySink& sink) {
    TRY(check_trace_right(directory.subject()));
    const TaskRef task = TRY(directory.subject().task());
    const RefOrNull<core::HandleTable> files = files_of(*task);
    if (!files)
        return {};
    u32 from = static_cast<u32>(position - first_dynamic_position);
    while (const Result<u32> fd = files->next_used(from)) {
        const base::Text<16> name("{}", *fd);
        if (!sink.add(name.view(), 0x9000'0000 + *fd, file_mode::symlink,
                      first_dynamic_position + *fd + 1))
            break;
        from = *fd + 1;
    }
    return {};
}

} // namespace linux

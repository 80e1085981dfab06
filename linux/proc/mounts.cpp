// SPDX-License-Identifier: BSD-2-Clause
// /proc/PID/mounts, mountinfo and mountstats (proc(5)).
#include "linux/proc/tables.h"
#include "linux/process/file_context.h"
#include "linux/vfs/mount.h"

namespace linux {

namespace {

// Names with blanks and backslashes as octal, so that lines can be split.
void write_escaped(base::FormatSink& sink, std::string_view text) {
    for (const char c : text) {
        if (c == ' ' || c == '\t' || c == '\n' || c == '\\' || c == '#')
            base::format(sink, "\\{:03o}", static_cast<u8>(c));
        else
            sink.write({&c, 1});
    }
}

void write_mount_flags(base::FormatSink& sink, const Mount& mount, bool read_only) {
    struct Name {
        u32 flag;
        const char* text;
    };
    static constexpr Name names[] = {{mount_flag::no_suid, ",nosuid"},
                                     {mount_flag::no_devices, ",nodev"},
                                     {mount_flag::no_execute, ",noexec"},
                                     {mount_flag::no_access_time, ",noatime"},
                                     {mount_flag::no_directory_access_time, ",nodiratime"},
                                     {mount_flag::relative_access_time, ",relatime"},
                                     {mount_flag::no_symlinks, ",nosymfollow"}};
    sink.write(read_only ? "ro" : "rw");
    for (const Name& name : names)
        if (mount.flags() & name.flag)
            sink.write(name.text);
}

void write_super_flags(base::FormatSink& sink, u32 flags) {
    if (flags & mount_flag::synchronous)
        sink.write(",sync");
    if (flags & mount_flag::directory_sync)
        sink.write(",dirsync");
    if (flags & mount_flag::mandatory_locks)
        sink.write(",mand");
    if (flags & mount_flag::lazy_time)
        sink.write(",lazytime");
}

struct Writer {
    base::FormatSink& sink;
    Path root; // of the process the list is for
    void (*line)(Writer& writer, Mount& mount, std::string_view place);
    char* buffer;

    std::string_view source_of(const Mount& mount) const {
        return mount.source[0] ? std::string_view(mount.source) : std::string_view("none");
    }
};

// Mounts outside the process's root are left out.
bool visit(Mount& mount, void* argument) {
    auto& writer = *static_cast<Writer*>(argument);
    const Path path = Path::share(mount, mount.root());
    if (!is_reachable(path, writer.root))
        return true;
    const Result<std::string_view> place =
        name_of_path(path, writer.root, {writer.buffer, page_size}, {false, false});
    if (place)
        writer.line(writer, mount, *place);
    return true;
}

Result<> write_all(const ProcSubject& subject, base::FormatSink& sink,
                   void (*line)(Writer&, Mount&, std::string_view)) {
    const TaskRef task = TRY(subject.task());
    const RefOrNull<FileContext> context = file_context_of(*task);
    if (!context)
        return Failure(Errno::inval);
    void* memory = ::operator new(2 * page_size, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    {
        Writer writer{sink, context->root(), line, static_cast<char*>(memory)};
        MountTable::for_each(visit, &writer);
    }
    ::operator delete(memory);
    return {};
}

void mounts_line(Writer& writer, Mount& mount, std::string_view place) {
    base::FormatSink& sink = writer.sink;
    const SuperBlock& super_block = mount.super_block();
    write_escaped(sink, writer.source_of(mount));
    sink.write(" ");
    write_escaped(sink, place);
    base::format(sink, " {} ", super_block.type().name());
    write_mount_flags(sink, mount, mount.is_read_only());
    write_super_flags(sink, super_block.flags());
    super_block.describe_options(sink);
    sink.write(" 0 0\n");
}

// The name of the mount's root inside its own file system.
void write_root_inside(base::FormatSink& sink, Mount& mount, char* buffer) {
    usize start = page_size;
    {
        core::EpochGuard guard;
        for (const Dentry* at = &mount.root(); !at->is_root(); at = at->parent()) {
            const std::string_view name = at->name();
            if (name.size() + 1 > start)
                break;
            start -= name.size();
            __builtin_memcpy(buffer + start, name.data(), name.size());
            buffer[--start] = '/';
        }
    }
    write_escaped(sink, start == page_size ? std::string_view("/")
                                           : std::string_view(buffer + start, page_size - start));
}

void mount_info_line(Writer& writer, Mount& mount, std::string_view place) {
    base::FormatSink& sink = writer.sink;
    const SuperBlock& super_block = mount.super_block();
    const DeviceNumber device = super_block.device();
    base::format(sink, "{} {} {}:{} ", mount.id(), mount.parent()->id(), device.major,
                 device.minor);
    // `place` lies in the same buffer: a second half of it serves here.
    write_root_inside(sink, mount, writer.buffer + page_size);
    sink.write(" ");
    write_escaped(sink, place);
    sink.write(" ");
    write_mount_flags(sink, mount, (mount.flags() & mount_flag::read_only) != 0);
    if (mount.propagation == Propagation::shared)
        base::format(sink, " shared:{}", mount.peer_group);
    if (mount.propagation == Propagation::unbindable)
        sink.write(" unbindable");
    base::format(sink, " - {} ", super_block.type().name());
    write_escaped(sink, writer.source_of(mount));
    sink.write(super_block.is_read_only() ? " ro" : " rw");
    write_super_flags(sink, super_block.flags());
    super_block.describe_options(sink);
    sink.write("\n");
}

void statistics_line(Writer& writer, Mount& mount, std::string_view place) {
    writer.sink.write("device ");
    write_escaped(writer.sink, writer.source_of(mount));
    writer.sink.write(" mounted on ");
    write_escaped(writer.sink, place);
    base::format(writer.sink, " with fstype {}\n", mount.super_block().type().name());
}

} // namespace

Result<> show_mounts(const ProcSubject& subject, base::FormatSink& sink) {
    return write_all(subject, sink, mounts_line);
}
Result<> show_mount_info(const ProcSubject& subject, base::FormatSink& sink) {
    return write_all(subject, sink, mount_info_line);
}
Result<> show_mount_statistics(const ProcSubject& subject, base::FormatSink& sink) {
    return write_all(subject, sink, statistics_line);
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// What /proc/PID shows of a program's memory: maps, smaps, cmdline, environ, auxv, mem.
#include "linux/proc/tables.h"
#include "linux/vfs/open_file.h"

namespace linux {

namespace {

Result<Ref<ProgramImage>> image_for(const ProcSubject& subject) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    RefOrNull<ProgramImage> image = image_of(*process);
    if (!image)
        return Failure(Errno::srch);
    return image.to_ref();
}

// Counts columns, so that names line up.
class ColumnSink final : public base::FormatSink {
public:
    explicit ColumnSink(base::FormatSink& target) : target_(target) {}
    void write(std::string_view text) override {
        column_ += text.size();
        target_.write(text);
    }
    void pad_to(usize column) {
        while (column_ < column)
            write(" ");
    }

private:
    base::FormatSink& target_;
    usize column_ = 0;
};

// The path of a mapped file with newlines as \012, as maps(5) wants.
void write_file_name(base::FormatSink& sink, const OpenFile& file) {
    const Path* path = file.path();
    if (!path) {
        file.describe(sink);
        return;
    }
    void* memory = ::operator new(page_size, base::fallible);
    if (!memory)
        return;
    const Result<std::string_view> name = name_of_path(
        *path, root_of_reader(), {static_cast<char*>(memory), page_size}, {true, false});
    if (name)
        for (const char c : *name)
            sink.write(c == '\n' ? std::string_view("\\012") : std::string_view(&c, 1));
    ::operator delete(memory);
}

struct MapsWriter {
    base::FormatSink& sink;
    const ProgramImage& image;
};

void write_mapping(base::FormatSink& out, const core::Mapping& m, const ProgramImage& image) {
    using core::Protection;
    ColumnSink sink(out);
    const auto letter = [&m](Protection right, char c) {
        return includes(m.protection, right) ? c : '-';
    };
    const core::Object* owner = m.owner.get();
    const OpenFile* file = owner && owner->kind() == core::ObjectKind::open_file
                               ? static_cast<const OpenFile*>(owner)
                               : nullptr;
    const u64 offset = file ? m.object_page << page_shift : 0;
    base::format(sink, "{:08x}-{:08x} {}{}{}{} {:08x} ", m.start, m.end,
                 letter(Protection::read, 'r'), letter(Protection::write, 'w'),
                 letter(Protection::execute, 'x'), m.shared ? 's' : 'p', offset);
    if (file) {
        const DeviceNumber device = file->inode().super_block().device();
        base::format(sink, "{:02x}:{:02x} {} ", device.major, device.minor, file->shown_number());
    } else {
        sink.write("00:00 0 ");
    }
    constexpr usize name_column = 73;
    if (file) {
        sink.pad_to(name_column);
        write_file_name(sink, *file);
    } else if (m.label) {
        sink.pad_to(name_column);
        sink.write(m.label);
    } else if (m.object && m.shared) {
        sink.pad_to(name_column);
        sink.write("/dev/zero (deleted)");
    } else if (m.start <= image.heap_start && m.end >= image.heap_end &&
               image.heap_end > image.heap_start) {
        sink.pad_to(name_column);
        sink.write("[heap]");
    }
    sink.write("\n");
}

bool write_map_line(const core::Mapping& mapping, void* argument) {
    const auto& writer = *static_cast<MapsWriter*>(argument);
    write_mapping(writer.sink, mapping, writer.image);
    return true;
}

} // namespace

Result<> show_maps(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    const RefOrNull<ProgramImage> image = process ? image_of(*process) : RefOrNull<ProgramImage>();
    if (!image)
        return {}; // a zombie has none, which is no error
    MapsWriter writer{sink, *image};
    image->space->for_each(UserVirt(0), write_map_line, &writer);
    return {};
}

namespace {

struct MappingCopy {
    u64 start = 0, end = 0;
    bool found = false, shared = false, locked = false, file = false, writable = false;
};

bool copy_mapping(const core::Mapping& mapping, void* argument) {
    auto& copy = *static_cast<MappingCopy*>(argument);
    copy = {mapping.start,
            mapping.end,
            true,
            mapping.shared,
            mapping.locked,
            mapping.object && !mapping.shared,
            includes(mapping.protection, core::Protection::write)};
    return false;
}

u64 resident_pages(core::AddressSpace& space, const MappingCopy& mapping) {
    u64 resident = 0;
    u8 pages[256];
    for (u64 at = mapping.start; at < mapping.end;) {
        const u64 count = (mapping.end - at) >> page_shift;
        const u64 part = count < sizeof(pages) ? count : sizeof(pages);
        if (!space.residency(UserVirt(at), {pages, part}))
            break;
        for (u64 i = 0; i < part; ++i)
            resident += pages[i] & 1;
        at += part << page_shift;
    }
    return resident;
}

struct Totals {
    u64 resident = 0, shared = 0, anonymous = 0, locked = 0;
};

void write_details(base::FormatSink& sink, u64 size, const Totals& t) {
    const auto line = [&sink](std::string_view name, u64 kib) {
        base::format(sink, "{:<16}{:8} kB\n", name, kib);
    };
    constexpr u64 kib = page_size / 1024;
    if (size != 0) {
        line("Size:", size / 1024);
        line("KernelPageSize:", kib);
        line("MMUPageSize:", kib);
    }
    line("Rss:", t.resident * kib);
    line("Pss:", t.resident * kib);
    line("Pss_Dirty:", t.anonymous * kib);
    line("Shared_Clean:", 0);
    line("Shared_Dirty:", t.shared * kib);
    line("Private_Clean:", (t.resident - t.shared - t.anonymous) * kib);
    line("Private_Dirty:", t.anonymous * kib);
    line("Referenced:", t.resident * kib);
    line("Anonymous:", t.anonymous * kib);
    for (const char* name : {"LazyFree:", "AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:",
                             "Shared_Hugetlb:", "Private_Hugetlb:", "Swap:", "SwapPss:"})
        line(name, 0);
    line("Locked:", t.locked * kib);
}

// Calls `visit(mapping)` for each mapping, without the space's lock.
template <typename Visit>
void for_each_copied(core::AddressSpace& space, Visit visit) {
    u64 from = 0;
    while (true) {
        MappingCopy copy;
        space.for_each(UserVirt(from), copy_mapping, &copy);
        if (!copy.found || copy.end <= from)
            return;
        visit(copy);
        from = copy.end;
    }
}

Totals totals_of(core::AddressSpace& space, const MappingCopy& mapping) {
    Totals t;
    t.resident = resident_pages(space, mapping);
    t.shared = mapping.shared ? t.resident : 0;
    t.anonymous = !mapping.shared && (!mapping.file || mapping.writable) ? t.resident : 0;
    t.locked = mapping.locked ? t.resident : 0;
    return t;
}

struct OneLine {
    MapsWriter writer;
    u64 start;
};

bool write_one(const core::Mapping& mapping, void* argument) {
    const auto& one = *static_cast<OneLine*>(argument);
    if (mapping.start == one.start)
        write_mapping(one.writer.sink, mapping, one.writer.image);
    return false;
}

} // namespace

Result<> show_smaps(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    const RefOrNull<ProgramImage> image = process ? image_of(*process) : RefOrNull<ProgramImage>();
    if (!image)
        return {};
    core::AddressSpace& space = *image->space;
    for_each_copied(space, [&](const MappingCopy& mapping) {
        OneLine one{{sink, *image}, mapping.start};
        space.for_each(UserVirt(mapping.start), write_one, &one);
        write_details(sink, mapping.end - mapping.start, totals_of(space, mapping));
        sink.write("THPeligible:    0\n");
    });
    return {};
}

Result<> show_smaps_rollup(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<ProgramImage> image = TRY(image_for(subject));
    core::AddressSpace& space = *image->space;
    Totals sum;
    u64 start = 0, end = 0;
    for_each_copied(space, [&](const MappingCopy& mapping) {
        const Totals one = totals_of(space, mapping);
        sum.resident += one.resident;
        sum.shared += one.shared;
        sum.anonymous += one.anonymous;
        sum.locked += one.locked;
        start = start ? start : mapping.start;
        end = mapping.end;
    });
    base::format(sink, "{:08x}-{:08x} ---p 00000000 00:00 0                          [rollup]\n",
                 start, end);
    write_details(sink, 0, sum);
    return {};
}

// ---- strings of the program ---------------------------------------------------------------------

namespace {

// Copies start..end-1 of the program's memory into the sink; stops where it cannot be read.
void write_user_range(base::FormatSink& sink, core::AddressSpace& space, u64 start, u64 end) {
    u8 buffer[512];
    while (start < end) {
        const usize part = end - start < sizeof(buffer) ? end - start : sizeof(buffer);
        if (!space.read_memory(UserVirt(start), {buffer, part}))
            return;
        sink.write({reinterpret_cast<const char*>(buffer), part});
        start += part;
    }
}

// The same up to and with the first NUL.
void write_user_string(base::FormatSink& sink, core::AddressSpace& space, u64 start, u64 end) {
    for (u64 at = start; at < end; ++at) {
        u8 byte = 0;
        if (!space.read_memory(UserVirt(at), {&byte, 1}))
            return;
        sink.write({reinterpret_cast<const char*>(&byte), 1});
        if (byte == 0)
            return;
    }
}

} // namespace

Result<> show_command_line(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    const RefOrNull<ProgramImage> image = image_of(*process);
    if (!image || image->arguments_end <= image->arguments_start)
        return {};
    core::AddressSpace& space = *image->space;
    u8 last = 0;
    (void)space.read_memory(UserVirt(image->arguments_end - 1), {&last, 1});
    // A program that wrote a title over its arguments, perhaps into the environment.
    if (last != 0)
        write_user_string(sink, space, image->arguments_start, image->environment_end);
    else
        write_user_range(sink, space, image->arguments_start, image->arguments_end);
    return {};
}

Result<> show_environment(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    if (const RefOrNull<ProgramImage> image = image_of(*process))
        write_user_range(sink, *image->space, image->environment_start, image->environment_end);
    return {};
}

Result<> show_auxiliary(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    if (const RefOrNull<ProgramImage> image = image_of(*process))
        sink.write({reinterpret_cast<const char*>(image->auxiliary),
                    image->auxiliary_words * sizeof(image->auxiliary[0])});
    return {};
}

// ---- mem ----------------------------------------------------------------------------------------

namespace {

// /proc/PID/mem: positions are addresses.
class MemoryFile final : public OpenFile {
public:
    MemoryFile(const Path& path, Ref<ProgramImage> image, u32 flags)
        : OpenFile(flags, Positioning::seekable), path_(path), image_(std::move(image)) {}

    Result<usize> read(IoCursor& target, u64 offset, IoFlags) override {
        return transfer(target,
                        [this, &target, offset](usize done, std::span<u8> piece) -> Result<usize> {
                            TRY(image_->space->read_memory(UserVirt(offset + done), piece));
                            return target.copy_to(piece.data(), piece.size());
                        });
    }
    Result<usize> write(IoCursor& source, u64& offset, IoFlags) override {
        return transfer(
            source, [this, &source, offset](usize done, std::span<u8> piece) -> Result<usize> {
                const usize got = TRY(source.copy_from(piece.data(), piece.size()));
                TRY(image_->space->write_memory(UserVirt(offset + done), piece.first(got), true));
                return got;
            });
    }
    Result<u64> seek(i64 offset, u32 whence) override {
        if (whence == 0)
            return static_cast<u64>(offset);
        if (whence == 1)
            return position + static_cast<u64>(offset);
        return Failure(Errno::inval);
    }
    Inode& inode() const override { return path_.inode(); }
    const Path* path() const override { return &path_; }

private:
    template <typename Move>
    static Result<usize> transfer(IoCursor& cursor, Move move) {
        u8 buffer[512];
        usize done = 0;
        while (!cursor.empty()) {
            const usize part = cursor.left() < sizeof(buffer) ? cursor.left() : sizeof(buffer);
            const Result<usize> moved = move(done, {buffer, part});
            if (!moved)
                return done ? Result<usize>(done) : Failure(Errno::io);
            done += *moved;
            if (*moved < part)
                break;
        }
        return done;
    }

    Path path_;
    Ref<ProgramImage> image_;
};

} // namespace

Result<Ref<OpenFile>> open_memory(const Path& path, const ProcInode& inode, u32 flags) {
    Ref<ProgramImage> image = TRY(image_for(inode.subject()));
    return Ref<OpenFile>(TRY(Ref<MemoryFile>::create(path, std::move(image), flags)));
}

} // namespace linux

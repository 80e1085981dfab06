// SPDX-License-Identifier: BSD-2-Clause
#include "linux/exec/elf_file.h"

#include <algorithm>
#include <bit>

#include "base/bits.h"
#include "base/memory_functions.h"

namespace linux {

namespace {

constexpr u64 path_maximum = 4096;
constexpr u16 most_segments = 65536 / sizeof(elf::Segment);
constexpr u64 largest_alignment = u64{1} << 30;

core::Protection protection_of(const elf::Segment& segment) {
    auto protection = core::Protection::none;
    if (segment.flags & elf::flag_read)
        protection = protection | core::Protection::read;
    if (segment.flags & elf::flag_write)
        protection = protection | core::Protection::write;
    if (segment.flags & elf::flag_execute)
        protection = protection | core::Protection::execute;
    return protection;
}

bool fits_user_memory(u64 address, u64 size) {
    return size <= core::user_end && address <= core::user_end - size;
}

} // namespace

Result<> read_exactly(OpenFile& file, u64 offset, void* target, usize size) {
    IoCursor cursor(std::span<u8>(static_cast<u8*>(target), size));
    while (!cursor.empty()) {
        const usize got = TRY(file.read(cursor, offset, IoFlags{}));
        if (got == 0)
            return Failure(Errno::noexec);
        offset += got;
    }
    return {};
}

ElfFile::ElfFile(ElfFile&& other) noexcept
    : file_(std::move(other.file_)), header_(other.header_),
      segments_(std::exchange(other.segments_, nullptr)),
      interpreter_(std::exchange(other.interpreter_, nullptr)), extent_(other.extent_),
      executable_stack_(other.executable_stack_) {}

ElfFile::~ElfFile() {
    delete[] segments_;
    delete[] interpreter_;
}

Result<ElfFile> ElfFile::read(Ref<OpenFile> file) {
    ElfFile result(std::move(file));
    TRY(result.read_header());
    TRY(result.read_segments());
    TRY(result.check_segments());
    return result;
}

std::string_view ElfFile::interpreter_path() const {
    return interpreter_ ? std::string_view(interpreter_) : std::string_view();
}

Result<> ElfFile::read_header() {
    TRY(read_exactly(*file_, 0, &header_, sizeof(header_)));
    const bool good = memcmp(header_.identification, elf::magic, sizeof(elf::magic)) == 0 &&
                      header_.identification[4] == elf::class_64 &&
                      header_.identification[5] == elf::little_endian &&
                      (header_.type == elf::type_executable || header_.type == elf::type_shared) &&
                      header_.machine == elf::machine_x86_64 &&
                      header_.program_size == sizeof(elf::Segment) && header_.program_count >= 1 &&
                      header_.program_count <= most_segments;
    return good ? Result<>() : Failure(Errno::noexec);
}

Result<> ElfFile::read_segments() {
    segments_ = new (base::fallible) elf::Segment[header_.program_count];
    if (!segments_)
        return Failure(Errno::nomem);
    return read_exactly(*file_, header_.program_offset, segments_,
                        header_.program_count * sizeof(elf::Segment));
}

Result<> ElfFile::read_interpreter(const elf::Segment& segment) {
    if (interpreter_)
        return {}; // the first one counts
    if (segment.file_size < 2 || segment.file_size > path_maximum)
        return Failure(Errno::noexec);
    interpreter_ = new (base::fallible) char[segment.file_size];
    if (!interpreter_)
        return Failure(Errno::nomem);
    TRY(read_exactly(*file_, segment.offset, interpreter_, segment.file_size));
    return interpreter_[segment.file_size - 1] == 0 ? Result<>() : Failure(Errno::noexec);
}

Result<> ElfFile::check_segments() {
    u64 lowest = ~u64{0}, highest = 0, alignment = page_size, previous = 0;
    executable_stack_ = true; // without the mark, as of old
    for (const elf::Segment& segment : segments()) {
        if (segment.type == elf::segment_interpreter)
            TRY(read_interpreter(segment));
        if (segment.type == elf::segment_gnu_stack)
            executable_stack_ = (segment.flags & elf::flag_execute) != 0;
        if (segment.type != elf::segment_load)
            continue;
        const bool good = segment.file_size <= segment.memory_size &&
                          fits_user_memory(segment.address, segment.memory_size) &&
                          segment.offset + segment.file_size >= segment.offset &&
                          (segment.address ^ segment.offset) % page_size == 0 &&
                          segment.address >= previous;
        if (!good)
            return Failure(Errno::noexec);
        previous = segment.address;
        if (std::has_single_bit(segment.alignment))
            alignment = std::clamp(segment.alignment, alignment, largest_alignment);
        lowest = std::min(lowest, base::align_down(segment.address, page_size));
        highest = std::max(highest, segment.address + segment.memory_size);
    }
    if (lowest >= highest)
        return Failure(Errno::noexec);
    extent_ = {lowest, base::align_up(highest, page_size) - lowest, alignment};
    return {};
}

u64 ElfFile::loaded_program_headers(u64 bias) const {
    for (const elf::Segment& segment : segments())
        if (segment.type == elf::segment_load && segment.offset <= header_.program_offset &&
            header_.program_offset < segment.offset + segment.file_size)
            return header_.program_offset - segment.offset + segment.address + bias;
    return 0;
}

Result<> ElfFile::map_segment(core::AddressSpace& space, const elf::Segment& segment,
                              u64 bias) const {
    const u64 start = base::align_down(segment.address, page_size);
    core::MapRequest request;
    request.address = UserVirt(start + bias);
    request.length = Bytes(base::align_up(segment.address + segment.file_size, page_size) - start);
    request.protection = protection_of(segment);
    request.placement = core::MapRequest::Placement::fixed;
    request.object_page = (segment.offset - (segment.address - start)) >> page_shift;
    request.owner = RefOrNull<core::Object>(file_);
    TRY(file_->prepare_map(request));
    TRY(space.map(request));
    return {};
}

// Memory beyond the file's part: the rest of its last page, and pages of zeros.
Result<> ElfFile::map_zeroed(core::AddressSpace& space, const elf::Segment& segment,
                             u64 bias) const {
    static constexpr u8 zeros[256] = {};
    const u64 file_end = segment.address + segment.file_size + bias;
    const u64 end = base::align_up(segment.address + segment.memory_size + bias, page_size);
    const u64 page_end = base::align_up(file_end, page_size);
    if (segment.file_size != 0 && (segment.flags & elf::flag_write) != 0) {
        for (u64 at = file_end; at < page_end;) {
            const u64 part = std::min<u64>(sizeof(zeros), page_end - at);
            TRY(space.write_memory(UserVirt(at), {zeros, part}, true));
            at += part;
        }
    }
    // Without a file's part no page of the segment is mapped yet, the first one included.
    const u64 start = segment.file_size != 0 ? page_end : base::align_down(file_end, page_size);
    if (end <= start)
        return {};
    core::MapRequest request;
    request.address = UserVirt(start);
    request.length = Bytes(end - start);
    request.protection = protection_of(segment);
    request.placement = core::MapRequest::Placement::fixed;
    TRY(space.map(request));
    return {};
}

Result<> ElfFile::map_into(core::AddressSpace& space, u64 bias, ProgramImage* image) const {
    if (!fits_user_memory(extent_.start + bias, extent_.size))
        return Failure(Errno::noexec);
    u64 code_start = ~u64{0}, code_end = 0, data_start = 0, data_end = 0, memory_end = 0;
    for (const elf::Segment& segment : segments()) {
        if (segment.type != elf::segment_load || segment.memory_size == 0)
            continue;
        if (segment.file_size != 0)
            TRY(map_segment(space, segment, bias));
        if (segment.memory_size > segment.file_size)
            TRY(map_zeroed(space, segment, bias));
        const u64 start = segment.address + bias, end = start + segment.file_size;
        if (segment.flags & elf::flag_execute) {
            code_start = std::min(code_start, start);
            code_end = std::max(code_end, end);
        }
        data_start = std::max(data_start, start);
        data_end = std::max(data_end, end);
        memory_end = std::max(memory_end, start + segment.memory_size);
    }
    if (!image)
        return {};
    image->code_start = code_start == ~u64{0} ? 0 : code_start;
    image->code_end = code_end;
    image->data_start = data_start;
    image->data_end = data_end;
    image->heap_start = memory_end;
    return {};
}

} // namespace linux

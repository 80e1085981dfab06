// SPDX-License-Identifier: BSD-2-Clause
// An ELF file whose headers were read and found right.
#pragma once

#include <span>

#include "linux/exec/loader.h"

namespace linux {

class ElfFile {
public:
    // Reads and checks headers. Errors: noexec, nomem, io.
    static Result<ElfFile> read(Ref<OpenFile> file);
    ElfFile(ElfFile&& other) noexcept;
    ElfFile& operator=(ElfFile&&) = delete;
    ~ElfFile();

    const elf::Header& header() const { return header_; }
    std::span<const elf::Segment> segments() const { return {segments_, header_.program_count}; }
    bool is_position_independent() const { return header_.type == elf::type_shared; }
    // Empty if there is none.
    std::string_view interpreter_path() const;
    bool wants_executable_stack() const { return executable_stack_; }

    // What the loadable segments cover, page aligned, and the largest alignment they ask for.
    struct Extent {
        u64 start, size, alignment;
    };
    Extent extent() const { return extent_; }
    // Where the program headers lie in memory once loaded; 0 if they are in no segment.
    u64 loaded_program_headers(u64 bias) const;

    // Maps every loadable segment, moved by `bias`; notes code, data and heap bounds in `image` if
    // given. Errors: noexec (segments collide), nomem, io.
    Result<> map_into(core::AddressSpace& space, u64 bias, ProgramImage* image) const;

private:
    explicit ElfFile(Ref<OpenFile> file) : file_(std::move(file)) {}
    Result<> read_header();
    Result<> read_segments();
    Result<> check_segments();
    Result<> read_interpreter(const elf::Segment& segment);
    Result<> map_segment(core::AddressSpace& space, const elf::Segment& segment, u64 bias) const;
    Result<> map_zeroed(core::AddressSpace& space, const elf::Segment& segment, u64 bias) const;

    Ref<OpenFile> file_;
    elf::Header header_ = {};
    elf::Segment* segments_ = nullptr;
    char* interpreter_ = nullptr;
    Extent extent_ = {};
    bool executable_stack_ = false;
};

// A free place for an extent in the region of mappings. Errors: nomem.
Result<u64> find_place(core::AddressSpace& space, const ElfFile::Extent& extent);

} // namespace linux

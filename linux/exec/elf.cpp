// SPDX-License-Identifier: BSD-2-Clause
// ELF programs: headers are checked whole before anything is mapped.
#include <algorithm>

#include "base/bits.h"
#include "base/memory_functions.h"
#include "linux/exec/elf_file.h"
#include "linux/exec/loader.h"
#include "linux/exec/stack.h"
#include "linux/exec/vdso.h"
#include "linux/system/random.h"

namespace linux {

namespace {

constexpr u64 pie_base = core::user_end / 3 * 2 & ~(page_size - 1);
constexpr u64 stack_gap_least = 128u << 20;
constexpr u64 stack_gap_most = core::user_end / 6 * 5;
constexpr u64 stack_random_pages = 0x3f'ffff;
constexpr u64 guard_gap = 256 * page_size;
constexpr unsigned map_random_bits = 28;
constexpr u64 heap_random_range = 0x200'0000;

u64 random_pages(const Loading& loading, u64 mask) {
    return loading.randomize ? (random_u64() & mask) << page_shift : 0;
}

// Where mmap's search begins: below the room the stack may grow into.
u64 map_base_for(const Loading& loading) {
    u64 gap = loading.stack_limit;
    const u64 pad = guard_gap + (loading.randomize ? stack_random_pages << page_shift : 0);
    if (gap + pad > gap)
        gap += pad;
    gap = std::clamp(gap, stack_gap_least, stack_gap_most);
    const u64 random = random_pages(loading, (u64{1} << map_random_bits) - 1);
    return base::align_down(core::user_end - gap - random, page_size);
}

void place_heap(ProgramImage& image, const Loading& loading, const ElfFile& program) {
    u64 start = image.heap_start;
    if (program.is_position_independent() && program.interpreter_path().empty())
        start = pie_base; // placed among the mappings: the heap gets room of its own
    if (loading.randomize && (loading.personality_flags & 0x8000'0000) == 0)
        start += random_u64() % heap_random_range;
    image.heap_start = image.heap_end = base::align_up(start, page_size);
}

Result<u64> bias_for(core::AddressSpace& space, const Loading& loading, const ElfFile& program) {
    if (!program.is_position_independent())
        return 0;
    const ElfFile::Extent extent = program.extent();
    if (program.interpreter_path().empty())
        return TRY(find_place(space, extent)) - extent.start;
    const u64 base = pie_base + random_pages(loading, (u64{1} << map_random_bits) - 1);
    return base::align_down(base, extent.alignment) - extent.start;
}

Result<ElfFile> open_interpreter(const ElfFile& program) {
    Ref<OpenFile> file = TRY(open_program({-100, program.interpreter_path(), 0}));
    const WriteDenial denial = TRY(WriteDenial::take(*file)); // only to refuse one being written
    Result<ElfFile> interpreter = ElfFile::read(std::move(file));
    if (!interpreter)
        return Failure(interpreter.error() == Errno::noexec ? Errno::libbad : interpreter.error());
    return interpreter;
}

struct Entry {
    u64 program, start, interpreter_base;
};

Result<Entry> map_all(ProgramImage& image, const Loading& loading, const ElfFile& program) {
    core::AddressSpace& space = *image.space;
    Entry entry = {};
    const u64 bias = TRY(bias_for(space, loading, program));
    TRY(program.map_into(space, bias, &image));
    entry.program = entry.start = program.header().entry + bias;
    if (program.interpreter_path().empty())
        return entry;
    const ElfFile interpreter = TRY(open_interpreter(program));
    u64 interpreter_bias = 0;
    if (interpreter.is_position_independent())
        interpreter_bias =
            TRY(find_place(space, interpreter.extent())) - interpreter.extent().start;
    TRY(interpreter.map_into(space, interpreter_bias, nullptr));
    entry.start = interpreter.header().entry + interpreter_bias;
    entry.interpreter_base = interpreter_bias + interpreter.extent().start;
    return entry;
}

} // namespace

Result<u64> find_place(core::AddressSpace& space, const ElfFile::Extent& extent) {
    core::MapRequest request;
    request.length = Bytes(extent.size + (extent.alignment - page_size));
    const UserVirt found = TRY(space.map(request));
    TRY(space.unmap(found, request.length));
    return base::align_up(found.value, extent.alignment);
}

Result<LoadedProgram> load_elf(Loading& loading) {
    const ElfFile program = TRY(ElfFile::read(loading.file));
    Ref<ProgramImage> image = TRY(ProgramImage::create(TRY(core::AddressSpace::create())));
    image->space->map_base = map_base_for(loading);
    StackRequest stack;
    stack.top = core::user_end - random_pages(loading, stack_random_pages);
    stack.executable = program.wants_executable_stack();
    const Entry entry = TRY(map_all(*image, loading, program));
    place_heap(*image, loading, program);
    image->vdso = TRY(map_vdso(*image->space));
    stack.program_headers = program.loaded_program_headers(entry.program - program.header().entry);
    stack.program_header_count = program.header().program_count;
    stack.entry = entry.program;
    stack.interpreter_base = entry.interpreter_base;
    const u64 pointer = TRY(build_stack(*image, loading, stack));
    image->set_executable(loading.file);
    return LoadedProgram{std::move(image), entry.start, pointer};
}

} // namespace linux

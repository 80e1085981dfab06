// SPDX-License-Identifier: BSD-2-Clause
#include "core/server/host_image.h"

#include "base/bits.h"
#include "base/memory_functions.h"
#include "core/memory/kernel_map.h"

namespace core::server {
namespace {

// ELF-64 (System V ABI, chapter 5), the parts that are used.
struct Header {
    u8 ident[16];
    u16 type, machine;
    u32 version;
    u64 entry, program_offset, section_offset;
    u32 flags;
    u16 header_size, segment_size, segment_count;
};
struct Segment {
    u32 type, flags;
    u64 offset, address, physical_address, file_size, memory_size, alignment;
};
constexpr u32 segment_load = 1, flag_execute = 1, flag_write = 2;

// A segment the program may write: one per process.
Result<> map_writable(ServerMemory& memory, const Segment& segment, KernelMapping& writable) {
    const u64 lead = segment.address % page_size;
    const u64 size = base::align_up(lead + segment.memory_size, page_size);
    if (writable.size().value != 0)
        return Failure(Errno::noexec); // the link makes one
    writable = TRY(KernelMapping::allocate(Bytes(size), KernelProtection::read_write));
    memcpy(writable.as<u8>() + lead, server_host_begin + segment.offset, segment.file_size);
    return memory.map(segment.address - lead, writable.as<u8>(), size,
                      Protection::read | Protection::write);
}

Result<> map_segment(ServerMemory& memory, const Segment& segment, KernelMapping& writable) {
    if (segment.flags & flag_write)
        return map_writable(memory, segment, writable);
    const u64 lead = segment.address % page_size;
    const auto rights = segment.flags & flag_execute ? Protection::read | Protection::execute
                                                     : Protection::read;
    return memory.map(segment.address - lead, server_host_begin + segment.offset - lead,
                      lead + segment.file_size, rights);
}

} // namespace

Result<u64> map_host_program(ServerMemory& memory, KernelMapping& writable) {
    const u64 size = static_cast<u64>(server_host_end - server_host_begin);
    Header header;
    if (size < sizeof header)
        return Failure(Errno::noexec);
    memcpy(&header, server_host_begin, sizeof header);
    for (u32 i = 0; i < header.segment_count; ++i) {
        Segment segment;
        memcpy(&segment, server_host_begin + header.program_offset + i * sizeof segment,
               sizeof segment);
        if (segment.type != segment_load || segment.memory_size == 0)
            continue;
        if (segment.offset % page_size != segment.address % page_size)
            return Failure(Errno::noexec);
        TRY(map_segment(memory, segment, writable));
    }
    return header.entry;
}

} // namespace core::server

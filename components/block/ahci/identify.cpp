// SPDX-License-Identifier: BSD-2-Clause
// What a disk tells of itself (ACS-3, 7.12).
#include "components/block/ahci/controller.h"

namespace ahci {

namespace {

// The answer, word by word; the disk may still be writing, so each is looked at once.
class Answer16 {
public:
    Answer16(Env& env, const Port& port)
        : memory_(component::view_of(env, port.memory.at(port_memory::identity), identity::bytes)) {
    }
    u16 word(u32 index) const { return memory_.load<u16>(index * u32{sizeof(u16)}); }
    u64 words(u32 first, u32 count) const {
        u64 value = 0;
        for (u32 i = 0; i < count; ++i)
            value |= u64{word(first + i)} << (16 * i);
        return value;
    }

private:
    component::SharedMemory memory_;
};

// Two characters in each word, the first one above; blanks at both ends do not count.
void read_serial(const Answer16& answer, BlockProperties& properties) {
    u32 length = 0, used = 0;
    for (u32 i = 0; i < 2 * identity::serial_words; ++i) {
        const u16 word = answer.word(identity::serial + i / 2);
        const char c = static_cast<char>(i % 2 == 0 ? word >> 8 : word & 0xff);
        if (length == 0 && c == ' ')
            continue;
        properties.serial[length++] = c >= ' ' && c < 127 ? c : c == 0 ? ' ' : '_';
        if (c != ' ' && c != 0)
            used = length;
    }
    for (u32 i = used; i < sizeof properties.serial; ++i)
        properties.serial[i] = 0;
}

// Errors: opnotsupp, proto.
Result<> read_sectors(const Answer16& answer, Disk& disk) {
    BlockProperties& properties = disk.properties;
    const u16 shape = answer.word(identity::sector_shape);
    u64 bytes = 512;
    if (identity::is_valid(shape) && (shape & identity::long_sectors))
        bytes = answer.words(identity::sector_words, 2) * 2;
    if (bytes < 512 || bytes > 4096 || !std::has_single_bit(bytes))
        return Failure(Errno::opnotsupp);
    disk.shift = static_cast<u32>(std::countr_zero(bytes));
    properties.sector_size = static_cast<u32>(bytes);
    properties.physical_sector_size = properties.sector_size;
    if (identity::is_valid(shape) && (shape & identity::large_blocks) && (shape & 15) <= 8)
        properties.physical_sector_size <<= shape & 15;
    const u64 sectors =
        disk.wide ? answer.words(identity::sectors_wide, 3) : answer.words(identity::sectors, 2);
    if (sectors == 0 || (!disk.wide && sectors >> 28))
        return Failure(Errno::proto);
    properties.capacity = sectors << (disk.shift - 9);
    return {};
}

} // namespace

Result<Disk> read_identity(Env& env, const Port& port) {
    const Controller& controller = env.arena<Controller>();
    const Answer16 answer(env, port);
    if (answer.word(identity::general) & identity::not_a_disk)
        return Failure(Errno::proto);
    const u16 capabilities = answer.word(identity::capabilities);
    if (!(capabilities & identity::moves_by_dma) || !(capabilities & identity::addresses))
        return Failure(Errno::opnotsupp);
    Disk disk;
    const u16 commands = answer.word(identity::commands);
    if (identity::is_valid(commands)) {
        disk.wide = (commands & identity::wide) != 0;
        disk.flushes_wide = (commands & identity::flushes_wide) != 0;
    }
    const u16 more = answer.word(identity::more_commands);
    disk.writes_through =
        disk.wide && identity::is_valid(more) && (more & identity::writes_through) != 0;
    TRY(read_sectors(answer, disk));
    const u16 sata = answer.word(identity::sata);
    disk.queues = controller.queueing && disk.wide && sata != 0xffff && (sata & identity::queues);
    const u32 depth = disk.queues ? (answer.word(identity::queue_depth) & 31u) + 1 : most_slots;
    disk.depth = base::minimum(depth, controller.slots);
    BlockProperties& properties = disk.properties;
    constexpr u32 narrow_blocks = 256; // what one command of 28 bits moves
    properties.max_request_bytes =
        disk.wide ? table::most_piece_bytes : narrow_blocks << disk.shift;
    properties.max_segments = table::most_pieces;
    properties.queue_depth = disk.depth;
    properties.write_cache = (answer.word(identity::enabled) & identity::write_cache) != 0;
    properties.discard =
        disk.wide && disk.shift == 9 && (answer.word(identity::trim) & identity::trims) != 0;
    properties.max_discard_sectors = properties.discard ? trim_entries * trim_most : 0;
    read_serial(answer, properties);
    return disk;
}

} // namespace ahci

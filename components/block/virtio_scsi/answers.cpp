// SPDX-License-Identifier: BSD-2-Clause
// What units tell of themselves (SPC-4, SBC-3). Each byte is looked at once: the device may still
// be writing.
#include "components/block/virtio_scsi/adapter.h"

namespace virtio_scsi {

namespace {

class AnswerData {
public:
    AnswerData(Env& env, const Adapter& adapter, Slot at)
        : memory_(
              component::view_of(env, slot_place(adapter, at).at(slot::data), slot::data_bytes)) {}
    u8 byte(u32 at) const { return memory_.load<u8>(at); }
    u64 number(u32 at, u32 bytes) const {
        u64 value = 0;
        for (u32 i = 0; i < bytes; ++i)
            value = value << 8 | byte(at + i);
        return value;
    }

private:
    component::SharedMemory memory_;
};

Result<> take_capacity(const AnswerData& data, Facts& facts) {
    const u64 last = data.number(capacity_data::last, 8);
    const u64 bytes = data.number(capacity_data::block_bytes, 4);
    if (bytes < 512 || bytes > 4096 || !std::has_single_bit(bytes))
        return Failure(Errno::opnotsupp);
    facts.shift = static_cast<u32>(std::countr_zero(bytes));
    if (last >> (55 - (facts.shift - 9)))
        return Failure(Errno::proto);
    BlockProperties& properties = facts.properties;
    properties.capacity = (last + 1) << (facts.shift - 9);
    properties.sector_size = static_cast<u32>(bytes);
    properties.physical_sector_size = properties.sector_size;
    const u32 exponent = data.byte(capacity_data::exponent) & 15;
    if (exponent <= 8)
        properties.physical_sector_size <<= exponent;
    const u8 provisioning = data.byte(capacity_data::provisioning);
    facts.is_provisioned = (provisioning & capacity_data::provisioned) != 0;
    facts.reads_zeroes = (provisioning & capacity_data::reads_zeroes) != 0;
    return {};
}

void take_mode(const AnswerData& data, Facts& facts) {
    const u8 flags = data.byte(mode_data::flags);
    facts.properties.read_only = (flags & mode_data::write_protected) != 0;
    facts.forces_unit_access = (flags & mode_data::forces_unit_access) != 0;
    const u32 page = mode_data::header_bytes + data.byte(mode_data::descriptors);
    if (page + 3 <= mode_data::bytes && (data.byte(page) & 0x3f) == 8)
        facts.properties.write_cache = (data.byte(page + 2) & mode_data::write_cache) != 0;
}

void take_serial(const AnswerData& data, Facts& facts) {
    constexpr u32 text = 4;
    char(&serial)[24] = facts.properties.serial;
    const u64 length = base::minimum<u64>(data.number(2, 2), sizeof serial - 1);
    u32 used = 0;
    for (u32 i = 0; i < length; ++i) {
        const char c = static_cast<char>(data.byte(text + i));
        if (c == 0 || (used == 0 && c == ' '))
            continue;
        serial[used++] = c >= ' ' && c < 127 ? c : '_';
    }
    while (used != 0 && serial[used - 1] == ' ')
        serial[--used] = 0;
}

void take_limits(const AnswerData& data, Facts& facts) {
    facts.limit_transfer = static_cast<u32>(data.number(limits_data::transfer, 4));
    facts.limit_unmap = static_cast<u32>(data.number(limits_data::unmap_blocks, 4));
    facts.limit_write_same = data.number(limits_data::write_same, 8);
}

void take_provisioning(const AnswerData& data, Facts& facts) {
    const u8 flags = data.byte(provisioning_data::flags);
    facts.can_unmap = (flags & provisioning_data::unmaps) != 0;
    facts.can_write_same_unmap = (flags & provisioning_data::unmaps_by_write_same) != 0;
}

} // namespace

Result<> take_answer(Env& env, const Adapter& adapter, Slot at, Facts& facts) {
    const AnswerData data(env, adapter, at);
    switch (env.arena<Adapter>().pending[at].question) {
    case Question::units: break;
    case Question::kind:
        return data.byte(inquiry_data::type) == inquiry_data::disk ? Result<>()
                                                                   : Failure(Errno::opnotsupp);
    case Question::capacity: return take_capacity(data, facts);
    case Question::mode: take_mode(data, facts); break;
    case Question::serial: take_serial(data, facts); break;
    case Question::limits: take_limits(data, facts); break;
    case Question::provisioning: take_provisioning(data, facts); break;
    }
    return {};
}

void finish_facts(const Adapter& adapter, Facts& facts) {
    constexpr u32 most_discarded = 1 << 23; // sectors
    constexpr u64 most_zeroed = 65535;      // blocks, where no limit is told
    BlockProperties& properties = facts.properties;
    properties.queue_depth = depth / 2; // others have units, too
    properties.max_segments = adapter.segments;
    properties.max_request_bytes = adapter.request_limit;
    if (facts.limit_transfer != 0)
        properties.max_request_bytes = static_cast<u32>(base::minimum<u64>(
            properties.max_request_bytes, u64{facts.limit_transfer} << facts.shift));
    const u32 sectors_shift = facts.shift - 9;
    const u64 zeroed =
        base::minimum(facts.limit_write_same ? facts.limit_write_same : most_zeroed, most_zeroed);
    if (facts.is_provisioned && !properties.read_only) {
        properties.discard = facts.can_unmap || facts.can_write_same_unmap;
        u64 most = most_discarded;
        if (facts.can_unmap && facts.limit_unmap != 0)
            most = base::minimum(most, u64{facts.limit_unmap} << sectors_shift);
        if (!facts.can_unmap)
            most = base::minimum(most, zeroed << sectors_shift);
        properties.max_discard_sectors = properties.discard ? static_cast<u32>(most) : 0;
        properties.write_zeroes = facts.can_write_same_unmap;
        properties.max_write_zeroes_sectors =
            properties.write_zeroes ? static_cast<u32>(zeroed << sectors_shift) : 0;
    }
}

} // namespace virtio_scsi

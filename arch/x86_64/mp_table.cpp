// SPDX-License-Identifier: BSD-2-Clause
// The Intel MultiProcessor tables (specification 1.4, chapter 4), for machines without ACPI.
#include "arch/x86_64/mp_table.h"

#include "base/memory_functions.h"
#include "core/memory/kernel_map.h"

namespace arch {
namespace {

template <typename T>
T read_at(const u8* place) {
    T value;
    memcpy(&value, place, sizeof value);
    return value;
}

bool sums_to_zero(const u8* bytes, usize length) {
    u8 sum = 0;
    for (usize i = 0; i < length; ++i)
        sum = static_cast<u8>(sum + bytes[i]);
    return sum == 0;
}

// The floating pointer structure in start..end-1; null if it is not there.
const u8* search(u64 start, u64 end) {
    for (u64 place = start; place + 16 <= end; place += 16) {
        const u8* bytes = core::physical_view(PhysAddr(place));
        if (memcmp(bytes, "_MP_", 4) == 0 && sums_to_zero(bytes, 16))
            return bytes;
    }
    return nullptr;
}

const u8* find_pointer() {
    const u64 extended = u64{read_at<u16>(core::physical_view(PhysAddr(0x40e)))} << 4;
    const u8* found = extended ? search(extended, extended + 1024) : nullptr;
    if (!found)
        found = search(639 * 1024, 640 * 1024);
    return found ? found : search(0xf'0000, 0x10'0000);
}

class Reader {
public:
    explicit Reader(Platform& target) : target_(target) {}

    void processor(const u8* entry) {
        const bool enabled = (entry[3] & 1) != 0;
        if (enabled && target_.cpu_count < 64)
            target_.apic_ids[target_.cpu_count++] = entry[1];
    }
    void bus(const u8* entry) {
        if (memcmp(entry + 2, "ISA", 3) == 0)
            isa_bus_ = entry[1];
    }
    void io_apic(const u8* entry) {
        if ((entry[3] & 1) && target_.io_apic_count < 8)
            target_.io_apics[target_.io_apic_count++] = {read_at<u32>(entry + 4), 0};
    }
    // Only differences from "ISA interrupt n is line n" matter.
    void interrupt(const u8* entry) {
        const u16 flags = read_at<u16>(entry + 2);
        if (entry[1] != 0 || entry[4] != isa_bus_ || target_.override_count >= 16)
            return;
        const bool low = (flags & 3) == 3, level = (flags >> 2 & 3) == 3;
        if (entry[5] == entry[7] && !low && !level)
            return;
        target_.overrides[target_.override_count++] = {entry[5], entry[7], low, level};
    }

private:
    Platform& target_;
    u32 isa_bus_ = ~0u;
};

} // namespace

bool read_mp_table(Platform& target) {
    const u8* pointer = find_pointer();
    const u32 address = pointer ? read_at<u32>(pointer + 4) : 0;
    if (address == 0 || !core::is_mapped_memory(PhysAddr(address), 44))
        return false;
    const u8* table = core::physical_view(PhysAddr(address));
    const u16 length = read_at<u16>(table + 4);
    if (memcmp(table, "PCMP", 4) != 0 || length < 44 ||
        !core::is_mapped_memory(PhysAddr(address), length) || !sums_to_zero(table, length))
        return false;
    Reader reader(target);
    const u8* end = table + length;
    for (const u8* entry = table + 44; entry < end;) {
        const usize size = entry[0] == 0 ? 20 : 8;
        if (entry + size > end)
            break;
        switch (entry[0]) {
        case 0: reader.processor(entry); break;
        case 1: reader.bus(entry); break;
        case 2: reader.io_apic(entry); break;
        case 3: reader.interrupt(entry); break;
        default: break;
        }
        entry += size;
    }
    return target.cpu_count != 0;
}

} // namespace arch

// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/block_names.h"

#include "base/format.h"

namespace core {
namespace {

constexpr u32 scsi_majors[] = {8,   65,  66,  67,  68,  69,  70,  71,
                               128, 129, 130, 131, 132, 133, 134, 135};
constexpr u32 ram_major = 1, loop_major = 7, virtio_major = 254, other_major = 250;
constexpr u32 extended_major = 259; // what has no minors of its own: NVMe, partitions past the 15th
constexpr u32 most_minors = 1 << 20;
constexpr u32 most_disks = 18'278; // … zzz
constexpr u32 minors_of_disk = 16;

enum class Style : u8 {
    letters,  // vda
    digits,   // ram0
    instance, // nvme0n1: the instance's name and the one the component wished for
    same,     // loop0: as the instance, with its number
};
struct Family {
    std::string_view prefix; // what components wish for
    u32 major;
    Style style;
};
constexpr Family families[] = {{"vd", virtio_major, Style::letters},
                               {"sd", scsi_majors[0], Style::letters},
                               {"ram", ram_major, Style::digits},
                               {"loop", loop_major, Style::same},
                               {"n", extended_major, Style::instance}};
constexpr Family other_family = {"xd", other_major, Style::letters};

// The wish may go on with digits ("n1").
const Family& family_of(std::string_view wish) {
    for (const Family& family : families) {
        if (!wish.starts_with(family.prefix))
            continue;
        bool digits = true;
        for (const char c : wish.substr(family.prefix.size()))
            digits = digits && c >= '0' && c <= '9';
        if (digits)
            return family;
    }
    return other_family;
}

void set_name(DiskName& name, std::string_view text) {
    name.length = text.copy(name.text, sizeof name.text);
}

// a … z, aa … zz, aaa … zzz.
base::Text<8> letters_of(u32 index) {
    char text[3];
    u32 first = 3;
    for (u32 left = index + 1; left != 0 && first != 0; left = (left - 1) / 26)
        text[--first] = static_cast<char>('a' + (left - 1) % 26);
    return base::Text<8>("{}", std::string_view(text + first, 3 - first));
}

Result<BlockDeviceNumber> extended_number(BlockNameTable& table) {
    for (u32 minor = 0; minor < most_minors; ++minor) {
        const BlockDeviceNumber number{extended_major, minor};
        if (!table.has_number(number))
            return number;
    }
    return Failure(Errno::nospc);
}

// The digits at the end. Errors: nospc (there are none, or too many).
Result<u32> number_in(std::string_view name) {
    usize first = name.size();
    while (first > 0 && name[first - 1] >= '0' && name[first - 1] <= '9')
        --first;
    if (first == name.size())
        return Failure(Errno::nospc);
    u32 number = 0;
    for (const char digit : name.substr(first)) {
        number = number * 10 + static_cast<u32>(digit - '0');
        if (number >= most_minors)
            return Failure(Errno::nospc);
    }
    return number;
}

Result<BlockDeviceNumber> number_of_disk(BlockNameTable& table, const Family& family, u32 index) {
    if (family.style == Style::digits)
        return BlockDeviceNumber{family.major, index};
    if (family.major != scsi_majors[0])
        return BlockDeviceNumber{family.major, index * minors_of_disk};
    if (index / minors_of_disk < std::size(scsi_majors))
        return BlockDeviceNumber{scsi_majors[index / minors_of_disk],
                                 index % minors_of_disk * minors_of_disk};
    return extended_number(table);
}

} // namespace

Result<DiskName> name_disk(BlockNameTable& table, const OfferedService& service) {
    const Family& family = family_of(service.wished_name);
    DiskName name;
    if (family.style == Style::instance) {
        const base::Text<32> text("{}{}", service.instance, service.wished_name);
        if (table.has_name(text.view()))
            return Failure(Errno::nospc);
        set_name(name, text.view());
        name.number = TRY(extended_number(table));
        return name;
    }
    if (family.style == Style::same) {
        if (table.has_name(service.instance))
            return Failure(Errno::nospc);
        set_name(name, service.instance);
        name.number = {family.major, TRY(number_in(service.instance))};
        return name;
    }
    for (u32 index = 0; index < most_disks; ++index) {
        const base::Text<32> text =
            family.style == Style::digits
                ? base::Text<32>("{}{}", family.prefix, index)
                : base::Text<32>("{}{}", family.prefix, letters_of(index).view());
        if (table.has_name(text.view()))
            continue;
        set_name(name, text.view());
        name.number = TRY(number_of_disk(table, family, index));
        return name;
    }
    return Failure(Errno::nospc);
}

Result<DiskName> name_partition(BlockNameTable& table, const BlockDevice& disk, u32 partition) {
    const char last = disk.name().back();
    const base::Text<32> text("{}{}{}", disk.name(), last >= '0' && last <= '9' ? "p" : "",
                              partition);
    DiskName name;
    set_name(name, text.view());
    const BlockDeviceNumber is = disk.number();
    if (is.major == extended_major || is.major == loop_major || partition >= minors_of_disk)
        name.number = TRY(extended_number(table));
    else
        name.number = {is.major, is.minor + partition};
    return name;
}

const char* block_major_name(u32 major) {
    switch (major) {
    case ram_major: return "ramdisk";
    case loop_major: return "loop";
    case virtio_major: return "virtblk";
    case extended_major: return "blkext";
    case other_major: return "xd";
    default: return "sd";
    }
}

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// What disks are called and how they are numbered, as Linux does it
// (Documentation/admin-guide/devices.txt; virtblk's major is dynamic and usually 254). Names and
// numbers are the lowest that are free.
#pragma once

#include "core/component/service_sink.h"
#include "core/device/block_device.h"

namespace core {

struct DiskName {
    char text[32] = {};
    usize length = 0;
    BlockDeviceNumber number;

    std::string_view view() const { return {text, length}; }
};

// What is in use.
class BlockNameTable {
public:
    virtual bool has_name(std::string_view name) = 0;
    virtual bool has_number(BlockDeviceNumber number) = 0;

protected:
    ~BlockNameTable() = default;
};

// "vda", "ram0", "sdaa", "nvme0n1". Errors: nospc.
Result<DiskName> name_disk(BlockNameTable& table, const OfferedService& service);
// "vda1", "nvme0n1p2". Errors: nospc.
Result<DiskName> name_partition(BlockNameTable& table, const BlockDevice& disk, u32 partition);
// How /proc/devices calls the major number of such a disk. Static storage.
const char* block_major_name(u32 major);

} // namespace core

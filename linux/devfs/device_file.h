// SPDX-License-Identifier: BSD-2-Clause
// Base of open device files that are no terminals or disks: keeps the path, has no position of its
// own.
#pragma once

#include "linux/devfs/device_registry.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

class DeviceFile : public OpenFile {
public:
    Inode& inode() const override { return path_.inode(); }
    const Path* path() const override { return &path_; }
    // Anywhere is the start.
    Result<u64> seek(i64, u32) override { return u64{0}; }

protected:
    DeviceFile(const Path& path, u32 flags) : OpenFile(flags, Positioning::seekable), path_(path) {}

private:
    Path path_;
};

// An open function for a file class with the constructor (path, flags).
template <typename File>
Result<Ref<OpenFile>> open_as(const DeviceNode&, const Path& path, u32 flags) {
    return Ref<OpenFile>(TRY(Ref<File>::create(path, flags)));
}

// null, zero, full, random, urandom and kmsg. Start-up only. Errors: nomem.
Result<> register_memory_devices();
// An open file whose writes go to the kernel log, for a first program without a console. Errors:
// nomem.
Result<Ref<OpenFile>> open_kernel_log();
// hwrng and rtc0 while there is a source of entropy and a clock. Start-up only. Errors: nomem.
Result<> start_service_devices();
// Disks and partitions as they appear. Start-up only, after the registry of block devices works.
void start_block_nodes();

} // namespace linux

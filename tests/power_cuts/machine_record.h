// SPDX-License-Identifier: BSD-2-Clause
// What QEMU's blklogwrites recorded of a machine's disk while tests/power_cuts/guest.c worked on
// it, and what may be found on it after the power failed.
#pragma once

#include "tests/ext4/test_volume.h"
#include "tests/power_cuts/recording_source.h"

namespace power_cuts {

class MachineRecord {
public:
    // `base`: the disk as it was before, `log`: the file of blklogwrites. Without events if it is
    // none.
    MachineRecord(const std::string& base, const std::string& log);

    const RecordingSource& record() const { return record_; }
    u64 operations() const { return operations_; }
    // Empty if the volume holds what it may after a cut before event `at`; else what is wrong.
    std::string check(ext4_test::TestVolume& volume, usize at) const;

private:
    RecordingSource record_;
    u64 operations_ = 0;
};

} // namespace power_cuts

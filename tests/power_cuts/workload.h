// SPDX-License-Identifier: BSD-2-Clause
// Programs at work on a volume, and what they may find after the power failed: the tree as it was
// at one moment between the last fsync that returned and the cut, all of it; of a file's data, no
// byte older than that fsync.
#pragma once

#include <map>
#include <random>

#include "tests/ext4/test_volume.h"
#include "tests/power_cuts/recording_source.h"

namespace power_cuts {

// A name: what it stands for.
struct Entry {
    u64 id = 0;         // of a regular file; 0: something else
    std::string target; // of a symlink; "/" of a directory
    u64 size = 0;
    bool operator==(const Entry&) const = default;
};
using Tree = std::map<std::string, Entry>;

class Workload {
public:
    explicit Workload(u32 seed);
    // So many operations; the last one leaves the volume mounted.
    void run(int operations, bool drops_flushes);

    const RecordingSource& record() const { return record_; }
    // Empty if the volume holds what it may after a cut before event `at`; else what is wrong.
    std::string check(ext4_test::TestVolume& volume, usize at) const;

    u64 commits = 0;

private:
    struct Version {
        u64 moment;
        std::string bytes;
    };
    struct File {
        u64 id;
        std::string bytes; // as programs see it
    };

    void step();
    void write();
    void make();
    void rename();
    void remove();
    void truncate();
    void fsync();
    std::string any_name(bool of_file);
    std::string new_name();
    u64 directory_of(const std::string& path);
    void flushed(const std::string& path);
    void happened();
    std::string check_data(const Entry& entry, const std::string& bytes, u64 from, u64 to) const;

    ext4_test::TestVolume volume_;
    RecordingSource record_;
    std::mt19937 chance_;
    Tree now_;
    std::map<u64, File> files_;                    // by id
    std::map<u64, std::vector<Version>> versions_; // of data that was given to the disk
    std::vector<Tree> moments_;                    // after each operation
    u64 durable_ = 0;                              // the moment of the last commit that returned
    u64 next_id_ = 1;
    u64 next_name_ = 0;
};

} // namespace power_cuts

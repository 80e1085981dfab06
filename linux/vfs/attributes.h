// SPDX-License-Identifier: BSD-2-Clause
// What an inode says about itself and what may be asked to change: plain values between the system
// calls, the generic layer and a file system.
#pragma once

#include <atomic>
#include <string_view>

#include "abi/linux/types.h"
#include "base/result.h"

namespace linux {

// A device's number: what st_rdev, st_dev and mknod(2) carry.
struct DeviceNumber {
    u32 major = 0;
    u32 minor = 0;

    constexpr bool operator==(const DeviceNumber&) const = default;
    constexpr bool is_none() const { return major == 0 && minor == 0; }
    // Linux's dev_t as programs see it (32 significant bits, glibc's split).
    constexpr u64 to_user() const {
        return (minor & 0xff) | (static_cast<u64>(major) << 8) |
               (static_cast<u64>(minor & ~0xffu) << 12);
    }
    static constexpr DeviceNumber from_user(u64 value) {
        return {static_cast<u32>((value >> 8) & 0xfff),
                static_cast<u32>((value & 0xff) | ((value >> 12) & 0xfff00))};
    }
};

// A time stamp that may be read while another CPU sets it (a torn read mixes two moments, no more).
class FileTime {
public:
    TimeSpec get() const {
        return {seconds_.load(std::memory_order_relaxed),
                nanoseconds_.load(std::memory_order_relaxed)};
    }
    void set(TimeSpec time) {
        seconds_.store(time.seconds, std::memory_order_relaxed);
        nanoseconds_.store(static_cast<u32>(time.nanoseconds), std::memory_order_relaxed);
    }

private:
    std::atomic<i64> seconds_{0};
    std::atomic<u32> nanoseconds_{0};
};

inline constexpr bool is_before(TimeSpec a, TimeSpec b) {
    return a.seconds != b.seconds ? a.seconds < b.seconds : a.nanoseconds < b.nanoseconds;
}

// Now, as time stamps of files have it.
TimeSpec file_time_now();

struct Attributes {
    u64 number = 0;
    u32 mode = 0; // type and permission bits
    u32 links = 0;
    UserId user = 0;
    GroupId group = 0;
    DeviceNumber device;      // of the node, when it is a device
    DeviceNumber file_system; // st_dev
    u64 size = 0;
    u64 blocks = 0; // of 512 bytes
    u32 block_size = 4096;
    TimeSpec access{}, modify{}, change{}, birth{};
    bool has_birth = false;
    u64 statx_flags = 0;      // STATX_ATTR_* that are set
    u64 statx_flags_mask = 0; // those the file system knows
};

// Fields of an AttributeChange that count.
namespace attribute {
inline constexpr u32 mode = 1 << 0, user = 1 << 1, group = 1 << 2;
inline constexpr u32 access_time = 1 << 3, modify_time = 1 << 4, change_time = 1 << 5;
inline constexpr u32 size = 1 << 6; // only in Inode::attributes_changed
} // namespace attribute

// A change that was already permitted; change_time is always among the fields.
struct AttributeChange {
    u32 fields = 0; // attribute::*
    u32 mode = 0;   // permission bits with set-id and sticky, no type
    UserId user = 0;
    GroupId group = 0;
    TimeSpec access{}, modify{}, change{};
};

// A node to be made. Permissions were checked, umask applied, set-group inheritance done.
struct NewNode {
    u32 mode = 0; // with type
    UserId user = 0;
    GroupId group = 0;
    DeviceNumber device;      // of device nodes
    std::string_view target{}; // of symbolic links: 1 to 4095 bytes
};

struct FileSystemStatistics {
    u64 magic = 0;
    u32 block_size = 4096;
    u64 blocks = 0, free_blocks = 0, available_blocks = 0;
    u64 files = 0, free_files = 0;
    u64 identity = 0; // f_fsid
    u32 name_length = 255;
};

} // namespace linux

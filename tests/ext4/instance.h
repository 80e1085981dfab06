// SPDX-License-Identifier: BSD-2-Clause
// One instance of the component in a test: its arena, the little of Env that it uses, and a way to
// let it die between any two of its calls on the core. Requests go through its submit handler as a
// gate would hand them over; one whose handler died is replayed by the next life.
#pragma once

#include <csetjmp>
#include <functional>

#include "abi/component/component.h"
#include "components/fs/ext4/volume.h"
#include "core/file/change_set.h"

namespace ext4_test {

using component::FileExchange;
using component::FileSystem;
using Operation = FileSystem::Operation;

// A request's buffer, as large as the kernel's.
class RequestBuffer {
public:
    FileExchange& exchange() { return *reinterpret_cast<FileExchange*>(bytes_); }
    u8* text() { return bytes_ + component::exchange_text; }
    u8* bytes() { return bytes_; }
    u64 length = sizeof(bytes_); // less: the component gets less

private:
    alignas(8) u8 bytes_[8192] = {};
};

class Instance : public component::Env {
public:
    explicit Instance(core::file::VolumeState& state);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    ext4::Volume& volume() { return *reinterpret_cast<ext4::Volume*>(arena_); }
    Result<u64> request(Operation operation, const FileSystem::Arguments& arguments,
                        RequestBuffer& buffer,
                        core::file::ChangeSet::Shows shows = core::file::ChangeSet::Shows::present);
    // The arena is gone; what was published is not.
    void die();

    // Calls on the core so far, and answers; the life ends before the one of that number (0: of
    // none) and the next life has no such end. Requests inside another one's wait do not count.
    u64 calls = 0;
    u64 dies_at = 0;
    u64 deaths = 0;
    u64 conflicts = 0; // publishes that had to be tried again
    u64 full = 0;      // requests that had to wait for a commit
    u64 pieces = 0;    // requests that were done in part, and made again
    std::function<Result<>()> commit = [] { return Result<>(); };

private:
    friend struct Knife;
    bool live(const component::Request& request, component::Answer& answer);

    component::EnvTable calls_of_env_{};
    core::file::VolumeState& state_;
    RequestBuffer* buffer_ = nullptr;
    u32 depth_ = 0;
    component::VolumeServices core_;   // what the core lends
    component::VolumeServices lent_{}; // the same, counted
    std::jmp_buf end_;
};

} // namespace ext4_test

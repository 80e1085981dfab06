// SPDX-License-Identifier: BSD-2-Clause
// Control messages (cmsg): what sendmsg(2) hands over besides bytes, and how recvmsg(2) hands it
// out.
#pragma once

#include "abi/linux/socket.h"
#include "core/vm/user_memory.h"
#include "linux/vfs/open_file.h"

namespace linux {

// Open files on their way from one process to another; owns a reference to each.
class PassedFiles {
public:
    PassedFiles() = default;
    PassedFiles(PassedFiles&& other) noexcept
        : files_(std::exchange(other.files_, nullptr)), count_(std::exchange(other.count_, 0)) {}
    PassedFiles& operator=(PassedFiles&& other) noexcept {
        std::swap(files_, other.files_);
        std::swap(count_, other.count_);
        return *this;
    }
    ~PassedFiles(); // drops the references: no lock may be held if there are any

    u32 count() const { return count_; }
    OpenFile& at(u32 index) const { return *files_[index]; }
    // Errors: inval (more than 253), nomem.
    Result<> add(Ref<OpenFile> file);
    // The same files once more (MSG_PEEK). Errors: nomem.
    Result<PassedFiles> copy() const;

private:
    OpenFile** files_ = nullptr; // room for passed_files_maximum
    u32 count_ = 0;
};

struct OutgoingControl {
    PassedFiles files;
    UserCredentials credentials{};
    bool has_credentials = false;

    // Takes the program's control buffer apart. Errors: inval, badf, perm, nobufs, fault, nomem.
    Result<> parse(UserVirt address, u64 length);

private:
    Result<> parse_part(const ControlHeader& header, UserVirt data, u64 size);
    Result<> add_files(UserVirt data, u64 size);
    Result<> set_credentials(UserVirt data, u64 size);
};

// Writes control messages into the program's buffer.
class IncomingControl {
public:
    IncomingControl(UserVirt address, u64 length, bool close_on_exec)
        : start_(address), next_(address), left_(address.is_null() ? 0 : length),
          close_on_exec_(close_on_exec) {}

    // Adds one; cut short (truncated() is set then) if it does not fit. Errors: fault.
    Result<> put(i32 type, std::span<const u8> data);
    // Installs the files in the current task; those without room in the buffer or the table are
    // dropped. Errors: fault.
    Result<> put_files(PassedFiles files);
    bool truncated() const { return truncated_; }
    u64 used() const { return next_ - start_; }

private:
    Result<> put_header(i32 type, u64 length);
    void advance(u64 size);

    const UserVirt start_;
    UserVirt next_;
    u64 left_;
    const bool close_on_exec_;
    bool truncated_ = false;
};

// Where getsockopt(2) puts a value: cut to the program's length, which becomes the length stored.
class OptionTarget {
public:
    OptionTarget(UserVirt address, u32 size) : address_(address), size_(size) {}
    // Errors: fault.
    Result<> put(const void* value, u32 size);
    Result<> put_integer(i32 value) { return put(&value, sizeof value); }
    u32 room() const { return size_; }
    // After an answer of `inval` or `range` the caller sets what would have been needed.
    void set_size(u32 size) { size_ = size; }
    u32 stored() const { return size_; }

private:
    UserVirt address_;
    u32 size_;
};

} // namespace linux

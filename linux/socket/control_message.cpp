// SPDX-License-Identifier: BSD-2-Clause
#include "linux/socket/control_message.h"

#include <algorithm>

#include "base/bits.h"
#include "linux/process/process.h"

namespace linux {

namespace {

constexpr u64 control_maximum = 20'480; // net.core.optmem_max
constexpr u64 aligned(u64 size) { return base::align_up(size, u64{8}); }

// Errors: perm.
Result<> check_credentials(const UserCredentials& wanted) {
    const Task& task = Task::current();
    const Credentials& own = *task.credentials;
    const bool pid_fits = wanted.pid == task.process->pid || own.has(Capability::sys_admin);
    const bool user_fits = wanted.user == own.real_user || wanted.user == own.effective_user ||
                           wanted.user == own.saved_user || own.has(Capability::setuid);
    const bool group_fits = wanted.group == own.real_group ||
                            wanted.group == own.effective_group ||
                            wanted.group == own.saved_group || own.has(Capability::setgid);
    return pid_fits && user_fits && group_fits ? Result<>() : Failure(Errno::perm);
}

} // namespace

PassedFiles::~PassedFiles() {
    for (u32 index = 0; index < count_; ++index)
        files_[index]->drop_reference();
    ::operator delete(files_);
}

Result<> PassedFiles::add(Ref<OpenFile> file) {
    if (count_ == passed_files_maximum)
        return Failure(Errno::inval);
    if (!files_) {
        files_ = static_cast<OpenFile**>(
            ::operator new(passed_files_maximum * sizeof(OpenFile*), base::fallible));
        if (!files_)
            return Failure(Errno::nomem);
    }
    files_[count_++] = file.release();
    return {};
}

Result<PassedFiles> PassedFiles::copy() const {
    PassedFiles result;
    for (u32 index = 0; index < count_; ++index)
        TRY(result.add(Ref<OpenFile>::share(*files_[index])));
    return result;
}

Result<> OutgoingControl::add_files(UserVirt data, u64 size) {
    const u64 count = size / sizeof(i32);
    if (count > passed_files_maximum - files.count())
        return Failure(Errno::inval);
    for (u64 index = 0; index < count; ++index) {
        const i32 fd = TRY(core::UserIn<i32>(data.value).read_at(index));
        if (fd < 0)
            return Failure(Errno::badf);
        const BorrowedFile file = TRY(borrow_file(static_cast<u32>(fd)));
        if (!file->may_transfer())
            return Failure(Errno::perm);
        TRY(files.add(file.to_ref()));
    }
    return {};
}

Result<> OutgoingControl::set_credentials(UserVirt data, u64 size) {
    if (size != sizeof(UserCredentials))
        return Failure(Errno::inval);
    credentials = TRY(core::UserIn<UserCredentials>(data.value).read());
    TRY(check_credentials(credentials));
    has_credentials = true;
    return {};
}

Result<> OutgoingControl::parse_part(const ControlHeader& header, UserVirt data, u64 size) {
    if (header.level != socket_level::socket)
        return {};
    switch (header.type) {
    case control_type::rights: return add_files(data, size);
    case control_type::credentials: return set_credentials(data, size);
    default: return Failure(Errno::inval);
    }
}

Result<> OutgoingControl::parse(UserVirt address, u64 length) {
    if (length > control_maximum)
        return Failure(Errno::nobufs);
    u64 offset = 0;
    while (length - offset >= sizeof(ControlHeader)) {
        const u64 left = length - offset;
        const auto header = TRY(core::UserIn<ControlHeader>(address.value + offset).read());
        if (header.length < sizeof header || header.length > left)
            return Failure(Errno::inval);
        TRY(parse_part(header, address + offset + sizeof header, header.length - sizeof header));
        if (aligned(header.length) >= left)
            break;
        offset += aligned(header.length);
    }
    return {};
}

void IncomingControl::advance(u64 size) {
    const u64 step = std::min(aligned(size), left_);
    next_ += step;
    left_ -= step;
}

Result<> IncomingControl::put_header(i32 type, u64 length) {
    const ControlHeader header{.length = length, .level = socket_level::socket, .type = type};
    return core::copy_to_user(next_, &header, sizeof header);
}

Result<> IncomingControl::put(i32 type, std::span<const u8> data) {
    if (left_ < sizeof(ControlHeader)) {
        truncated_ = true;
        return {};
    }
    const u64 wanted = sizeof(ControlHeader) + data.size();
    const u64 length = std::min(wanted, left_);
    truncated_ = truncated_ || length < wanted;
    TRY(put_header(type, length));
    TRY(core::copy_to_user(next_ + sizeof(ControlHeader), data.data(),
                           length - sizeof(ControlHeader)));
    advance(wanted);
    return {};
}

Result<> IncomingControl::put_files(PassedFiles files) {
    if (files.count() == 0)
        return {};
    const u64 room =
        left_ > sizeof(ControlHeader) ? (left_ - sizeof(ControlHeader)) / sizeof(i32) : 0;
    u32 installed = 0;
    while (installed < files.count() && installed < room) {
        const auto fd = install_file(Ref<OpenFile>::share(files.at(installed)), close_on_exec_);
        if (!fd)
            break;
        const u64 place = next_.value + sizeof(ControlHeader) + installed * sizeof(i32);
        const i32 number = static_cast<i32>(*fd);
        if (!core::copy_to_user(UserVirt(place), &number, sizeof number)) {
            (void)Task::current().files->close(*fd);
            break;
        }
        ++installed;
    }
    truncated_ = truncated_ || installed < files.count();
    if (installed == 0)
        return {};
    const u64 length = sizeof(ControlHeader) + installed * sizeof(i32);
    TRY(put_header(control_type::rights, length));
    advance(length);
    return {};
}

Result<> OptionTarget::put(const void* value, u32 size) {
    size_ = std::min(size_, size);
    return core::copy_to_user(address_, value, size_);
}

} // namespace linux

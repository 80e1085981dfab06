// SPDX-License-Identifier: BSD-2-Clause
// User memory as arguments of system calls: opaque typed pointers that are copied, once, with every
// fault an efault. Process context; may sleep for page-in. No spinning lock may be held.
#pragma once

#include <span>
#include <string_view>
#include <type_traits>

#include "arch/api/user_copy.h"
#include "base/address.h"
#include "base/result.h"
#include "core/debug/shadow.h"
#include "core/vm/protection.h"

namespace core {

// The first address that is not a program's; the last user page is never mapped.
inline constexpr u64 user_end = 0x0000'7fff'ffff'f000;

inline Result<> copy_from_user(void* target, UserVirt source, usize size) {
    if (size > user_end || source.value > user_end - size) [[unlikely]]
        return Failure(Errno::fault);
    check_range(target, size, true);
    if (arch::copy_from_user(target, source.value, size) != 0) [[unlikely]]
        return Failure(Errno::fault);
    return {};
}
inline Result<> copy_to_user(UserVirt target, const void* source, usize size) {
    if (size > user_end || target.value > user_end - size) [[unlikely]]
        return Failure(Errno::fault);
    check_range(source, size, false);
    if (arch::copy_to_user(target.value, source, size) != 0) [[unlikely]]
        return Failure(Errno::fault);
    return {};
}
inline Result<> clear_user(UserVirt target, usize size) {
    if (size > user_end || target.value > user_end - size) [[unlikely]]
        return Failure(Errno::fault);
    if (arch::clear_user(target.value, size) != 0) [[unlikely]]
        return Failure(Errno::fault);
    return {};
}
// The same, giving the number of bytes copied before the fault (0..size).
usize copy_from_user_partial(void* target, UserVirt source, usize size);
usize copy_to_user_partial(UserVirt target, const void* source, usize size);

// What may cross the boundary: plain data without padding (which would leak kernel bytes).
template <typename T>
concept UserReadable = std::is_trivially_copyable_v<T>;
template <typename T>
concept UserWritable =
    std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

// A user pointer to a T the call reads.
template <UserReadable T>
class UserIn {
public:
    constexpr UserIn() = default;
    constexpr explicit UserIn(u64 address) : address_(address) {}
    explicit operator bool() const { return address_ != 0; }
    UserVirt address() const { return UserVirt(address_); }

    Result<T> read() const { return read_at(0); }
    Result<T> read_at(usize index) const {
        T value;
        TRY(copy_from_user(&value, UserVirt(address_ + index * sizeof(T)), sizeof(T)));
        return value;
    }
    Result<> read_array(std::span<T> target) const {
        return copy_from_user(target.data(), UserVirt(address_), target.size_bytes());
    }
    UserIn operator+(usize index) const { return UserIn(address_ + index * sizeof(T)); }

private:
    u64 address_ = 0;
};

// A user pointer to a T the call writes.
template <UserWritable T>
class UserOut {
public:
    constexpr UserOut() = default;
    constexpr explicit UserOut(u64 address) : address_(address) {}
    explicit operator bool() const { return address_ != 0; }
    UserVirt address() const { return UserVirt(address_); }

    Result<> write(const T& value) const { return write_at(0, value); }
    Result<> write_at(usize index, const T& value) const {
        return copy_to_user(UserVirt(address_ + index * sizeof(T)), &value, sizeof(T));
    }
    Result<> write_array(std::span<const T> source) const {
        return copy_to_user(UserVirt(address_), source.data(), source.size_bytes());
    }

private:
    u64 address_ = 0;
};

// A user pointer to a T the call reads and writes back.
template <UserWritable T>
class UserInOut {
public:
    constexpr UserInOut() = default;
    constexpr explicit UserInOut(u64 address) : address_(address) {}
    explicit operator bool() const { return address_ != 0; }
    UserVirt address() const { return UserVirt(address_); }

    Result<T> read() const { return UserIn<T>(address_).read(); }
    Result<> write(const T& value) const { return UserOut<T>(address_).write(value); }

private:
    u64 address_ = 0;
};

// Bytes of the program: an address and a length, consumed from the front.
class UserSpan {
public:
    UserSpan() = default;
    UserSpan(UserVirt address, usize size) : address_(address), size_(size) {}

    UserVirt address() const { return address_; }
    usize size() const { return size_; }
    bool empty() const { return size_ == 0; }

    // Copies the first bytes and moves past them; the target (source) is not larger than this span.
    Result<> read(std::span<u8> target) {
        TRY(copy_from_user(target.data(), address_, target.size()));
        advance(target.size());
        return {};
    }
    Result<> write(std::span<const u8> source) {
        TRY(copy_to_user(address_, source.data(), source.size()));
        advance(source.size());
        return {};
    }
    void advance(usize bytes) {
        address_ += bytes;
        size_ -= bytes;
    }
    UserSpan first(usize bytes) const { return {address_, bytes < size_ ? bytes : size_}; }

private:
    UserVirt address_;
    usize size_ = 0;
};

// A NUL-terminated string of the program.
class UserString {
public:
    constexpr UserString() = default;
    constexpr explicit UserString(u64 address) : address_(address) {}
    explicit operator bool() const { return address_ != 0; }
    UserVirt address() const { return UserVirt(address_); }

    // Copies up to and without the NUL; the view lies in `buffer`, which gets a NUL too.
    // Errors: fault, nametoolong (no NUL within the buffer).
    Result<std::string_view> read(std::span<char> buffer) const;

private:
    u64 address_ = 0;
};

// A word of the program, atomically. Fails with fault instead of paging in, so that it may be
// called with a spinning lock held (futex); the caller then drops the lock, faults it in and tries
// again.
Result<u32> try_read_user_word(UserVirt address);
Result<u32> try_compare_exchange_user_word(UserVirt address, u32 expected, u32 desired);
// Makes the page of `address` present for `access`. Errors: fault.
Result<> fault_in(UserVirt address, Access access);

} // namespace core

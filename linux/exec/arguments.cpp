// SPDX-License-Identifier: BSD-2-Clause
#include "linux/exec/arguments.h"

#include <algorithm>

#include "base/memory_functions.h"
#include "linux/process/process.h"

namespace linux {

namespace {

constexpr u64 string_maximum = 128 * 1024; // MAX_ARG_STRLEN
constexpr u64 least_limit = 128 * 1024;    // ARG_MAX
constexpr u64 most_limit = 6 * 1024 * 1024;

u64 limit_of_current() {
    return std::clamp(Process::current().limit(Resource::stack) / 4, least_limit, most_limit);
}

} // namespace

StringBlock::StringBlock(StringBlock&& other) noexcept
    : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)), count_(std::exchange(other.count_, 0)) {}

StringBlock& StringBlock::operator=(StringBlock&& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    std::swap(bytes_, other.bytes_);
    std::swap(count_, other.count_);
    return *this;
}

StringBlock::~StringBlock() {
    while (Chunk* chunk = first_) {
        first_ = chunk->next;
        delete chunk;
    }
}

Result<> StringBlock::make_room() {
    if (last_ && last_->used < Chunk::capacity)
        return {};
    Chunk* chunk = new (base::fallible) Chunk;
    if (!chunk)
        return Failure(Errno::nomem);
    (last_ ? last_->next : first_) = chunk;
    last_ = chunk;
    return {};
}

Result<> StringBlock::append_user(UserVirt string, u64 limit) {
    u64 length = 0;
    while (true) {
        TRY(make_room());
        if (string.value >= core::user_end)
            return Failure(Errno::fault);
        const usize room = static_cast<usize>(
            std::min<u64>(Chunk::capacity - last_->used, core::user_end - string.value));
        const usize got =
            arch::arch_copy_string_from_user(last_->bytes + last_->used, string.value, room);
        if (got == ~usize{0})
            return Failure(Errno::fault);
        const bool ended = got < room;
        const u64 bytes = ended ? got + 1 : room;
        last_->used += static_cast<u32>(bytes);
        bytes_ += bytes;
        length += bytes;
        string += bytes;
        if (length > string_maximum || bytes_ > limit)
            return Failure(Errno::e2big);
        if (ended)
            break;
    }
    ++count_;
    return {};
}

Result<> StringBlock::append_bytes(const char* bytes, u64 size, u64 limit) {
    if (bytes_ + size > limit)
        return Failure(Errno::e2big);
    while (size != 0) {
        TRY(make_room());
        const u64 part = std::min<u64>(size, Chunk::capacity - last_->used);
        memcpy(last_->bytes + last_->used, bytes, part);
        last_->used += static_cast<u32>(part);
        bytes_ += part;
        bytes += part;
        size -= part;
    }
    return {};
}

Result<> StringBlock::append(std::string_view string, u64 limit) {
    TRY(append_bytes(string.data(), string.size(), limit));
    TRY(append_bytes("", 1, limit));
    ++count_;
    return {};
}

u64 StringBlock::first_length() const {
    u64 length = 0;
    for (const Chunk* chunk = first_; chunk; chunk = chunk->next)
        for (u32 i = 0; i < chunk->used; ++i) {
            ++length;
            if (chunk->bytes[i] == 0)
                return length;
        }
    return length;
}

Result<> StringBlock::append_rest(const StringBlock& other, u64 limit) {
    if (other.count_ == 0)
        return {};
    u64 skip = other.first_length();
    for (const Chunk* chunk = other.first_; chunk; chunk = chunk->next) {
        if (skip >= chunk->used) {
            skip -= chunk->used;
            continue;
        }
        TRY(append_bytes(chunk->bytes + skip, chunk->used - skip, limit));
        skip = 0;
    }
    count_ += other.count_ - 1;
    return {};
}

Result<> StringBlock::write_to(core::AddressSpace& space, u64 target) const {
    for (const Chunk* chunk = first_; chunk; chunk = chunk->next) {
        TRY(space.write_memory(UserVirt(target),
                               {reinterpret_cast<const u8*>(chunk->bytes), chunk->used}, true));
        target += chunk->used;
    }
    return {};
}

namespace {

// The pointers themselves count too, as they take stack.
Result<> append_user_list(StringBlock& block, u64 list, u64& limit) {
    if (list == 0)
        return {};
    const core::UserIn<u64> pointers(list);
    for (usize i = 0;; ++i) {
        const u64 string = TRY(pointers.read_at(i));
        if (string == 0)
            return {};
        if (limit < block.bytes() + 8)
            return Failure(Errno::e2big);
        limit -= 8;
        TRY(block.append_user(UserVirt(string), limit));
    }
}

Result<> append_kernel_list(StringBlock& block, const char* const* list, u64& limit) {
    for (; list && *list; ++list) {
        limit -= 8;
        TRY(block.append(*list, limit));
    }
    return {};
}

} // namespace

Result<ProgramArguments> ProgramArguments::from_user(u64 arguments, u64 environment) {
    ProgramArguments result;
    result.limit = limit_of_current();
    TRY(append_user_list(result.arguments, arguments, result.limit));
    u64 left = result.limit - result.arguments.bytes();
    TRY(append_user_list(result.environment, environment, left));
    result.limit = left + result.arguments.bytes();
    if (result.arguments.count() == 0) // programs rely on an argv[0]
        TRY(result.arguments.append("", result.limit));
    return result;
}

Result<ProgramArguments> ProgramArguments::from_kernel(const char* const* arguments,
                                                       const char* const* environment) {
    ProgramArguments result;
    result.limit = most_limit;
    TRY(append_kernel_list(result.arguments, arguments, result.limit));
    TRY(append_kernel_list(result.environment, environment, result.limit));
    return result;
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/io_cursor.h"

#include "base/units.h"

namespace linux {

IoCursor::IoCursor(std::span<const IoVector> vector)
    : left_(0), address_(0), segment_(0), vector_(vector) {
    for (const IoVector& part : vector)
        left_ += part.length;
    next_segment();
}

void IoCursor::next_segment() {
    while (segment_ == 0 && !vector_.empty()) {
        address_ = vector_.front().base;
        segment_ = vector_.front().length < left_ ? vector_.front().length : left_;
        vector_ = vector_.subspan(1);
    }
}

void IoCursor::advance(usize size) {
    while (size > 0) {
        const usize part = size < segment_ ? size : segment_;
        address_ += part;
        segment_ -= part;
        left_ -= part;
        size -= part;
        if (segment_ == 0)
            next_segment();
    }
}

void IoCursor::limit(usize size) {
    if (size >= left_)
        return;
    left_ = size;
    if (segment_ > left_)
        segment_ = left_;
}

namespace {

// Bytes that lie in user addresses at all.
bool is_user_range(u64 address, usize size) {
    return size <= core::user_end && address <= core::user_end - size;
}

// The raw copies may stop a word early at a page that is missing: the rest up to it goes byte by
// byte.
usize exact_copy_to(u64 target, const u8* source, usize size) {
    usize missing = arch::copy_to_user(target, source, size);
    while (missing != 0) {
        const usize done = size - missing;
        if (arch::copy_to_user(target + done, source + done, 1) != 0)
            break;
        --missing;
    }
    return missing;
}

usize exact_copy_from(u8* target, u64 source, usize size) {
    usize missing = arch::copy_from_user(target, source, size);
    while (missing != 0) {
        const usize done = size - missing;
        if (arch::copy_from_user(target + done, source + done, 1) != 0)
            break;
        --missing;
    }
    return missing;
}

usize exact_clear(u64 target, usize size) {
    usize missing = arch::clear_user(target, size);
    while (missing != 0 && arch::clear_user(target + size - missing, 1) == 0)
        --missing;
    return missing;
}

} // namespace

// Moves up to `size` bytes segment by segment; move(address, done, part) gives what is missing of a
// part.
template <typename Move>
Result<usize> IoCursor::move(usize size, Move move_part) {
    const usize wanted = size < left_ ? size : left_;
    usize done = 0;
    if (wanted < segment_ || (wanted == segment_ && vector_.empty())) [[likely]] { // all in one
        const usize missing =
            kernel_ || is_user_range(address_, wanted) ? move_part(address_, 0, wanted) : wanted;
        done = wanted - missing;
        address_ += done;
        segment_ -= done;
        left_ -= done;
        if (done == 0 && missing != 0) [[unlikely]]
            return Failure(Errno::fault);
        return done;
    }
    while (done < wanted) {
        const usize part = wanted - done < segment_ ? wanted - done : segment_;
        const usize missing =
            kernel_ || is_user_range(address_, part) ? move_part(address_, done, part) : part;
        advance(part - missing);
        done += part - missing;
        if (missing != 0) [[unlikely]] {
            if (done == 0)
                return Failure(Errno::fault);
            break;
        }
    }
    return done;
}

Result<usize> IoCursor::copy_to(const void* source, usize size) {
    const u8* from = static_cast<const u8*>(source);
    return move(size, [this, from](u64 address, usize done, usize part) -> usize {
        if (!kernel_)
            return exact_copy_to(address, from + done, part);
        __builtin_memcpy(reinterpret_cast<void*>(address), from + done, part);
        return 0;
    });
}

Result<usize> IoCursor::copy_from(void* target, usize size) {
    u8* to = static_cast<u8*>(target);
    return move(size, [this, to](u64 address, usize done, usize part) -> usize {
        if (!kernel_)
            return exact_copy_from(to + done, address, part);
        __builtin_memcpy(to + done, reinterpret_cast<const void*>(address), part);
        return 0;
    });
}

Result<usize> IoCursor::fill_zero(usize size) {
    return move(size, [this](u64 address, usize, usize part) -> usize {
        if (!kernel_)
            return exact_clear(address, part);
        __builtin_memset(reinterpret_cast<void*>(address), 0, part);
        return 0;
    });
}

namespace {

// Mostly the page is there: a look at one word is cheaper than asking the address space.
Result<> fault_in_page(u64 address, core::Access access) {
    if (access == core::Access::read && core::try_read_user_word(UserVirt(address & ~u64{3})))
        return {};
    return core::fault_in(UserVirt(address), access);
}

} // namespace

Result<usize> IoCursor::fault_in(usize size, core::Access access) {
    const usize part = size < segment_ ? size : segment_;
    if (kernel_ || part == 0)
        return part;
    if (!is_user_range(address_, 1))
        return Failure(Errno::fault);
    TRY(fault_in_page(address_, access));
    const usize in_first = page_size - (address_ & (page_size - 1));
    if (part <= in_first)
        return part;
    const u64 last = address_ + part - 1;
    if (!is_user_range(address_, part) || !fault_in_page(last, access))
        return in_first;
    return part;
}

} // namespace linux

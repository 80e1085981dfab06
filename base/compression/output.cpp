// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/output.h"

#include "base/bits.h"

namespace base::compression {
namespace {

constexpr usize first_capacity = 256 << 10;
constexpr u64 largest_window = u64{1} << 40; // sums of such sizes cannot overflow

} // namespace

Output::~Output() {
    if (buffer_)
        memory_.release({buffer_, capacity_ + loose});
}

Result<> Output::begin(u64 window, usize step, Check* check) {
    check_ = nullptr; // the last stream's may be gone
    complaint_ = {};
    TRY(flush());
    if (window > largest_window)
        return fail("its window is larger than any memory", Errno::fbig);
    check_ = check;
    window_ = static_cast<usize>(window);
    step_ = step;
    start_ = flushed_ = at_;
    flushed_before_ = 0;
    return {};
}

Result<> Output::flush() {
    const std::span<const u8> fresh(buffer_ + flushed_, at_ - flushed_);
    if (fresh.empty())
        return {};
    if (check_)
        check_->update(fresh);
    flushed_before_ += fresh.size();
    flushed_ = at_;
    return consumer_.take(fresh);
}

// Puts the bytes still needed at the front of `block`, which becomes the buffer, or of the buffer
// itself.
void Output::replace(std::span<u8> block) {
    const usize count = kept();
    if (count > 0)
        memmove(block.data(), buffer_ + at_ - count, count);
    if (block.data() != buffer_) {
        if (buffer_)
            memory_.release({buffer_, capacity_ + loose});
        buffer_ = block.data();
        capacity_ = block.size() - loose;
    }
    start_ = 0;
    at_ = flushed_ = count;
}

// A larger buffer: twice as large, up to two windows, so that sliding moves a byte once; where
// memory is short, one that just does.
Result<> Output::grow(usize more) {
    const usize least = kept() + more;
    const usize most = window_ + maximum(maximum(window_, step_), first_capacity);
    usize wanted = minimum(maximum(capacity_ * 2, first_capacity), most);
    wanted = maximum(wanted, least);
    auto block = memory_.allocate(wanted + loose);
    if (!block && capacity_ < least)
        block = memory_.allocate(least + minimum(least / 8, first_capacity) + loose);
    if (!block)
        return Failure(block.error());
    replace(*block);
    return {};
}

Result<> Output::make_room(usize more) {
    VERIFY(more <= step_);
    TRY(flush());
    const bool large = capacity_ >= window_ + maximum(window_, step_);
    const bool enough = capacity_ >= kept() + more;
    if (!large || !enough) {
        const Result<> grown = grow(more);
        if (grown)
            return {};
        if (!enough)
            return fail("no memory for its window", grown.error());
    }
    replace({buffer_, capacity_ + loose});
    return {};
}

} // namespace base::compression

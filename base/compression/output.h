// SPDX-License-Identifier: BSD-2-Clause
// Output: where a decompressor puts its bytes. The last ones stay at hand, for copies of what was
// said before (LZ77); all of them go to a Consumer, in order and in pieces. One thread at a time.
#pragma once

#include <span>
#include <string_view>

#include "base/memory_functions.h"
#include "base/result.h"

namespace base::compression {

// Memory for windows: the home gives it. Errors: nomem.
class Memory {
public:
    virtual Result<std::span<u8>> allocate(usize size) = 0;
    virtual void release(std::span<u8> block) = 0;

protected:
    ~Memory() = default;
};

// Takes what was unpacked. Its errors end the unpacking and are the decompressor's answer.
class Consumer {
public:
    virtual Result<> take(std::span<const u8> bytes) = 0;

protected:
    ~Consumer() = default;
};

// A sum over what was unpacked.
class Check {
public:
    virtual void update(std::span<const u8> bytes) = 0;

protected:
    ~Check() = default;
};

class Output {
public:
    // Both outlive the output. Copies may write so many bytes behind what was asked for.
    static constexpr usize loose = 16;

    Output(Memory& memory, Consumer& consumer) : memory_(memory), consumer_(consumer) {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output();

    // A new stream, which cannot see what came before it: copies reach back at most `window` bytes,
    // reserve() asks for at most `step`. Memory is taken as the bytes come. `check`, perhaps null,
    // sees all bytes before the consumer does. Errors: the consumer's, fbig (a window no memory
    // can hold).
    Result<> begin(u64 window, usize step, Check* check);

    // Room for `more` bytes behind what is there. Errors: nomem, the consumer's.
    Result<> reserve(usize more) {
        if (more <= capacity_ - at_) [[likely]]
            return {};
        return make_room(more);
    }
    // Hands on everything; the check is complete afterwards. Errors: the consumer's.
    Result<> flush();

    // Bytes made since begin().
    u64 produced() const { return flushed_before_ + (at_ - flushed_); }
    // Whether a copy may start so far back.
    bool reaches(usize distance) const {
        return distance - 1 < at_ - start_ && distance <= window_; // never for 0
    }

    // The calls below are for room that was reserved.
    void append(u8 byte) { buffer_[at_++] = byte; }
    void append(std::span<const u8> bytes) {
        if (bytes.empty())
            return;
        memcpy(buffer_ + at_, bytes.data(), bytes.size());
        at_ += bytes.size();
    }
    // As append, from where `loose` bytes more may be read.
    void append_loose(const u8* from, usize count) {
        u8* to = buffer_ + at_;
        at_ += count;
        if (count > loose) {
            memcpy(to, from, count);
            return;
        }
        copy_word(to, from);
        copy_word(to + 8, from + 8);
    }
    void fill(u8 byte, usize count) {
        memset(buffer_ + at_, byte, count);
        at_ += count;
    }
    // `count` bytes from `distance` back, which may overlap what they make. reaches(distance).
    void repeat(usize distance, usize count) {
        u8* to = buffer_ + at_;
        at_ += count;
        usize done = 0;
        // A pattern shorter than a word is said again until it is one.
        for (; distance < 8 && done < count; distance *= 2) {
            for (usize end = done + distance; done < end; ++done)
                to[done] = *(to - distance + done);
        }
        for (; done < count; done += 8)
            copy_word(to + done, to - distance + done);
    }
    // The byte `distance` back; 0 where nothing is.
    u8 back(usize distance) const { return reaches(distance) ? buffer_[at_ - distance] : 0; }

    // Why the last stream failed, for a person: the first reason that was given.
    std::string_view complaint() const { return complaint_; }
    // Gives the reason of a failure: `return output.fail("...")`.
    Failure fail(std::string_view why, Errno error = Errno::badmsg) {
        if (complaint_.empty())
            complaint_ = why;
        return Failure(error);
    }

private:
    static void copy_word(u8* to, const u8* from) {
        u64 word;
        __builtin_memcpy(&word, from, 8);
        __builtin_memcpy(to, &word, 8);
    }
    usize kept() const { return at_ - start_ < window_ ? at_ - start_ : window_; }
    Result<> make_room(usize more);
    Result<> grow(usize more);
    void replace(std::span<u8> block);

    Memory& memory_;
    Consumer& consumer_;
    Check* check_ = nullptr;
    u8* buffer_ = nullptr;
    usize capacity_ = 0;     // without the loose bytes at the end
    usize at_ = 0;           // where the next byte goes
    usize start_ = 0;        // first byte of this stream that is still there
    usize flushed_ = 0;      // from here on the consumer has not seen
    u64 flushed_before_ = 0; // bytes of this stream the consumer has seen
    usize window_ = 0;
    usize step_ = 0;
    std::string_view complaint_;
};

} // namespace base::compression

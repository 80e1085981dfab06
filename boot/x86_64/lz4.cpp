// SPDX-License-Identifier: BSD-2-Clause
// LZ4 block decompression (LZ4 block format description: token, literals, offset, match).
#include "boot/x86_64/loader.h"

namespace boot {
namespace {

class Unpacker {
public:
    Unpacker(std::span<const u8> input, std::span<u8> output) : input_(input), output_(output) {}

    usize run() {
        while (in_ < input_.size()) {
            const u8 token = input_[in_++];
            copy_literals(length(token >> 4));
            if (in_ == input_.size())
                break; // the last sequence has no match
            if (input_.size() - in_ < 2)
                fail("compressed kernel cut short");
            const usize offset = input_[in_] | (input_[in_ + 1] << 8);
            in_ += 2;
            copy_match(offset, length(token & 15) + 4);
        }
        return out_;
    }

private:
    usize length(usize nibble) {
        if (nibble != 15)
            return nibble;
        u8 more;
        do {
            if (in_ == input_.size())
                fail("compressed kernel cut short");
            more = input_[in_++];
            nibble += more;
        } while (more == 255);
        return nibble;
    }

    void copy_literals(usize count) {
        if (count > input_.size() - in_ || count > output_.size() - out_)
            fail("compressed kernel damaged");
        __builtin_memcpy(output_.data() + out_, input_.data() + in_, count);
        in_ += count;
        out_ += count;
    }

    void copy_match(usize offset, usize count) {
        if (offset == 0 || offset > out_ || count > output_.size() - out_)
            fail("compressed kernel damaged");
        u8* to = output_.data() + out_;
        const u8* from = to - offset;
        out_ += count;
        if (offset >= 8) {
            for (; count >= 8; count -= 8, to += 8, from += 8)
                __builtin_memcpy(to, from, 8);
        }
        for (usize i = 0; i < count; ++i)
            to[i] = from[i];
    }

    std::span<const u8> input_;
    std::span<u8> output_;
    usize in_ = 0;
    usize out_ = 0;
};

} // namespace

usize decompress_lz4(std::span<const u8> input, std::span<u8> output) {
    return Unpacker(input, output).run();
}

} // namespace boot

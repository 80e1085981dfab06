// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/lz4.h"

#include "base/bits.h"
#include "base/compression/input.h"
#include "base/compression/xxhash.h"

namespace base::compression {
namespace {

constexpr usize window = 64 << 10;
constexpr usize step = 64 << 10; // literals and copies are taken in pieces of this size
constexpr usize shortest_match = 4;
constexpr std::string_view cut_short = "cut short";

// One block: sequences of literals and a copy, the last without its copy.
class Block {
public:
    // `most` bounds what the block may hold; `reach` is how many bytes before it copies may use.
    Block(std::span<const u8> input, Output& output, usize most, usize reach)
        : input_(input), output_(output), left_(most), made_(reach) {}

    Result<> run() {
        while (input_.has(1)) {
            const u8 token = input_.byte();
            TRY(take_literals(TRY(length(token >> 4))));
            if (!input_.has(1))
                return {};
            TRY(take_match(token & 15));
        }
        return output_.fail(cut_short);
    }

private:
    Result<usize> length(usize nibble) {
        usize total = nibble;
        if (nibble < 15)
            return total;
        for (u8 more = 255; more == 255; total += more) {
            if (!input_.has(1))
                return output_.fail(cut_short);
            more = input_.byte();
        }
        return total;
    }

    Result<> count_down(usize count) {
        if (count > left_)
            return output_.fail("a block that holds more than it may");
        left_ -= count;
        made_ += count;
        return {};
    }

    Result<> take_literals(usize count) {
        if (!input_.has(count))
            return output_.fail(cut_short);
        TRY(count_down(count));
        while (count > 0) {
            const usize piece = minimum(count, step);
            TRY(output_.reserve(piece));
            if (input_.has(piece + Output::loose)) {
                output_.append_loose(input_.here(), piece);
                input_.skip(piece);
            } else {
                output_.append(input_.take(piece));
            }
            count -= piece;
        }
        return {};
    }

    Result<> take_match(usize nibble) {
        if (!input_.has(2))
            return output_.fail(cut_short);
        const usize distance = input_.integer(2);
        usize count = TRY(length(nibble)) + shortest_match;
        if (distance > made_ || !output_.reaches(distance))
            return output_.fail("a copy from before its beginning");
        TRY(count_down(count));
        while (count > 0) {
            const usize piece = minimum(count, step);
            TRY(output_.reserve(piece));
            output_.repeat(distance, piece);
            count -= piece;
        }
        return {};
    }

    Input input_;
    Output& output_;
    usize left_;
    usize made_; // bytes copies may reach back over
};

// What a frame's descriptor says.
struct Descriptor {
    bool independent, block_sums, content_sum;
    bool has_size;
    usize largest_block;
    u64 size;
};

Result<Descriptor> read_descriptor(Input& input, Output& output) {
    if (!input.has(3))
        return output.fail(cut_short);
    const usize start = input.position();
    const u8 flags = input.byte(), sizes = input.byte();
    if (flags >> 6 != 1 || (flags & 2) || (sizes & 0x8f) || (sizes >> 4 & 7) < 4)
        return output.fail("a frame of no known version");
    Descriptor made{.independent = (flags & 0x20) != 0,
                    .block_sums = (flags & 0x10) != 0,
                    .content_sum = (flags & 4) != 0,
                    .has_size = (flags & 8) != 0,
                    .largest_block = usize{256} << (2 * (sizes >> 4)),
                    .size = 0};
    if (made.has_size) {
        if (!input.has(9))
            return output.fail(cut_short);
        made.size = input.integer(8);
    }
    if (flags & 1)
        return output.fail("it needs a dictionary", Errno::opnotsupp);
    const u32 sum = xxhash<XxHash32>(input.since(start));
    if (input.byte() != (sum >> 8 & 0xff))
        return output.fail("its header is damaged");
    return made;
}

constexpr u32 stored_block = u32{1} << 31;

// The block whose length word was read.
Result<> read_block(u32 word, const Descriptor& frame, Input& input, Output& output) {
    const usize size = word & ~stored_block;
    if (size > frame.largest_block)
        return output.fail("a block larger than it may be");
    if (!input.has(size + (frame.block_sums ? 4 : 0)))
        return output.fail(cut_short);
    const auto bytes = input.take(size);
    if (frame.block_sums && input.integer(4) != xxhash<XxHash32>(bytes))
        return output.fail("a block's checksum does not match");
    if (!(word & stored_block))
        return Block(bytes, output, frame.largest_block, frame.independent ? 0 : window).run();
    for (usize done = 0; done < size; done += step) {
        const usize piece = minimum(size - done, step);
        TRY(output.reserve(piece));
        output.append(bytes.subspan(done, piece));
    }
    return {};
}

} // namespace

Result<usize> unpack_lz4_legacy(std::span<const u8> bytes, Output& output) {
    constexpr usize largest_block = 8 << 20;
    constexpr usize largest_packed = largest_block + largest_block / 255 + 16; // of noise
    TRY(output.begin(window, step, nullptr));
    Input input(bytes);
    input.skip(minimum<usize>(4, bytes.size()));
    while (input.has(4)) {
        const u64 size = little_endian(input.here(), 4);
        if (size == 0 || size > largest_packed)
            break; // padding, or something else's magic number
        input.skip(4);
        if (!input.has(size))
            return output.fail(cut_short);
        TRY(Block(input.take(size), output, largest_block, 0).run());
    }
    TRY(output.flush());
    return input.position();
}

Result<usize> unpack_lz4(std::span<const u8> bytes, Output& output) {
    XxHash32 check;
    Input input(bytes);
    input.skip(minimum<usize>(4, bytes.size()));
    const Descriptor frame = TRY(read_descriptor(input, output));
    TRY(output.begin(window, step, frame.content_sum ? &check : nullptr));
    for (;;) {
        if (!input.has(4))
            return output.fail(cut_short);
        const u32 word = static_cast<u32>(input.integer(4));
        if (word == 0)
            break;
        TRY(read_block(word, frame, input, output));
    }
    TRY(output.flush());
    if (frame.has_size && output.produced() != frame.size)
        return output.fail("its length does not match");
    if (frame.content_sum) {
        if (!input.has(4))
            return output.fail(cut_short);
        if (input.integer(4) != check.value())
            return output.fail("its checksum does not match");
    }
    return input.position();
}

} // namespace base::compression

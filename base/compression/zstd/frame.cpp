// SPDX-License-Identifier: BSD-2-Clause
// Frames and blocks (RFC 8878, 3.1).
#include "base/bits.h"
#include "base/box.h"
#include "base/compression/xxhash.h"
#include "base/compression/zstd/sequences.h"
#include "base/compression/zstd/zstd.h"

namespace base::compression {
namespace {

constexpr std::string_view cut_short = "cut short";

struct FrameHeader {
    u64 window = 0;
    u64 size = 0;
    bool has_size = false, has_check = false;
};

Result<FrameHeader> read_header(Input& input, Output& output) {
    static constexpr u8 dictionary_sizes[4] = {0, 1, 2, 4};
    if (!input.has(1))
        return output.fail(cut_short);
    const u8 flags = input.byte();
    const bool single = flags & 0x20;
    const unsigned size_format = flags >> 6;
    const usize size_length = size_format == 0 ? (single ? 1 : 0) : usize{1} << size_format;
    const usize dictionary_length = dictionary_sizes[flags & 3];
    if (flags & 8)
        return output.fail("a frame of no known kind");
    if (!input.has((single ? 0 : 1) + dictionary_length + size_length))
        return output.fail(cut_short);
    FrameHeader header;
    header.has_check = flags & 4;
    header.has_size = size_length > 0;
    if (!single) {
        const u8 window = input.byte();
        const u64 base = u64{1} << (10 + (window >> 3));
        header.window = base + base / 8 * (window & 7);
    }
    if (input.integer(dictionary_length) != 0)
        return output.fail("it needs a dictionary", Errno::opnotsupp);
    header.size = input.integer(size_length) + (size_format == 1 ? 256 : 0);
    if (single)
        header.window = header.size;
    return header;
}

class Frame {
public:
    explicit Frame(Output& output) : output_(output) {}

    Result<> run(Input& input) {
        const FrameHeader header = TRY(read_header(input, output_));
        TRY(output_.begin(header.window, zstd_block_size, header.has_check ? &check_ : nullptr));
        literals_.restart();
        sequences_.restart();
        largest_block_ = static_cast<usize>(minimum<u64>(header.window, zstd_block_size));
        while (!TRY(run_block(input))) {
        }
        TRY(output_.flush());
        if (header.has_size && output_.produced() != header.size)
            return output_.fail("its length does not match");
        if (!header.has_check)
            return {};
        if (!input.has(4))
            return output_.fail(cut_short);
        if (input.integer(4) != static_cast<u32>(check_.value()))
            return output_.fail("its checksum does not match");
        return {};
    }

private:
    enum class Kind : u8 { raw, repeated, compressed };

    // Gives whether it was the last block.
    Result<bool> run_block(Input& input) {
        if (!input.has(3))
            return output_.fail(cut_short);
        const u64 header = input.integer(3);
        const Kind kind = static_cast<Kind>(header >> 1 & 3);
        const usize size = header >> 3;
        if (kind > Kind::compressed)
            return output_.fail("a block of no known kind");
        if (size > largest_block_)
            return output_.fail("a block larger than it may be");
        if (!input.has(kind == Kind::repeated ? 1 : size))
            return output_.fail(cut_short);
        TRY(output_.reserve(zstd_block_size));
        if (kind == Kind::raw) {
            output_.append(input.take(size));
        } else if (kind == Kind::repeated) {
            output_.fill(input.byte(), size);
        } else {
            const auto block = input.take(size);
            const usize literals = TRY(literals_.read(block, output_));
            TRY(sequences_.run(block.subspan(literals), literals_, output_));
        }
        return (header & 1) != 0;
    }

    Output& output_;
    usize largest_block_ = 0;
    XxHash64 check_;
    Sequences sequences_;
    Literals literals_;
};

Result<> skip_frame(Input& input, Output& output) {
    if (!input.has(4))
        return output.fail(cut_short);
    const usize size = input.integer(4);
    if (!input.has(size))
        return output.fail(cut_short);
    input.skip(size);
    return {};
}

} // namespace

Result<usize> unpack_zstd(std::span<const u8> bytes, Output& output) {
    constexpr u32 magic = 0xfd2f'b528, skippable = 0x184d'2a50;
    Input input(bytes);
    if (!input.has(4))
        return output.fail(cut_short);
    const u32 found = static_cast<u32>(input.integer(4));
    if ((found & ~15u) == skippable) {
        TRY(skip_frame(input, output));
    } else if (found == magic) {
        auto frame = TRY(Box<Frame>::create(output));
        TRY(frame->run(input));
    } else {
        return output.fail("not a frame");
    }
    return input.position();
}

} // namespace base::compression

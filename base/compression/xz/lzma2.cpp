// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/xz/lzma2.h"

namespace base::compression {
namespace {

constexpr std::string_view cut_short = "cut short";
constexpr u8 end_mark = 0, plain_first = 1, plain = 2, compressed = 0x80;

// What a chunk of LZMA forgets of the ones before.
enum class Reset : u8 { nothing, state, properties, everything };

u32 big_endian_16(const u8* bytes) { return u32{bytes[0]} << 8 | bytes[1]; }

} // namespace

Result<> Lzma2::run(Input& input, Output& output) {
    needs_dictionary_ = needs_properties_ = true;
    for (;;) {
        if (!input.has(1))
            return output.fail(cut_short);
        const u8 control = input.byte();
        if (control == end_mark)
            return {};
        TRY(run_chunk(control, input, output));
    }
}

Result<> Lzma2::run_chunk(u8 control, Input& input, Output& output) {
    if (control > plain && control < compressed)
        return output.fail("a chunk of no known kind");
    const bool empties =
        control == plain_first ||
        (control >= compressed && static_cast<Reset>(control >> 5 & 3) == Reset::everything);
    if (empties) {
        lzma_.forget_dictionary();
        needs_dictionary_ = false;
        needs_properties_ = true;
    } else if (needs_dictionary_) {
        return output.fail("a first chunk that goes on with another");
    }
    return control >= compressed ? unpack(control, input, output) : copy_plain(input, output);
}

Result<> Lzma2::copy_plain(Input& input, Output& output) {
    if (!input.has(2))
        return output.fail(cut_short);
    const usize size = big_endian_16(input.here()) + 1;
    input.skip(2);
    if (!input.has(size))
        return output.fail(cut_short);
    TRY(output.reserve(size));
    output.append(input.take(size));
    lzma_.skip(size);
    return {};
}

Result<> Lzma2::unpack(u8 control, Input& input, Output& output) {
    const Reset reset = static_cast<Reset>(control >> 5 & 3);
    const bool has_properties = reset >= Reset::properties;
    if (!input.has(has_properties ? 5 : 4))
        return output.fail(cut_short);
    const usize size = (usize{control & 0x1fu} << 16) + big_endian_16(input.here()) + 1;
    const usize packed = big_endian_16(input.here() + 2) + 1;
    input.skip(4);
    if (has_properties) {
        if (!lzma_.set_properties(input.byte()))
            return output.fail("properties that cannot be");
        needs_properties_ = false;
    } else if (needs_properties_) {
        return output.fail("a chunk without properties");
    } else if (reset == Reset::state) {
        lzma_.restart();
    }
    if (!input.has(packed) || packed < RangeDecoder::header)
        return output.fail(cut_short);
    TRY(output.reserve(size));
    return lzma_.run(input.take(packed), size, output);
}

} // namespace base::compression

// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/zstd/literals.h"

namespace base::compression {
namespace {

enum class Kind : u8 { raw, repeated, compressed, treeless };

} // namespace

// RFC 8878, 3.1.1.3.1.1: kind, format of the sizes, sizes; 1 to 5 bytes.
bool Literals::read_header(std::span<const u8> block, Header& header) const {
    if (block.empty())
        return false;
    const Kind kind = static_cast<Kind>(block[0] & 3);
    const unsigned format = block[0] >> 2 & 3;
    if (kind == Kind::raw || kind == Kind::repeated) {
        header.length = format == 3 ? 3 : format == 1 ? 2 : 1;
        if (block.size() < header.length)
            return false;
        header.size = little_endian(block.data(), header.length) >> (header.length == 1 ? 3 : 4);
        header.packed = kind == Kind::raw ? header.size : 1;
        header.four_streams = false;
    } else {
        header.length = format == 3 ? 5 : format == 2 ? 4 : 3;
        if (block.size() < header.length)
            return false;
        const unsigned width = format == 3 ? 18 : format == 2 ? 14 : 10;
        const u64 sizes = little_endian(block.data(), header.length) >> 4;
        header.size = sizes & ((1u << width) - 1);
        header.packed = sizes >> width;
        header.four_streams = format != 0;
    }
    return header.size <= zstd_block_size && header.packed <= block.size() - header.length;
}

Result<usize> Literals::read(std::span<const u8> block, Output& output) {
    Header header{};
    if (!read_header(block, header))
        return output.fail("literals of an impossible size");
    const auto packed = block.subspan(header.length, header.packed);
    at_ = 0;
    size_ = header.size;
    const Kind kind = static_cast<Kind>(block[0] & 3);
    if (kind == Kind::repeated)
        memset(bytes_, packed[0], size_);
    else if (kind == Kind::raw && size_ > 0)
        memcpy(bytes_, packed.data(), size_);
    else if (kind != Kind::raw)
        TRY(unpack(packed, kind == Kind::compressed, header.four_streams, output));
    return header.length + header.packed;
}

Result<> Literals::unpack(std::span<const u8> packed, bool new_code, bool four_streams,
                          Output& output) {
    if (new_code) {
        const usize described = code_.read(packed);
        has_code_ = described != 0;
        if (!has_code_)
            return output.fail("a bad Huffman code");
        packed = packed.subspan(described);
    } else if (!has_code_) {
        return output.fail("a block without Huffman code");
    }
    const bool decoded = four_streams ? decode_four(packed) : code_.decode(packed, {bytes_, size_});
    if (!decoded)
        return output.fail("damaged literals");
    return {};
}

// The sizes of the first three streams, then four streams of as many literals each, but the last.
bool Literals::decode_four(std::span<const u8> streams) {
    constexpr usize table = 6;
    const usize each = (size_ + 3) / 4;
    if (streams.size() < table || each * 3 > size_)
        return false;
    auto rest = streams.subspan(table);
    for (usize i = 0; i < 4; ++i) {
        const usize length =
            i == 3 ? rest.size() : static_cast<usize>(little_endian(streams.data() + 2 * i, 2));
        if (length > rest.size())
            return false;
        const usize count = i == 3 ? size_ - 3 * each : each;
        if (!code_.decode(rest.first(length), {bytes_ + i * each, count}))
            return false;
        rest = rest.subspan(length);
    }
    return true;
}

} // namespace base::compression

// SPDX-License-Identifier: BSD-2-Clause
// Streams, blocks and the index (The .xz File Format 1.2.0, 2 to 4).
#include "base/compression/xz/xz.h"

#include "base/bits.h"
#include "base/box.h"
#include "base/compression/checks.h"
#include "base/compression/xz/lzma2.h"
#include "base/sha256.h"

namespace base::compression {
namespace {

constexpr std::string_view cut_short = "cut short";
constexpr usize header_size = 12, footer_size = 12;

// Kinds of check (2.1.1.2) and their sizes; a size of 0 but for `none` is not had.
enum CheckKind : u8 { none = 0, crc32 = 1, crc64 = 4, sha256 = 10 };

usize check_size(u8 kind) {
    switch (kind) {
    case crc32: return 4;
    case crc64: return 8;
    case sha256: return 32;
    default: return 0;
    }
}

std::string_view filter_name(u64 id) {
    switch (id) {
    case 3: return "it uses the delta filter, which Pith does not have";
    case 4: return "it uses the x86 filter, which Pith does not have: pack it without --x86";
    default: return "it uses a filter Pith does not have";
    }
}

// An integer of up to 9 bytes of 7 bits (1.2); false for a bad one.
bool read_number(Input& input, u64& value) {
    value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        if (!input.has(1))
            return false;
        const u8 byte = input.byte();
        value |= u64{byte & 0x7fu} << shift;
        if (!(byte & 0x80))
            return byte != 0 || shift == 0;
    }
    return false;
}

bool all_zero(std::span<const u8> bytes) {
    for (u8 byte : bytes) {
        if (byte != 0)
            return false;
    }
    return true;
}

class Sha256Check final : public Check {
public:
    void update(std::span<const u8> bytes) override { sum_.update(bytes); }
    Sha256Digest value() { return sum_.finish(); }
    void restart() { sum_ = Sha256(); }

private:
    Sha256 sum_;
};

// What the index repeats of the blocks: sums and a digest over each one's two sizes.
class BlockSizes {
public:
    void add(u64 unpadded, u64 unpacked) {
        const u64 pair[2] = {unpadded, unpacked};
        digest_.update({reinterpret_cast<const u8*>(pair), sizeof pair});
        ++count_;
    }
    u64 count() const { return count_; }
    bool same_as(BlockSizes& other) {
        return count_ == other.count_ && digest_.finish() == other.digest_.finish();
    }

private:
    Sha256 digest_;
    u64 count_ = 0;
};

class Stream {
public:
    Stream(std::span<const u8> bytes, Output& output) : input_(bytes), output_(output) {}

    Result<usize> run() {
        TRY(read_header());
        while (input_.has(1) && *input_.here() != 0)
            TRY(run_block());
        const usize index = input_.position();
        TRY(read_index());
        TRY(read_footer(input_.position() - index));
        return input_.position();
    }

private:
    struct BlockHeader {
        u64 packed = 0, unpacked = 0;
        bool has_packed = false, has_unpacked = false;
        u64 dictionary = 0;
    };

    Result<> read_header() {
        static constexpr u8 magic[6] = {0xfd, '7', 'z', 'X', 'Z', 0};
        if (!input_.has(header_size))
            return output_.fail(cut_short);
        if (memcmp(input_.take(sizeof magic).data(), magic, sizeof magic) != 0)
            return output_.fail("not a stream");
        const auto flags = input_.take(2);
        if (input_.integer(4) != crc32_.of(flags))
            return output_.fail("its header is damaged");
        kind_ = flags[1];
        if (flags[0] != 0 || (kind_ != none && check_size(kind_) == 0))
            return output_.fail("it uses a check Pith does not have", Errno::opnotsupp);
        return {};
    }

    Result<> run_block() {
        const usize start = input_.position();
        const BlockHeader header = TRY(read_block_header());
        restart_check();
        TRY(output_.begin(header.dictionary, Lzma2::largest_chunk, check()));
        const usize data = input_.position();
        TRY(lzma2_.run(input_, output_));
        TRY(output_.flush());
        const usize packed = input_.position() - data;
        if ((header.has_packed && header.packed != packed) ||
            (header.has_unpacked && header.unpacked != output_.produced()))
            return output_.fail("a block's length does not match");
        const usize padding = -packed & 3;
        if (!input_.has(padding + check_size(kind_)))
            return output_.fail(cut_short);
        if (!all_zero(input_.take(padding)))
            return output_.fail("padding that is not zero");
        if (!check_matches(input_.take(check_size(kind_))))
            return output_.fail("a block's checksum does not match");
        blocks_.add(input_.position() - start - padding, output_.produced());
        return {};
    }

    Result<BlockHeader> read_block_header() {
        const usize size = (usize{*input_.here()} + 1) * 4;
        if (!input_.has(size))
            return output_.fail(cut_short);
        const auto bytes = input_.take(size);
        if (little_endian(&bytes[size - 4], 4) != crc32_.of(bytes.first(size - 4)))
            return output_.fail("a block's header is damaged");
        Input fields(bytes.subspan(1, size - 5));
        const u8 flags = fields.byte();
        BlockHeader header;
        header.has_packed = flags & 0x40;
        header.has_unpacked = flags & 0x80;
        if ((flags & 0x3c) != 0 || (header.has_packed && !read_number(fields, header.packed)) ||
            (header.has_unpacked && !read_number(fields, header.unpacked)))
            return output_.fail("a block's header is damaged");
        TRY(read_filters((flags & 3) + 1, fields, header));
        if (!all_zero(fields.rest()))
            return output_.fail("a block's header of no known kind", Errno::opnotsupp);
        return header;
    }

    Result<> read_filters(unsigned count, Input& fields, BlockHeader& header) {
        constexpr u64 lzma2_id = 0x21;
        for (unsigned i = 0; i < count; ++i) {
            u64 id, size;
            if (!read_number(fields, id) || !read_number(fields, size) || !fields.has(size))
                return output_.fail("a block's header is damaged");
            if (id != lzma2_id)
                return output_.fail(filter_name(id), Errno::opnotsupp);
            if (size != 1 || i + 1 != count)
                return output_.fail("a block's header is damaged");
            // 5.3.1: the dictionary's size has one or two bits set.
            const u8 packed = fields.byte();
            if (packed > 40)
                return output_.fail("a dictionary of no known size", Errno::opnotsupp);
            header.dictionary =
                packed == 40 ? 0xffff'ffff : u64{2u | (packed & 1u)} << (packed / 2 + 11);
        }
        return {};
    }

    Check* check() {
        switch (kind_) {
        case crc32: return &crc32_;
        case crc64: return &crc64_;
        case sha256: return &sha256_;
        default: return nullptr;
        }
    }
    void restart_check() {
        crc32_.restart();
        crc64_.restart();
        sha256_.restart();
    }
    bool check_matches(std::span<const u8> wanted) {
        if (kind_ == sha256) {
            const Sha256Digest digest = sha256_.value();
            return memcmp(digest.data(), wanted.data(), digest.size()) == 0;
        }
        const u64 sum = little_endian(wanted.data(), wanted.size());
        return kind_ == none || sum == (kind_ == crc32 ? crc32_.value() : crc64_.value());
    }

    // 4: what the blocks were, once more.
    Result<> read_index() {
        const usize start = input_.position();
        if (!input_.has(1))
            return output_.fail(cut_short);
        input_.skip(1);
        u64 count;
        if (!read_number(input_, count) || count != blocks_.count())
            return output_.fail("its index does not match");
        BlockSizes listed;
        for (u64 i = 0; i < count; ++i) {
            u64 unpadded, unpacked;
            if (!read_number(input_, unpadded) || !read_number(input_, unpacked))
                return output_.fail("its index is damaged");
            listed.add(unpadded, unpacked);
        }
        if (!listed.same_as(blocks_))
            return output_.fail("its index does not match");
        const usize padding = -(input_.position() - start) & 3;
        if (!input_.has(padding + 4))
            return output_.fail(cut_short);
        const bool sound = all_zero(input_.take(padding));
        const u32 sum = crc32_.of(input_.since(start));
        if (!sound || input_.integer(4) != sum)
            return output_.fail("its index is damaged");
        return {};
    }

    Result<> read_footer(usize index_size) {
        if (!input_.has(footer_size))
            return output_.fail(cut_short);
        const u64 sum = input_.integer(4);
        const auto fields = input_.take(6);
        const auto magic = input_.take(2);
        if (sum != crc32_.of(fields) || (little_endian(fields.data(), 4) + 1) * 4 != index_size ||
            fields[4] != 0 || fields[5] != kind_ || magic[0] != 'Y' || magic[1] != 'Z')
            return output_.fail("its footer is damaged");
        return {};
    }

    Input input_;
    Output& output_;
    u8 kind_ = none;
    BlockSizes blocks_;
    Crc32 crc32_;
    Crc64 crc64_;
    Sha256Check sha256_;
    Lzma2 lzma2_;
};

} // namespace

Result<usize> unpack_xz(std::span<const u8> bytes, Output& output) {
    auto stream = TRY(Box<Stream>::create(bytes, output));
    return stream->run();
}

} // namespace base::compression

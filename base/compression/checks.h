// SPDX-License-Identifier: BSD-2-Clause
// The sums compressed streams carry over what they hold: CRC-32 and CRC-64 (reflected, ISO 3309 and
// ECMA-182), four bytes at a time; tables are computed, not typed in. xxHash is in xxhash.h.
#pragma once

#include "base/compression/input.h"
#include "base/compression/output.h"

namespace base::compression {

template <typename Word, Word polynomial>
class Crc final : public Check {
public:
    constexpr Crc() {
        for (u32 byte = 0; byte < 256; ++byte) {
            Word value = byte;
            for (int bit = 0; bit < 8; ++bit)
                value = (value >> 1) ^ (value & 1 ? polynomial : 0);
            tables_[0][byte] = value;
        }
        // tables_[n]: the byte, and n zeros behind it.
        for (u32 n = 1; n < 4; ++n) {
            for (u32 byte = 0; byte < 256; ++byte) {
                const Word before = tables_[n - 1][byte];
                tables_[n][byte] = (before >> 8) ^ tables_[0][before & 0xff];
            }
        }
    }

    void update(std::span<const u8> bytes) override {
        Word sum = sum_;
        const u8* at = bytes.data();
        const u8* end = at + bytes.size();
        for (; end - at >= 4; at += 4) {
            u32 word;
            __builtin_memcpy(&word, at, 4);
            word ^= static_cast<u32>(sum);
            sum = tables_[3][word & 0xff] ^ tables_[2][word >> 8 & 0xff] ^
                  tables_[1][word >> 16 & 0xff] ^ tables_[0][word >> 24] ^ upper(sum);
        }
        for (; at != end; ++at)
            sum = tables_[0][(sum ^ *at) & 0xff] ^ (sum >> 8);
        sum_ = sum;
    }
    void restart() { sum_ = ~Word{0}; }
    Word value() const { return ~sum_; }
    Word of(std::span<const u8> bytes) {
        restart();
        update(bytes);
        return value();
    }

private:
    static constexpr Word upper(Word sum) {
        return sizeof(Word) > 4 ? sum >> (sizeof(Word) * 4) : 0;
    }

    Word sum_ = ~Word{0};
    Word tables_[4][256]{};
};

using Crc32 = Crc<u32, 0xedb8'8320>;
using Crc64 = Crc<u64, 0xc96c'5795'd787'0f42>;

} // namespace base::compression

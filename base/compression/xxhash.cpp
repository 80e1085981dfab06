// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/xxhash.h"

#include <bit>

#include "base/compression/input.h"

namespace base::compression {
namespace {

u64 round(u64 lane, u64 input) {
    constexpr auto& primes = XxHash64Kind::primes;
    return std::rotl(lane + input * primes[1], XxHash64Kind::turn) * primes[0];
}
u32 round(u32 lane, u32 input) {
    constexpr auto& primes = XxHash32Kind::primes;
    return std::rotl(lane + input * primes[1], XxHash32Kind::turn) * primes[0];
}

template <typename Word>
Word load(const u8* bytes) {
    Word word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

template <typename Word>
Word turned_sum(const Word lanes[4]) {
    return std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
           std::rotl(lanes[3], 18);
}

} // namespace

u64 XxHash64Kind::converge(const u64 lanes[4]) {
    u64 sum = turned_sum(lanes);
    for (int i = 0; i < 4; ++i)
        sum = (sum ^ round(u64{0}, lanes[i])) * primes[0] + primes[3];
    return sum;
}

u32 XxHash32Kind::converge(const u32 lanes[4]) { return turned_sum(lanes); }

u64 XxHash64Kind::finish(u64 sum, std::span<const u8> rest) {
    const u8* at = rest.data();
    usize left = rest.size();
    for (; left >= 8; left -= 8, at += 8)
        sum = std::rotl(sum ^ round(u64{0}, load<u64>(at)), 27) * primes[0] + primes[3];
    if (left >= 4) {
        sum = std::rotl(sum ^ load<u32>(at) * primes[0], 23) * primes[1] + primes[2];
        left -= 4, at += 4;
    }
    for (; left > 0; --left, ++at)
        sum = std::rotl(sum ^ *at * primes[4], 11) * primes[0];
    sum = (sum ^ sum >> 33) * primes[1];
    sum = (sum ^ sum >> 29) * primes[2];
    return sum ^ sum >> 32;
}

u32 XxHash32Kind::finish(u32 sum, std::span<const u8> rest) {
    const u8* at = rest.data();
    usize left = rest.size();
    for (; left >= 4; left -= 4, at += 4)
        sum = std::rotl(sum + load<u32>(at) * primes[2], 17) * primes[3];
    for (; left > 0; --left, ++at)
        sum = std::rotl(sum + *at * primes[4], 11) * primes[0];
    sum = (sum ^ sum >> 15) * primes[1];
    sum = (sum ^ sum >> 13) * primes[2];
    return sum ^ sum >> 16;
}

template <typename Kind>
void XxHash<Kind>::restart() {
    *this = XxHash();
}

template <typename Kind>
void XxHash<Kind>::take_stripe(const u8* bytes) {
    for (usize i = 0; i < 4; ++i)
        lanes_[i] = round(lanes_[i], load<Word>(bytes + i * sizeof(Word)));
}

template <typename Kind>
void XxHash<Kind>::update(std::span<const u8> bytes) {
    const usize held = length_ % stripe;
    length_ += bytes.size();
    if (held > 0) {
        const usize taken = bytes.size() < stripe - held ? bytes.size() : stripe - held;
        if (taken > 0)
            memcpy(held_ + held, bytes.data(), taken);
        bytes = bytes.subspan(taken);
        if (held + taken < stripe)
            return;
        take_stripe(held_);
    }
    for (; bytes.size() >= stripe; bytes = bytes.subspan(stripe))
        take_stripe(bytes.data());
    if (!bytes.empty())
        memcpy(held_, bytes.data(), bytes.size());
}

template <typename Kind>
typename Kind::Word XxHash<Kind>::value() const {
    Word sum = length_ >= stripe ? Kind::converge(lanes_) : lanes_[2] + Kind::primes[4];
    sum += static_cast<Word>(length_);
    return Kind::finish(sum, {held_, length_ % stripe});
}

template class XxHash<XxHash64Kind>;
template class XxHash<XxHash32Kind>;

} // namespace base::compression

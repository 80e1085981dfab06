// SPDX-License-Identifier: BSD-2-Clause
// What the tests of all formats share: memory the address sanitizer watches, data to pack, the
// host's packers, and what damaged input must not do.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/compression/output.h"

namespace base::compression {

using Bytes = std::vector<u8>;
using Unpack = Result<usize> (*)(std::span<const u8>, Output&);

// Blocks of the heap, exactly as large as asked for; `limit` bytes at one time.
class HostMemory final : public Memory {
public:
    explicit HostMemory(usize limit = usize{1} << 31) : limit_(limit) {}
    ~HostMemory() { EXPECT_EQ(held_, 0u); }
    Result<std::span<u8>> allocate(usize size) override {
        if (size > limit_ - held_)
            return Failure(Errno::nomem);
        held_ += size;
        most_ = std::max(most_, held_);
        return std::span(new u8[size], size);
    }
    void release(std::span<u8> block) override {
        held_ -= block.size();
        delete[] block.data();
    }
    usize most() const { return most_; }

private:
    usize limit_, held_ = 0, most_ = 0;
};

class Collector final : public Consumer {
public:
    // Fails once it would hold more than `limit` bytes.
    explicit Collector(usize limit = usize{1} << 30) : limit_(limit) {}
    Result<> take(std::span<const u8> bytes) override {
        if (bytes.size() > limit_ - taken.size())
            return Failure(Errno::nospc);
        taken.insert(taken.end(), bytes.begin(), bytes.end());
        return {};
    }
    Bytes taken;

private:
    usize limit_;
};

struct Outcome {
    Result<usize> consumed;
    Bytes plain;
    std::string complaint;
};

inline Outcome unpacked(Unpack unpack, std::span<const u8> packed) {
    HostMemory memory;
    Collector collector;
    Output output(memory, collector);
    // Exactly as long as it is, so that reading behind it is noticed.
    const Bytes exact(packed.begin(), packed.end());
    const Result<usize> consumed = unpack(exact, output);
    return {consumed, std::move(collector.taken), std::string(output.complaint())};
}

inline void expect_unpacks(Unpack unpack, const Bytes& packed, const Bytes& plain) {
    const Outcome outcome = unpacked(unpack, packed);
    ASSERT_TRUE(outcome.consumed.has_value()) << outcome.complaint;
    EXPECT_EQ(*outcome.consumed, packed.size());
    EXPECT_TRUE(outcome.plain == plain);
}

// Words that repeat, runs, and noise between: literals, short and long copies.
inline Bytes mixed(usize size, u32 seed = 11) {
    std::mt19937 random(seed);
    Bytes plain;
    while (plain.size() < size) {
        const u32 kind = random() % 4;
        if (kind == 0) {
            plain.insert(plain.end(), 1 + random() % 400, static_cast<u8>(random() % 4));
        } else if (kind == 1) {
            plain.push_back(static_cast<u8>(random()));
        } else if (kind == 2 && plain.size() > 100) {
            const usize from = random() % (plain.size() - 50);
            for (usize i = 0; i < 5 + random() % 40; ++i)
                plain.push_back(plain[from + i]);
        } else {
            for (char c : std::string("the quick brown fox "))
                plain.push_back(static_cast<u8>(c));
        }
    }
    plain.resize(size);
    return plain;
}

inline Bytes noise(usize size, u32 seed = 5) {
    std::mt19937 random(seed);
    Bytes plain(size);
    for (u8& byte : plain)
        byte = static_cast<u8>(random());
    return plain;
}

// Part of a program: what an initramfs is full of.
inline Bytes program() {
    std::ifstream in("/bin/bash", std::ios::binary);
    Bytes all(std::istreambuf_iterator<char>(in), {});
    all.resize(std::min<usize>(all.size(), 400'000));
    return all;
}

inline std::vector<Bytes> kinds_of_data() {
    std::vector<Bytes> kinds = {
        {}, {'x'}, Bytes(1'000'000, 0), noise(200'000), mixed(300'000), program()};
    for (usize size :
         {2, 3, 5, 17, 100, 255, 256, 257, 1000, 4096, 65'537, 65'536, 131'072, 131'073})
        kinds.push_back(mixed(size, static_cast<u32>(size)));
    return kinds;
}

class PackerTest : public testing::Test {
protected:
    PackerTest() {
        char name[] = "/tmp/packer_test.XXXXXX";
        folder_ = mkdtemp(name);
    }
    ~PackerTest() override { std::filesystem::remove_all(folder_); }

    // What `command`, which reads the file "plain", writes.
    Bytes pack(const Bytes& plain, const std::string& command) {
        std::ofstream(folder_ / "plain", std::ios::binary)
            .write(reinterpret_cast<const char*>(plain.data()),
                   static_cast<std::streamsize>(plain.size()));
        const std::string line = "cd " + folder_.string() + " && " + command + " > packed";
        EXPECT_EQ(std::system(line.c_str()), 0) << line;
        std::ifstream in(folder_ / "packed", std::ios::binary);
        return Bytes(std::istreambuf_iterator<char>(in), {});
    }

private:
    std::filesystem::path folder_;
};

// Cut anywhere, the data is refused with a reason.
inline void expect_cuts_refused(Unpack unpack, const Bytes& packed) {
    for (usize length = 0; length < packed.size(); length += 1 + length / 60) {
        const Outcome outcome = unpacked(unpack, std::span(packed).first(length));
        EXPECT_FALSE(outcome.consumed.has_value()) << length;
        EXPECT_NE(outcome.complaint, "") << length;
    }
}

// A flipped bit is noticed, with a reason given, or the content is what it was all the same (there
// are several ways to say one thing, and bits that say nothing).
inline void expect_flips_harmless(Unpack unpack, const Bytes& packed, const Bytes& plain) {
    usize noticed = 0;
    for (usize bit = 0; bit < packed.size() * 8; ++bit) {
        Bytes damaged = packed;
        damaged[bit / 8] = static_cast<u8>(damaged[bit / 8] ^ (1u << bit % 8));
        const Outcome outcome = unpacked(unpack, damaged);
        if (outcome.consumed)
            EXPECT_TRUE(outcome.plain == plain) << "bit " << bit;
        else
            EXPECT_NE(outcome.complaint, "") << "bit " << bit;
        noticed += !outcome.consumed;
    }
    EXPECT_GT(noticed, packed.size() * 8 / 2);
}

// Many bytes changed at once: anything but a wrong access, or a lot of work, is good.
inline void try_damaged(Unpack unpack, const Bytes& packed, int rounds) {
    std::mt19937 random(17);
    for (int round = 0; round < rounds; ++round) {
        Bytes damaged = packed;
        for (u32 i = 0; i < 1 + random() % 6; ++i)
            damaged[4 + random() % (damaged.size() - 4)] = static_cast<u8>(random());
        if (random() % 4 == 0)
            damaged.resize(4 + random() % (damaged.size() - 4));
        HostMemory memory(64 << 20);
        Collector collector(16 << 20);
        Output output(memory, collector);
        (void)unpack(damaged, output);
    }
}

} // namespace base::compression

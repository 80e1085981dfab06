// SPDX-License-Identifier: BSD-2-Clause
// Each CPU-agnostic request takes fresh output of one shared generator; a large request keys a
// generator of its own from it, so that the lock is held for one block only.
#include "linux/system/random.h"

#include "arch/api/cpu.h"
#include "base/memory_functions.h"
#include "core/sync/lock.h"
#include "core/vm/user_memory.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

constexpr usize block_words = 16, key_words = 8;
constexpr usize pool_blocks = 4;

u32 rotate(u32 value, int by) { return (value << by) | (value >> (32 - by)); }


void quarter_round(u32& a, u32& b, u32& c, u32& d) {
    a += b;
    d = rotate(d ^ a, 16);
    c += d;
    b = rotate(b ^ c, 12);
    a += b;
    d = rotate(d ^ a, 8);
    c += d;
    b = rotate(b ^ c, 7);
}

// RFC 8439, 2.3: the block function with a 64-bit counter.
void make_block(const u32 (&key)[key_words], u64 counter, u32 (&out)[block_words]) {
    const u32 start[block_words] = {
        0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0], key[1], key[2], key[3],
        key[4],     key[5],     key[6],     key[7],     static_cast<u32>(counter),
        static_cast<u32>(counter >> 32),    0,          0};
    u32 x[block_words];
    for (usize i = 0; i < block_words; ++i)
        x[i] = start[i];
    for (int round = 0; round < 10; ++round) {
        quarter_round(x[0], x[4], x[8], x[12]);
        quarter_round(x[1], x[5], x[9], x[13]);
        quarter_round(x[2], x[6], x[10], x[14]);
        quarter_round(x[3], x[7], x[11], x[15]);
        quarter_round(x[0], x[5], x[10], x[15]);
        quarter_round(x[1], x[6], x[11], x[12]);
        quarter_round(x[2], x[7], x[8], x[13]);
        quarter_round(x[3], x[4], x[9], x[14]);
    }
    for (usize i = 0; i < block_words; ++i)
        out[i] = x[i] + start[i];
}

// The generator: output waits in a pool; refilling replaces the key with the first bytes produced,
// so that what was given out cannot be computed again.
struct Generator {
    core::Lock<core::lock_class::random> lock;
    u32 key[key_words] = {};
    u64 counter = 0;
    u8 pool[pool_blocks * block_words * 4] = {};
    usize used = sizeof(pool); // bytes of the pool that are gone

    void refill() {
        u32 block[block_words];
        for (usize i = 0; i < pool_blocks; ++i) {
            make_block(key, counter++, block);
            memcpy(pool + i * sizeof(block), block, sizeof(block));
        }
        memcpy(key, pool, sizeof(key));
        memset(pool, 0, sizeof(key));
        used = sizeof(key);
    }
    void take(void* target, usize size) {
        if (sizeof(pool) - used < size)
            refill();
        memcpy(target, pool + used, size);
        memset(pool + used, 0, size);
        used += size;
    }
};

constinit Generator g_generator;

// A generator for one large request.
struct PrivateGenerator {
    PrivateGenerator() {
        core::LockGuard guard(g_generator.lock);
        g_generator.take(key, sizeof(key));
    }
    ~PrivateGenerator() { memset(key, 0, sizeof(key)); }
    u32 key[key_words];
    u64 counter = 0;
};

constexpr usize small_request = 64;

} // namespace

void mix_random(std::span<const u8> bytes) {
    core::LockGuard guard(g_generator.lock);
    u8* key = reinterpret_cast<u8*>(g_generator.key);
    usize at = 0;
    for (u8 byte : bytes) {
        key[at] ^= byte;
        if (++at == sizeof(g_generator.key)) {
            at = 0;
            g_generator.refill();
        }
    }
    g_generator.counter ^= arch::timestamp();
    g_generator.refill();
}

void start_random() {
    for (int i = 0; i < 8; ++i) {
        const u64 seed[4] = {arch::hardware_random(), arch::timestamp(), arch::hardware_random(),
                             arch::hardware_random()};
        mix_random({reinterpret_cast<const u8*>(seed), sizeof(seed)});
    }
}

u64 random_u64() {
    u64 value;
    core::LockGuard guard(g_generator.lock);
    g_generator.take(&value, sizeof(value));
    return value;
}

void random_bytes(std::span<u8> target) {
    if (target.size() <= small_request) {
        core::LockGuard guard(g_generator.lock);
        g_generator.take(target.data(), target.size());
        return;
    }
    PrivateGenerator generator;
    u32 block[block_words];
    while (!target.empty()) {
        make_block(generator.key, generator.counter++, block);
        const usize part = target.size() < sizeof(block) ? target.size() : sizeof(block);
        memcpy(target.data(), block, part);
        target = target.subspan(part);
    }
    memset(block, 0, sizeof(block));
}

Result<u64> random_to_user(UserVirt target, u64 size) {
    u8 buffer[256];
    if (size <= small_request) {
        random_bytes({buffer, size});
        TRY(core::copy_to_user(target, buffer, size));
        return size;
    }
    PrivateGenerator generator;
    u64 done = 0;
    while (done < size) {
        for (usize at = 0; at < sizeof(buffer); at += block_words * 4) {
            u32 block[block_words];
            make_block(generator.key, generator.counter++, block);
            memcpy(buffer + at, block, sizeof(block));
        }
        const u64 part = size - done < sizeof(buffer) ? size - done : sizeof(buffer);
        if (!core::copy_to_user(target + done, buffer, part))
            return done != 0 ? Result<u64>(done) : Failure(Errno::fault);
        done += part;
        if (done % page_size == 0 && signal_is_due())
            break;
    }
    return done;
}

Result<u64> sys_getrandom(UserVirt target, u64 size, u32 flags) {
    constexpr u32 non_block = 1, random = 2, insecure = 4;
    if ((flags & ~(non_block | random | insecure)) != 0 ||
        (flags & (random | insecure)) == (random | insecure))
        return Failure(Errno::inval);
    return random_to_user(target, size < INT32_MAX ? size : INT32_MAX);
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// The four functions a freestanding compiler may call on its own (ISO C 7.24 semantics). They copy
// by 8 bytes and then by byte; string instructions stay with arch, which knows when they pay.
#include "base/memory_functions.h"

#include "base/fill_unchecked.h"

namespace {

// A word at an address of any alignment.
struct [[gnu::packed, gnu::may_alias]] LooseWord {
    u64 value;
};

LooseWord* word_at(void* p, usize offset) {
    return reinterpret_cast<LooseWord*>(static_cast<u8*>(p) + offset);
}
const LooseWord* word_at(const void* p, usize offset) {
    return reinterpret_cast<const LooseWord*>(static_cast<const u8*>(p) + offset);
}

} // namespace

// A checked kernel asks before it touches; the functions themselves are not instrumented.
#ifdef PITH_KASAN
extern "C" {
void __asan_loadN_noabort(const void* address, usize size);
void __asan_storeN_noabort(void* address, usize size);
}
#define CHECK_READ(address, size) __asan_loadN_noabort(address, size)
#define CHECK_WRITE(address, size) __asan_storeN_noabort(address, size)
#else
#define CHECK_READ(address, size) (void)0
#define CHECK_WRITE(address, size) (void)0
#endif

extern "C" {

void* memcpy(void* __restrict target, const void* __restrict source, usize size) noexcept {
    CHECK_READ(source, size);
    CHECK_WRITE(target, size);
    u8* to = static_cast<u8*>(target);
    const u8* from = static_cast<const u8*>(source);
    if (size >= 8) {
        // Whole words, then the last word again where it overlaps: no byte loop.
        usize at = 0;
        for (; at + 32 <= size; at += 32) {
            const u64 a = word_at(source, at)->value, b = word_at(source, at + 8)->value;
            const u64 c = word_at(source, at + 16)->value, d = word_at(source, at + 24)->value;
            word_at(target, at)->value = a;
            word_at(target, at + 8)->value = b;
            word_at(target, at + 16)->value = c;
            word_at(target, at + 24)->value = d;
        }
        for (; at + 8 <= size; at += 8)
            word_at(target, at)->value = word_at(source, at)->value;
        if (at < size)
            word_at(target, size - 8)->value = word_at(source, size - 8)->value;
        return target;
    }
    for (usize i = 0; i < size; ++i)
        to[i] = from[i];
    return target;
}

void* memmove(void* target, const void* source, usize size) noexcept {
    CHECK_READ(source, size);
    CHECK_WRITE(target, size);
    u8* to = static_cast<u8*>(target);
    const u8* from = static_cast<const u8*>(source);
    if (to == from || size == 0)
        return target;
    if (to < from || to >= from + size) {
        usize at = 0;
        for (; at + 8 <= size; at += 8)
            word_at(target, at)->value = word_at(source, at)->value;
        for (; at < size; ++at)
            to[at] = from[at];
        return target;
    }
    usize left = size;
    for (; left >= 8; left -= 8)
        word_at(target, left - 8)->value = word_at(source, left - 8)->value;
    while (left > 0) {
        --left;
        to[left] = from[left];
    }
    return target;
}

void fill_unchecked(void* target, u8 value, usize size) noexcept {
    u8* to = static_cast<u8*>(target);
    const u64 pattern = 0x0101'0101'0101'0101ull * value;
    usize at = 0;
    for (; at + 32 <= size; at += 32) {
        word_at(target, at)->value = pattern;
        word_at(target, at + 8)->value = pattern;
        word_at(target, at + 16)->value = pattern;
        word_at(target, at + 24)->value = pattern;
    }
    for (; at + 8 <= size; at += 8)
        word_at(target, at)->value = pattern;
    for (; at < size; ++at)
        to[at] = value;
}

void* memset(void* target, int value, usize size) noexcept {
    CHECK_WRITE(target, size);
    fill_unchecked(target, static_cast<u8>(value), size);
    return target;
}

int memcmp(const void* left, const void* right, usize size) noexcept {
    CHECK_READ(left, size);
    CHECK_READ(right, size);
    const u8* a = static_cast<const u8*>(left);
    const u8* b = static_cast<const u8*>(right);
    usize at = 0;
    for (; at + 8 <= size; at += 8) {
        if (word_at(left, at)->value != word_at(right, at)->value)
            break;
    }
    for (; at < size; ++at) {
        if (a[at] != b[at])
            return a[at] < b[at] ? -1 : 1;
    }
    return 0;
}

usize strlen(const char* text) noexcept {
    usize length = 0;
    while (text[length] != 0)
        ++length;
    CHECK_READ(text, length + 1);
    return length;
}

void* memchr(const void* block, int value, usize size) noexcept {
    const u8* bytes = static_cast<const u8*>(block);
    for (usize i = 0; i < size; ++i) {
        if (bytes[i] == static_cast<u8>(value))
            return const_cast<u8*>(bytes + i);
    }
    return nullptr;
}

} // extern "C"

// SPDX-License-Identifier: BSD-2-Clause
// The strings of argv and envp on their way into a new program: copied once from the old one's
// memory into kernel pages, then out to the new stack.
#pragma once

#include "core/memory/page.h"
#include "core/vm/address_space.h"
#include "core/vm/user_memory.h"

namespace linux {

// Strings one after the other, each with its NUL, in pages.
class StringBlock {
public:
    StringBlock() = default;
    StringBlock(StringBlock&& other) noexcept;
    StringBlock& operator=(StringBlock&& other) noexcept;
    ~StringBlock();

    // Errors: e2big (longer than 128 KiB, or more than `limit` in all), fault, nomem.
    Result<> append_user(UserVirt string, u64 limit);
    Result<> append(std::string_view string, u64 limit);
    // Appends all but the first string of another block.
    Result<> append_rest(const StringBlock& other, u64 limit);

    u64 bytes() const { return bytes_; }
    u32 count() const { return count_; }
    // Length of the first string with its NUL; 0 if there is none.
    u64 first_length() const;
    // Writes everything to `target` of a space. Errors: fault, nomem.
    Result<> write_to(core::AddressSpace& space, u64 target) const;
    // Calls visit(offset of each string) in order.
    template <typename Visit>
    void for_each_offset(Visit visit) const {
        bool at_start = true;
        u64 offset = 0;
        for (const Chunk* chunk = first_; chunk; chunk = chunk->next)
            for (u32 i = 0; i < chunk->used; ++i, ++offset) {
                if (at_start)
                    visit(offset);
                at_start = chunk->bytes[i] == 0;
            }
    }

private:
    struct Chunk {
        static constexpr u32 capacity = 4096 - 16;
        Chunk* next = nullptr;
        u32 used = 0;
        char bytes[capacity];
    };
    Result<> make_room();
    Result<> append_bytes(const char* bytes, u64 size, u64 limit);

    Chunk* first_ = nullptr;
    Chunk* last_ = nullptr;
    u64 bytes_ = 0;
    u32 count_ = 0;
};

struct ProgramArguments {
    StringBlock arguments;
    StringBlock environment;
    u64 limit = 0; // bytes that strings may take in all

    // From two null-terminated lists of the program (0: empty). Errors: e2big, fault, nomem.
    static Result<ProgramArguments> from_user(u64 arguments, u64 environment);
    // From two null-terminated lists of the kernel. Errors: e2big, nomem.
    static Result<ProgramArguments> from_kernel(const char* const* arguments,
                                                const char* const* environment);
    u64 room() const { return limit - arguments.bytes() - environment.bytes(); }
};

} // namespace linux

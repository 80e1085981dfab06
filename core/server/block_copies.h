// SPDX-License-Identifier: BSD-2-Clause
// What a handler of a file system sees of its volume's metadata: copies in the process, of blocks
// that the core keeps. Nothing of the core's memory is mapped, so a view needs no revocation, and
// what is published is read back once. Belongs to one handler thread.
#pragma once

#include "abi/component/server_calls.h"
#include "core/memory/kernel_map.h"
#include "core/server/server_memory.h"

namespace core::server {

class BlockCopies {
public:
    BlockCopies() = default;
    BlockCopies(const BlockCopies&) = delete;
    BlockCopies& operator=(const BlockCopies&) = delete;
    ~BlockCopies();

    // Of memory for the first copies, which are there in any case.
    static constexpr u64 reserved_bytes = 0x2'0000;
    // `address`: where the copies stand in the process; the first lie in `reserve`, whose owner
    // outlives this. Errors: nomem.
    Result<> create(ServerMemory& memory, u64 address, u8* reserve);

    // Begins anew: nothing is remembered, and memory beyond the reserve is given back.
    void clear(ServerMemory& memory);
    void set_block_size(u32 bytes) { block_size_ = bytes; }
    u32 block_size() const { return block_size_; }

    // Where the copy of the block at `contents` stands, made if there is none. Errors: nomem.
    Result<u64> show(ServerMemory& memory, const u8* contents);
    // The same for a private copy, which the component may write on. `renew`: the core has changed
    // it since.
    enum class Renew : u8 { no, yes };
    Result<u64> show_edit(ServerMemory& memory, u8* contents, Renew renew);
    // Brings what the component wrote to the core's private copies.
    void collect_edits();
    // The core's private copies are gone.
    void forget_edits();
    // So are the views.
    void forget_all() { reset_buckets(); }

private:
    static constexpr u64 chunk_bytes = reserved_bytes;
    static constexpr u32 maximum_chunks = component::server::blocks_size / chunk_bytes;
    static constexpr u32 smallest_block = 1024;
    static constexpr u32 copies_per_chunk = chunk_bytes / smallest_block;
    static constexpr u32 bucket_count = 64;
    static constexpr u16 none = 0xffff;

    // A place is what lies `block_size_` bytes on in the chunks. `contents` null: unused.
    struct Copy {
        u8* contents;
        u16 next; // in its bucket
        bool is_edit;
    };
    struct Chunk {
        KernelMapping memory; // of all but the first
        u8* bytes = nullptr;
        Copy* copies = nullptr;
    };

    Result<> add_chunk(ServerMemory& memory, u8* bytes);
    Result<> grow(ServerMemory& memory);
    u32 per_chunk() const { return static_cast<u32>(chunk_bytes / block_size_); }
    Copy& copy_at(u32 index) { return chunks_[index / per_chunk()].copies[index % per_chunk()]; }
    u8* bytes_at(u32 index) {
        return chunks_[index / per_chunk()].bytes + u64{index % per_chunk()} * block_size_;
    }
    u64 address_at(u32 index) const {
        return address_ + index / per_chunk() * chunk_bytes +
               u64{index % per_chunk()} * block_size_;
    }
    static u32 bucket_of(const u8* contents) {
        return static_cast<u32>((reinterpret_cast<u64>(contents) >> 6) * 0x9e37'79b9 >> 20) %
               bucket_count;
    }
    u32 find(const u8* contents);
    Result<u32> add(ServerMemory& memory, u8* contents, bool is_edit);
    void reset_buckets();

    u64 address_ = 0;
    u32 block_size_ = smallest_block;
    u32 count_ = 0;
    u32 chunk_count_ = 0;
    Chunk chunks_[maximum_chunks];
    u16 buckets_[bucket_count];
};

} // namespace core::server

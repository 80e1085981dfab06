// SPDX-License-Identifier: BSD-2-Clause
#include "core/server/block_copies.h"

#include "base/allocate.h"
#include "base/memory_functions.h"

namespace core::server {

BlockCopies::~BlockCopies() {
    for (Chunk& chunk : chunks_)
        delete[] chunk.copies;
}

Result<> BlockCopies::create(ServerMemory& memory, u64 address, u8* reserve) {
    address_ = address;
    reset_buckets();
    return add_chunk(memory, reserve);
}

Result<> BlockCopies::add_chunk(ServerMemory& memory, u8* bytes) {
    Chunk& chunk = chunks_[chunk_count_];
    if (!chunk.copies)
        chunk.copies = new (base::fallible) Copy[copies_per_chunk];
    if (!chunk.copies)
        return Failure(Errno::nomem);
    TRY(memory.map(address_ + chunk_count_ * chunk_bytes, bytes, chunk_bytes,
                   Protection::read | Protection::write));
    chunk.bytes = bytes;
    ++chunk_count_;
    return {};
}

Result<> BlockCopies::grow(ServerMemory& memory) {
    if (chunk_count_ == maximum_chunks)
        return Failure(Errno::nomem);
    Chunk& chunk = chunks_[chunk_count_];
    chunk.memory =
        TRY(KernelMapping::allocate(Bytes(chunk_bytes), KernelProtection::read_write));
    return add_chunk(memory, chunk.memory.as<u8>());
}

void BlockCopies::reset_buckets() {
    for (u16& bucket : buckets_)
        bucket = none;
    count_ = 0;
}

void BlockCopies::clear(ServerMemory& memory) {
    if (count_ == 0)
        return;
    reset_buckets();
    while (chunk_count_ > 1) {
        --chunk_count_;
        memory.unmap(address_ + chunk_count_ * chunk_bytes, chunk_bytes);
        chunks_[chunk_count_].memory = KernelMapping();
    }
}

u32 BlockCopies::find(const u8* contents) {
    for (u16 at = buckets_[bucket_of(contents)]; at != none; at = copy_at(at).next) {
        if (copy_at(at).contents == contents)
            return at;
    }
    return none;
}

Result<u32> BlockCopies::add(ServerMemory& memory, u8* contents, bool is_edit) {
    if (count_ == none)
        return Failure(Errno::nomem);
    if (count_ / per_chunk() == chunk_count_)
        TRY(grow(memory));
    const u32 index = count_++;
    u16& bucket = buckets_[bucket_of(contents)];
    copy_at(index) = {contents, bucket, is_edit};
    bucket = static_cast<u16>(index);
    memcpy(bytes_at(index), contents, block_size_);
    return index;
}

Result<u64> BlockCopies::show(ServerMemory& memory, const u8* contents) {
    if (const u32 known = find(contents); known != none)
        return address_at(known);
    return address_at(TRY(add(memory, const_cast<u8*>(contents), false)));
}

Result<u64> BlockCopies::show_edit(ServerMemory& memory, u8* contents, Renew renew) {
    if (const u32 known = find(contents); known != none) {
        if (renew == Renew::yes)
            memcpy(bytes_at(known), contents, block_size_);
        copy_at(known).is_edit = true;
        return address_at(known);
    }
    return address_at(TRY(add(memory, contents, true)));
}

void BlockCopies::collect_edits() {
    for (u32 i = 0; i < count_; ++i) {
        const Copy& copy = copy_at(i);
        if (copy.is_edit && copy.contents)
            memcpy(copy.contents, bytes_at(i), block_size_);
    }
}

// Their places are not used again before the next request: few requests start over.
void BlockCopies::forget_edits() {
    for (u32 i = 0; i < count_; ++i) {
        if (copy_at(i).is_edit)
            copy_at(i).contents = nullptr;
    }
}

} // namespace core::server

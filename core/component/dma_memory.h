// SPDX-License-Identifier: BSD-2-Clause
// Memory an instance shares with its device: physically contiguous, owned by the core, kept until
// the device is known to be reset.
#pragma once

#include <span>

#include "abi/component/env_table.h"
#include "base/address.h"
#include "base/result.h"
#include "core/device/dma_domain.h"

namespace core {

class DmaBlocks {
public:
    static constexpr u32 capacity = 64;

    DmaBlocks() = default;
    DmaBlocks(const DmaBlocks&) = delete;
    DmaBlocks& operator=(const DmaBlocks&) = delete;
    ~DmaBlocks() { free_all(); }

    // Blocks are lent to the device from now on. Before the first one of a life.
    void lend_by(DmaDomain* domain) { domain_ = domain; }
    // The domain was closed: nothing is lent any more.
    void forget_loans();
    // Zeroed. Errors: nomem, nospc, inval; nodev (the domain is closed).
    Result<component::DmaBlock> allocate(u64 length, u64 alignment);
    Result<> free(u32 index);
    // Errors: inval.
    Result<std::span<u8>> view(u32 index) const;
    Result<component::DmaBlock> describe(u32 index) const; // as the device sees it
    bool is_empty() const;
    void free_all();
    // The other's blocks, of which none is lent, become this one's, under other indices; what there
    // is no room for is abandoned.
    void take_all(DmaBlocks& other);
    // Forgets the blocks without freeing them: a device that was not reset may write there for
    // ever.
    void abandon();

private:
    struct Block {
        u8* memory = nullptr;
        u64 address = 0; // the device's
        u64 length = 0;
        u32 order = 0;
        bool is_lent = false; // by the domain
    };
    DmaDomain* domain_ = nullptr;
    Block blocks_[capacity];
};

} // namespace core

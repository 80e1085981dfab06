// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/dma_memory.h"

#include <utility>

#include "base/bits.h"
#include "base/memory_functions.h"
#include "core/memory/frames.h"
#include "core/memory/kernel_map.h"

namespace core {

Result<component::DmaBlock> DmaBlocks::allocate(u64 length, u64 alignment) {
    constexpr u64 largest = u64{4} << 20;
    if (length == 0 || length > largest || alignment > largest ||
        (alignment & (alignment - 1)) != 0)
        return Failure(Errno::inval);
    const u64 size = length > alignment ? length : alignment; // a block is aligned to its size
    const u32 order = base::log2_up(base::divide_up(size, page_size));
    for (u32 i = 0; i < capacity; ++i) {
        if (blocks_[i].memory)
            continue;
        Page* page = TRY(allocate_block(order, PageUse::kernel));
        memset(page->bytes(), 0, page_size << order);
        Result<u64> address = page->physical().value;
        if (domain_)
            address = domain_->lend_block(page->physical(), length);
        if (!address) {
            free_block(*page, order);
            return Failure(address.error());
        }
        blocks_[i] = {page->bytes(), *address, length, order, domain_ != nullptr};
        return component::DmaBlock{i, 0, blocks_[i].address, length};
    }
    return Failure(Errno::nospc);
}

Result<> DmaBlocks::free(u32 index) {
    if (index >= capacity || !blocks_[index].memory)
        return Failure(Errno::inval);
    const Block block = std::exchange(blocks_[index], {});
    if (block.is_lent)
        domain_->end_block(block.address);
    free_block(page_of(physical_of(KernelVirt(block.memory))), block.order);
    return {};
}

void DmaBlocks::forget_loans() {
    for (Block& block : blocks_)
        block.is_lent = false;
    domain_ = nullptr;
}

Result<std::span<u8>> DmaBlocks::view(u32 index) const {
    if (index >= capacity || !blocks_[index].memory)
        return Failure(Errno::inval);
    return std::span<u8>(blocks_[index].memory, blocks_[index].length);
}

Result<component::DmaBlock> DmaBlocks::describe(u32 index) const {
    if (index >= capacity || !blocks_[index].memory)
        return Failure(Errno::noent);
    return component::DmaBlock{index, 0, blocks_[index].address, blocks_[index].length};
}

void DmaBlocks::abandon() {
    for (Block& block : blocks_)
        block = {};
}

void DmaBlocks::take_all(DmaBlocks& other) {
    u32 place = 0;
    for (Block& block : other.blocks_) {
        if (!block.memory)
            continue;
        while (place < capacity && blocks_[place].memory)
            ++place;
        if (place == capacity)
            break;
        blocks_[place] = block;
    }
    other.abandon();
}

bool DmaBlocks::is_empty() const {
    for (const Block& block : blocks_) {
        if (block.memory)
            return false;
    }
    return true;
}

void DmaBlocks::free_all() {
    for (u32 i = 0; i < capacity; ++i)
        (void)free(i);
}

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// What a device may reach in memory, where a remapping unit stands before it: what the instance
// that drives it was lent, and nothing else. Addresses are the device's own, not physical ones.
//
// Whatever is taken back is out of the device's reach when the call returns. Open and close are
// process context, all else is any context.
#pragma once

#include <span>

#include "base/address.h"
#include "base/bits.h"
#include "base/units.h"
#include "core/gate/call.h"

namespace core {

// An access that was kept from memory.
struct DmaFault {
    u64 address;
    bool is_write;
};

// Where the pieces of a request lie in the device's eyes, from the beginning of its loan: each in
// pages of its own, unless it goes on where the former one ended. What lies side by side in memory
// does so here, too.
class LoanLayout {
public:
    // Of the next piece.
    u64 place(const BufferPiece& piece) {
        if (piece.address.value != last_end_)
            end_ = base::align_up(end_, page_size) + piece.address.value % page_size;
        const u64 start = end_;
        end_ += piece.length;
        last_end_ = piece.address.value + piece.length;
        return start;
    }
    u64 pages() const { return base::divide_up(end_, page_size); }

private:
    u64 end_ = 0;
    u64 last_end_ = ~u64{0};
};

class DmaDomain {
public:
    // Told of accesses that were kept from memory while the domain is open. Any context.
    struct Listener {
        void (*strayed)(void* argument, const DmaFault& fault) = nullptr;
        void* argument = nullptr;
    };

    // An address at which nothing is ever lent.
    static constexpr u64 nobodys = u64{16} << 20;

    // Lets memory be lent. Errors: busy (somebody else has it open).
    virtual Result<> open(Listener listener) = 0;
    // Takes everything back; nothing is lent until the next open().
    virtual void close() = 0;
    // A stretch of memory until end_block(); answers its address. Errors: nodev (closed), nospc,
    // nomem.
    virtual Result<u64> lend_block(PhysAddr start, u64 length) = 0;
    virtual void end_block(u64 address) = 0;
    // The buffer of a request; answers where its LoanLayout begins. The same for a request that has
    // it already. Errors: nodev (closed), e2big, nospc, nomem.
    virtual Result<u64> lend_request(u64 request, std::span<const BufferPiece> pieces,
                                     component::BufferRights rights) = 0;
    // Takes back what requests have that are over. False: no request has anything any more.
    using IsOver = bool (*)(const void* argument, u64 request);
    virtual bool end_requests(IsOver is_over, const void* argument) = 0;

protected:
    ~DmaDomain() = default;
};

} // namespace core

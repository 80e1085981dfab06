// SPDX-License-Identifier: BSD-2-Clause
// Env in the kernel: DMA memory, buffers of requests, child sessions; and the table itself.
#include <algorithm>

#include "core/component/env_calls.h"
#include "core/component/manager.h"

namespace core {

using namespace component;

// --- memory for the device

i64 EnvCalls::allocate_dma(Env* env, u64 length, u64 alignment, DmaBlock* block) {
    if (of(env).injection().takes_allocation()) [[unlikely]]
        return error(Errno::nomem);
    const auto made = of(env).dma_.allocate(length, alignment);
    if (!made)
        return error(made.error());
    *block = *made;
    return 0;
}
i64 EnvCalls::free_dma(Env* env, u32 block) {
    return of(env).dma_.free(block) ? 0 : reject(of(env), "freed memory it does not have");
}
i64 EnvCalls::dma_view(Env* env, u32 block, u8** view) {
    const auto found = of(env).dma_.view(block);
    if (!found)
        return reject(of(env), "looked at memory it does not have");
    *view = found->data();
    return static_cast<i64>(found->size());
}
i64 EnvCalls::dma_block(Env* env, u32 index, DmaBlock* block) {
    const auto found = of(env).dma_.describe(index);
    if (!found)
        return error(found.error());
    *block = *found;
    return 0;
}

// --- buffers

namespace {

// Pages [offset, offset + length) of a kernel mapping, piece by piece.
template <typename Visit>
void visit_mapping(const u8* start, u64 offset, u64 length, Visit visit) {
    while (length != 0) {
        const u64 here = std::min(length, page_size - (offset % page_size));
        if (!visit(BufferPiece{physical_of(KernelVirt(start + offset)), here}))
            return;
        offset += here;
        length -= here;
    }
}

} // namespace

template <typename Visit>
Result<> EnvCalls::for_each_piece(Instance& self, u64 request, const Buffer& buffer, u64 offset,
                                  Visit visit) {
    if (offset > buffer.length || buffer.offset > ~u64{0} - buffer.length)
        return Failure(Errno::inval);
    u64 skip = buffer.offset + offset;
    u64 left = buffer.length - offset;
    if (buffer.object == ObjectId::arena) {
        if (buffer.offset + buffer.length > self.arena_.size().value)
            return Failure(Errno::inval);
        visit_mapping(self.arena_.as<u8>(), skip, left, visit);
        return {};
    }
    const u32 name = static_cast<u32>(buffer.object);
    if (name >> 28 == 4) {
        const auto block = self.dma_.view(name & 0x0fff'ffff);
        if (!block || buffer.offset + buffer.length > block->size())
            return Failure(Errno::inval);
        visit(BufferPiece{physical_of(KernelVirt(block->data() + skip)), left});
        return {};
    }
    if (buffer.object != ObjectId::own_request)
        return Failure(Errno::inval);
    const GateCall* call = self.strand_.find(request);
    if (!call)
        return Failure(Errno::inval);
    for (const BufferPiece& piece : call->pieces) {
        if (left == 0)
            return {};
        if (skip >= piece.length) {
            skip -= piece.length;
            continue;
        }
        const u64 here = std::min(left, piece.length - skip);
        if (!visit(BufferPiece{piece.address + skip, here}))
            return {};
        skip = 0;
        left -= here;
    }
    return left == 0 ? Result<>() : Result<>(Failure(Errno::inval));
}

namespace {

// What a component gives its device; pieces that go on where the last one ends are joined.
class SegmentList {
public:
    SegmentList(DmaSegment* segments, u32 capacity) : segments_(segments), capacity_(capacity) {}
    // False when it is full.
    bool add(u64 address, u64 length) {
        if (used_ != 0 && segments_[used_ - 1].address + segments_[used_ - 1].length == address) {
            segments_[used_ - 1].length += length;
            return true;
        }
        is_full_ = used_ == capacity_;
        if (!is_full_)
            segments_[used_++] = {address, length};
        return !is_full_;
    }
    i64 answer() const { return is_full_ ? EnvCalls::error(Errno::e2big) : used_; }

private:
    DmaSegment* const segments_;
    const u32 capacity_;
    u32 used_ = 0;
    bool is_full_ = false;
};

} // namespace

i64 EnvCalls::map_buffer(Env* env, u64 request, const Buffer* buffer, DmaSegment* segments,
                         u32 capacity) {
    if (is_confined(env)) [[unlikely]] {
        const auto loan = lend(env, request, *buffer);
        return loan ? map_loan(env, {request, *buffer, *loan}, segments, capacity)
                    : error(loan.error());
    }
    SegmentList list(segments, capacity);
    const auto visited = for_each_piece(
        of(env), request, *buffer, 0,
        [&](const BufferPiece& piece) { return list.add(piece.address.value, piece.length); });
    return visited ? list.answer() : error(visited.error());
}
i64 EnvCalls::unmap_buffer(Env*, u64) { return 0; } // a loan ends with its request

Result<u64> EnvCalls::lend(Env* env, u64 request, const Buffer& buffer) {
    Instance& self = of(env);
    if (buffer.offset > ~u64{0} - buffer.length)
        return Failure(Errno::inval);
    if (static_cast<u32>(buffer.object) >> 28 == 4) { // a block is lent as long as it lasts
        const auto block = self.dma_.describe(static_cast<u32>(buffer.object) & 0x0fff'ffff);
        if (!block || buffer.offset + buffer.length > block->length)
            return Failure(Errno::inval);
        return block->address;
    }
    if (buffer.object != ObjectId::own_request)
        return Failure(Errno::acces);
    const GateCall* call = self.strand_.find(request);
    if (!call)
        return Failure(Errno::inval);
    const u64 loan =
        TRY(self.domain_->lend_request(request, call->pieces, call->request.buffer.rights));
    self.strand_.note_loan();
    // An address that nobody lends.
    return self.injection_.takes_address() ? DmaDomain::nobodys : loan;
}

i64 EnvCalls::map_loan(Env* env, const Loan& loan, DmaSegment* segments, u32 capacity) {
    const Buffer& buffer = loan.buffer;
    SegmentList list(segments, capacity);
    if (buffer.object != ObjectId::own_request) {
        (void)list.add(loan.address + buffer.offset, buffer.length);
        return list.answer();
    }
    LoanLayout layout;
    u64 skip = buffer.offset, left = buffer.length;
    for (const BufferPiece& piece : of(env).strand_.find(loan.request)->pieces) {
        const u64 place = loan.address + layout.place(piece);
        const u64 skipped = std::min(skip, piece.length);
        const u64 here = std::min(left, piece.length - skipped);
        if (here != 0 && !list.add(place + skipped, here))
            break;
        skip -= skipped;
        left -= here;
    }
    const i64 answer = list.answer();
    return left != 0 && answer >= 0 ? error(Errno::inval) : answer;
}

i64 EnvCalls::buffer_view(Env* env, u64 request, const Buffer* buffer, u64 offset, u8** view) {
    i64 length = 0;
    const auto visited =
        for_each_piece(of(env), request, *buffer, offset, [&](const BufferPiece& piece) {
            *view = physical_view(piece.address);
            length = static_cast<i64>(piece.length);
            return false;
        });
    return visited ? length : error(visited.error());
}

i64 EnvCalls::visit_pieces(Instance& self, const Stretch& stretch,
                           void (*visit)(void* argument, u8* place, u64 length), void* argument) {
    Buffer part = stretch.buffer;
    if (stretch.offset > part.length || stretch.length > part.length - stretch.offset)
        return error(Errno::inval);
    part.offset += stretch.offset;
    part.length = stretch.length;
    const auto visited =
        for_each_piece(self, stretch.request, part, 0, [&](const BufferPiece& piece) {
            visit(argument, physical_view(piece.address), piece.length);
            return true;
        });
    return visited ? 0 : error(visited.error());
}

i64 EnvCalls::copy(Instance& self, u64 request, const Buffer& buffer, u64 offset, u8* memory,
                   u64 length, bool to_buffer) {
    if (offset > buffer.length || length > buffer.length - offset)
        return error(Errno::inval);
    Buffer part = buffer;
    part.offset += offset;
    part.length = length;
    const auto visited = for_each_piece(self, request, part, 0, [&](const BufferPiece& piece) {
        u8* place = physical_view(piece.address);
        memcpy(to_buffer ? place : memory, to_buffer ? memory : place, piece.length);
        memory += piece.length;
        return true;
    });
    return visited ? 0 : error(visited.error());
}
i64 EnvCalls::copy_from_buffer(Env* env, u64 request, const Buffer* buffer, u64 offset, void* to,
                               u64 length) {
    return copy(of(env), request, *buffer, offset, static_cast<u8*>(to), length, false);
}
i64 EnvCalls::copy_to_buffer(Env* env, u64 request, const Buffer* buffer, u64 offset,
                             const void* from, u64 length) {
    return copy(of(env), request, *buffer, offset,
                const_cast<u8*>(static_cast<const u8*>(from)), length, true);
}

// --- children

i64 EnvCalls::child_count(Env* env) { return of(env).child_count_; }

i64 EnvCalls::child_properties(Env* env, u32 child, u64 fingerprint, void* properties,
                               u64 capacity) {
    Instance& self = of(env);
    if (child >= self.child_count_)
        return error(Errno::noent);
    ChildService& found = *self.children_[child];
    if (found.fingerprint() != fingerprint || found.property_bytes() != capacity)
        return error(Errno::proto);
    found.copy_properties(properties);
    return 0;
}

i64 EnvCalls::call_child(Env* env, u32 child, Request* request, Reply* reply) {
    Instance& self = of(env);
    if (child >= self.child_count_)
        return error(Errno::noent);
    if (self.strand_.never_waits())
        return reject(self, "a wait in a strand that never waits");
    // The request keeps its pieces from being used otherwise until the child is through with them;
    // nothing does so for other memory, nor for what a handler without a request has begun.
    const bool has_buffer = request->buffer.object != ObjectId::none;
    const u64 served = self.strand_.served_request();
    if (served == 0 || (has_buffer && (request->id != served ||
                                       request->buffer.object != ObjectId::own_request)))
        return error(Errno::inval);
    constexpr u32 capacity = maximum_child_pieces;
    BufferPiece pieces[capacity];
    u32 used = 0;
    bool full = false;
    GateCall call;
    if (has_buffer) {
        const auto visited = for_each_piece(self, request->id, request->buffer, 0,
                                            [&](const BufferPiece& piece) {
                                                full = used == capacity;
                                                if (!full)
                                                    pieces[used++] = piece;
                                                return !full;
                                            });
        if (!visited || full)
            return error(visited ? Errno::e2big : visited.error());
    }
    call.request = *request;
    call.request.buffer.object = used ? ObjectId::own_request : ObjectId::none;
    call.request.buffer.offset = 0;
    call.pieces = {pieces, used};
    Gate& gate = self.children_[child]->gate();
    if (call.request.operation >= gate.operations().size())
        return error(Errno::opnotsupp);
    Strand::Activation* parked = self.strand_.park(Strand::WaitsFor::child);
    (void)gate.call(call);
    *reply = call.reply;
    self.strand_.unpark(parked);
    return 0;
}

// --- published records: stores come with the transports that need them

i64 EnvCalls::read_record(Env*, u32, u64, RecordView*) { return error(Errno::noent); }
i64 EnvCalls::release_record(Env*, u32, u32) { return error(Errno::inval); }
i64 EnvCalls::publish(Env*, u64, const RecordChange*, u64) { return error(Errno::noent); }
i64 EnvCalls::was_published(Env*, u64) { return 0; }

i64 EnvCalls::request_services(Env* env, u64 request, const void** table) {
    const GateCall* call = of(env).strand_.find(request);
    if (!call || !call->services)
        return error(Errno::noent);
    *table = call->services;
    return 0;
}

} // namespace core

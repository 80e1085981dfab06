// SPDX-License-Identifier: BSD-2-Clause
// The kernel's side of each entry of EnvTable.
#pragma once

#include "abi/component/env.h"
#include "base/memory_functions.h"
#include "core/component/instance.h"

namespace core {

struct EnvCalls {
    using Env = component::Env;

    static Instance& of(Env* env) { return static_cast<KernelEnv*>(env)->instance; }
    static i64 error(Errno why) { return -static_cast<i64>(why); }
    static i64 reject(Instance& instance, const char* what);
    static bool is_access(const Instance& self, u32 window, u64 offset, u32 width);
    static Instance::Service* service_of(Instance& self, u32 index);

    static i64 log(Env*, component::LogLevel, const char*, u64);
    static i64 now(Env*);
    static i64 wall_clock(Env*);
    static i64 sleep_until(Env*, u64);
    static i64 set_timer(Env*, u32, u64);
    static i64 cancel_timer(Env*, u32);
    static i64 random(Env*, void*, u64);
    static i64 configuration(Env*, const char*, u64, char*, u64);
    static i64 count(Env*, u32, u64);
    static i64 trace(Env*, u32, u64, u64);
    static i64 fail(Env*, u32, const char*, u64);

    static i64 device_fact(Env*, component::DeviceFact);
    static i64 window_info(Env*, u32, component::WindowInfo*);
    static i64 read_register(Env*, u32, u64, u32, u64*);
    static i64 write_register(Env*, u32, u64, u32, u64);
    static i64 window_memory(Env*, u32, u64, u8**);
    static i64 read_configuration_space(Env*, u32, u32);
    static i64 control(Env*, component::ControlKind, u64);
    static i64 enable_interrupt(Env*, u32);
    static i64 disable_interrupt(Env*, u32);
    static i64 acknowledge_interrupt(Env*, u32);

    static i64 allocate_dma(Env*, u64, u64, component::DmaBlock*);
    static i64 free_dma(Env*, u32);
    static i64 dma_view(Env*, u32, u8**);
    static i64 dma_block(Env*, u32, component::DmaBlock*);

    static i64 map_buffer(Env*, u64, const component::Buffer*, component::DmaSegment*, u32);
    static i64 unmap_buffer(Env*, u64);
    static i64 buffer_view(Env*, u64, const component::Buffer*, u64, u8**);
    static i64 copy_from_buffer(Env*, u64, const component::Buffer*, u64, void*, u64);
    static i64 copy_to_buffer(Env*, u64, const component::Buffer*, u64, const void*, u64);

    static i64 offer(Env*, const component::ServiceOffer*);
    static i64 update_offer(Env*, u32, const void*, u64);
    static i64 withdraw(Env*, u32);
    static i64 complete(Env*, u64, u32, u64);
    static i64 deliver(Env*, u32, u32, const void*, u64);

    static i64 child_count(Env*);
    static i64 child_properties(Env*, u32, u64, void*, u64);
    static i64 call_child(Env*, u32, component::Request*, component::Reply*);

    static i64 read_record(Env*, u32, u64, component::RecordView*);
    static i64 release_record(Env*, u32, u32);
    static i64 publish(Env*, u64, const component::RecordChange*, u64);
    static i64 was_published(Env*, u64);
    static i64 request_services(Env*, u64, const void**);

    // Visits the pieces of a buffer from `offset` on; stops when `visit` answers false.
    template <typename Visit>
    static Result<> for_each_piece(Instance& self, u64 request, const component::Buffer& buffer,
                                   u64 offset, Visit visit);
    // Behind a remapping unit a buffer is lent first, which takes locks, and then shown to the
    // component as the device sees it, which writes its memory. Errors of lend: inval, acces (not a
    // request's, nor a block), those of DmaDomain::lend_request.
    struct Loan {
        u64 request;
        const component::Buffer& buffer;
        u64 address;
    };
    static bool is_confined(Env* env) { return of(env).domain_ != nullptr; }
    static Result<u64> lend(Env*, u64 request, const component::Buffer& buffer);
    static i64 map_loan(Env*, const Loan& loan, component::DmaSegment*, u32 capacity);
    // For homes whose memory is not the kernel's: visits a stretch of a buffer in order.
    // Answers 0 or -errno.
    struct Stretch {
        u64 request;
        component::Buffer buffer;
        u64 offset;
        u64 length;
    };
    static i64 visit_pieces(Instance& self, const Stretch& stretch,
                            void (*visit)(void* argument, u8* place, u64 length), void* argument);
    static i64 copy(Instance& self, u64 request, const component::Buffer& buffer, u64 offset,
                    u8* memory, u64 length, bool to_buffer);
};

} // namespace core

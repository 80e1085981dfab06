// SPDX-License-Identifier: BSD-2-Clause
// The table of Env in the kernel. A component there hands over pointers as they are, and a wrong
// one must end it and not the kernel: memory it names is touched only where a trap is its own.
#include "core/component/env_calls.h"

namespace core {

using namespace component;

namespace {

// Nothing that needs a destructor, and no lock, may be between the two ends: a trap skips them.
class Touch {
public:
    explicit Touch(Env* env) : strand_(EnvCalls::of(env).strand()) { strand_.set_touching(true); }
    ~Touch() { strand_.set_touching(false); }

private:
    Strand& strand_;
};

template <typename T>
T taken(Env* env, const T* from) {
    const Touch touch(env);
    return *from;
}
template <typename T>
void give(Env* env, T* to, const T& value) {
    const Touch touch(env);
    *to = value;
}

// A call that takes no lock, as it is.
template <auto Function>
struct Whole;
template <typename... Arguments, i64 (*Function)(Env*, Arguments...)>
struct Whole<Function> {
    static i64 call(Env* env, Arguments... arguments) {
        const Touch touch(env);
        return Function(env, arguments...);
    }
};

// The beginning of a stretch of bytes.
template <usize Capacity>
struct Taken {
    Taken(Env* env, const void* from, u64 size) {
        length = size < Capacity ? size : Capacity;
        const Touch touch(env);
        memcpy(bytes, from, length);
    }
    alignas(8) u8 bytes[Capacity];
    u64 length;
};

i64 log(Env* env, component::LogLevel level, const char* text, u64 length) {
    const Taken<200> own(env, text, length);
    return EnvCalls::log(env, level, reinterpret_cast<const char*>(own.bytes), own.length);
}
i64 fail(Env* env, u32 why, const char* text, u64 length) {
    const Taken<200> own(env, text, length);
    return EnvCalls::fail(env, why, reinterpret_cast<const char*>(own.bytes), own.length);
}

i64 window_memory(Env* env, u32 window, u64 offset, u8** view) {
    u8* own = nullptr;
    const i64 length = EnvCalls::window_memory(env, window, offset, &own);
    give(env, view, own);
    return length;
}
i64 allocate_dma(Env* env, u64 length, u64 alignment, DmaBlock* block) {
    DmaBlock own;
    const i64 answer = EnvCalls::allocate_dma(env, length, alignment, &own);
    if (answer >= 0)
        give(env, block, own);
    return answer;
}

i64 map_buffer(Env* env, u64 request, const Buffer* buffer, DmaSegment* segments, u32 capacity) {
    if (!EnvCalls::is_confined(env)) [[likely]]
        return Whole<EnvCalls::map_buffer>::call(env, request, buffer, segments, capacity);
    const Buffer own = taken(env, buffer);
    const auto loan = EnvCalls::lend(env, request, own);
    if (!loan)
        return EnvCalls::error(loan.error());
    const Touch touch(env);
    return EnvCalls::map_loan(env, {request, own, *loan}, segments, capacity);
}

constexpr usize most_property_bytes = sizeof(Instance::Service::properties);

i64 offer(Env* env, const ServiceOffer* offered) {
    ServiceOffer own = taken(env, offered);
    if (own.property_bytes > most_property_bytes)
        return EnvCalls::error(Errno::proto);
    const Taken<most_property_bytes> properties(env, own.properties, own.property_bytes);
    own.properties = properties.bytes;
    own.name[sizeof own.name - 1] = 0;
    return EnvCalls::offer(env, &own);
}
i64 update_offer(Env* env, u32 service, const void* properties, u64 length) {
    const Taken<most_property_bytes> own(env, properties, length);
    return EnvCalls::update_offer(env, service, own.bytes, length); // another length is refused
}
i64 deliver(Env* env, u32 service, u32 event, const void* bytes, u64 length) {
    u64 done = 0;
    do {
        const Taken<256> own(env, static_cast<const u8*>(bytes) + done, length - done);
        const i64 now = EnvCalls::deliver(env, service, event, own.bytes, own.length);
        if (now < 0)
            return now;
        done += static_cast<u64>(now);
        if (static_cast<u64>(now) < own.length)
            break;
    } while (done < length);
    return static_cast<i64>(done);
}

i64 child_properties(Env* env, u32 child, u64 fingerprint, void* properties, u64 capacity) {
    if (capacity > most_property_bytes)
        return EnvCalls::error(Errno::proto);
    alignas(8) u8 own[most_property_bytes];
    const i64 answer = EnvCalls::child_properties(env, child, fingerprint, own, capacity);
    if (answer >= 0) {
        const Touch touch(env);
        memcpy(properties, own, capacity);
    }
    return answer;
}
i64 call_child(Env* env, u32 child, Request* request, Reply* reply) {
    Request own = taken(env, request);
    Reply answer;
    const i64 called = EnvCalls::call_child(env, child, &own, &answer);
    if (called >= 0)
        give(env, reply, answer);
    return called;
}

} // namespace

constexpr EnvTable kernel_env_table = {
    .size = sizeof(EnvTable),
    .abi = env_abi,
// As they are: no pointers. Whole: pointers, but no locks. Else the function of that name above.
#define PITH_ENV_CALL(name) .name = EnvCalls::name,
#define PITH_ENV_WHOLE(name) .name = Whole<EnvCalls::name>::call,
#define PITH_ENV_OWN(name) .name = name,
    PITH_ENV_OWN(log) PITH_ENV_CALL(now) PITH_ENV_CALL(wall_clock) PITH_ENV_CALL(sleep_until)
    PITH_ENV_CALL(set_timer) PITH_ENV_CALL(cancel_timer) PITH_ENV_WHOLE(random)
    PITH_ENV_WHOLE(configuration) PITH_ENV_CALL(count) PITH_ENV_CALL(trace) PITH_ENV_OWN(fail)
    PITH_ENV_CALL(device_fact) PITH_ENV_WHOLE(window_info) PITH_ENV_WHOLE(read_register)
    PITH_ENV_CALL(write_register) PITH_ENV_OWN(window_memory)
    PITH_ENV_CALL(read_configuration_space) PITH_ENV_CALL(control)
    PITH_ENV_CALL(enable_interrupt) PITH_ENV_CALL(disable_interrupt)
    PITH_ENV_CALL(acknowledge_interrupt) PITH_ENV_OWN(allocate_dma) PITH_ENV_CALL(free_dma)
    PITH_ENV_WHOLE(dma_view) PITH_ENV_WHOLE(dma_block) PITH_ENV_OWN(map_buffer)
    PITH_ENV_CALL(unmap_buffer) PITH_ENV_WHOLE(buffer_view) PITH_ENV_WHOLE(copy_from_buffer)
    PITH_ENV_WHOLE(copy_to_buffer) PITH_ENV_OWN(offer) PITH_ENV_OWN(update_offer)
    PITH_ENV_CALL(withdraw) PITH_ENV_CALL(complete) PITH_ENV_OWN(deliver)
    PITH_ENV_CALL(child_count) PITH_ENV_OWN(child_properties) PITH_ENV_OWN(call_child)
    PITH_ENV_CALL(read_record) PITH_ENV_CALL(release_record) PITH_ENV_CALL(publish)
    PITH_ENV_CALL(was_published) PITH_ENV_WHOLE(request_services)
#undef PITH_ENV_CALL
#undef PITH_ENV_WHOLE
#undef PITH_ENV_OWN
};

} // namespace core

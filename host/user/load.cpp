// SPDX-License-Identifier: BSD-2-Clause
// Loading the component's object, with the loader that every home uses. It needs a little memory
// once: a fixed room, never given back.
#include "base/allocate.h"
#include "base/sha256.h"
#include "core/component/object_loader.h"
#include "host/user/host.h"

namespace host {
namespace {

using namespace component::server;

struct Loaded {
    const component::Descriptor* descriptor = nullptr;
    u64 object_bytes = 0;
    u64 text_bytes = 0;
};
constinit Loaded g_loaded;

alignas(16) constinit u8 g_room[32 * 1024]{};
constinit usize g_room_used = 0;

void* take_room(usize size) {
    size = (size + 15) & ~usize{15};
    if (size > sizeof g_room - g_room_used)
        return nullptr;
    g_room_used += size;
    return g_room + (g_room_used - size);
}

Result<> load(u64 bytes) {
    const std::span<const u8> object(reinterpret_cast<const u8*>(object_base), bytes);
    const core::ObjectPlan plan = TRY(core::ObjectPlan::create(object));
    u64 guard = 0;
    call(Call::random, &guard, sizeof guard);
    if (const i64 made = call(Call::make_room, plan.size()).first; made < 0)
        return Failure(static_cast<Errno>(-made));
    u8* code = reinterpret_cast<u8*>(code_base);
    const u64 descriptor = TRY(plan.place({code, plan.size()}, code_base, guard));
    if (const i64 sealed = call(Call::seal, plan.text_size()).first; sealed < 0)
        return Failure(static_cast<Errno>(-sealed));
    g_loaded = {reinterpret_cast<const component::Descriptor*>(descriptor), bytes,
                plan.text_size()};
    return {};
}

} // namespace

u64 load_object(u64 bytes) {
    const Result<> loaded = load(bytes);
    return loaded ? 0 : static_cast<u64>(loaded.error());
}

void hash_object(Facts& facts) {
    const base::Sha256Digest object =
        base::sha256({reinterpret_cast<const u8*>(object_base), g_loaded.object_bytes});
    const base::Sha256Digest text =
        base::sha256({reinterpret_cast<const u8*>(code_base), g_loaded.text_bytes});
    static_assert(sizeof object == sizeof facts.object_hash);
    __builtin_memcpy(facts.object_hash, &object, sizeof object);
    __builtin_memcpy(facts.text_hash, &text, sizeof text);
}

const component::Handlers& handlers() { return g_loaded.descriptor->handlers; }

} // namespace host

void* operator new(usize size, base::Fallible) noexcept { return host::take_room(size); }
void* operator new[](usize size, base::Fallible) noexcept { return host::take_room(size); }
void operator delete(void*) noexcept {}
void operator delete[](void*) noexcept {}
void operator delete(void*, usize) noexcept {}
void operator delete[](void*, usize) noexcept {}

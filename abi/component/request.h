// SPDX-License-Identifier: BSD-2-Clause
// What travels through a gate: 64-byte requests, buffers named instead of pointed to, and the
// constexpr list of operations from which direct call, ring proxy, tracer, comparator and fuzzer
// are derived. Nothing here holds a pointer; the layout is the same in every placement.
#pragma once

#include <array>
#include <bit>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/errno.h"
#include "base/types.h"

namespace component {

// Names a memory object in the view of one instance. The upper four bits say of which kind.
enum class ObjectId : u32 {
    none = 0,
    // The pages that the client attached to this very request.
    own_request = 0x1000'0000,
    // The instance's arena; offsets count from its base.
    arena = 0x2000'0000,
};
// A block got from Env::allocate_dma.
constexpr ObjectId object_of_dma(u32 block) { return static_cast<ObjectId>(0x4000'0000 | block); }

enum class BufferRights : u32 { none = 0, read = 1, write = 2, read_write = 3 };

// A stretch of a memory object. `rights`: what the callee may do to it.
struct Buffer {
    ObjectId object = ObjectId::none;
    BufferRights rights = BufferRights::none;
    u64 offset = 0;
    u64 length = 0;
};
static_assert(sizeof(Buffer) == 24);

// Pieces of a buffer that can be passed on to a child at once.
inline constexpr u32 maximum_child_pieces = 64;

// Arguments every operation may use as it likes: 24 bytes of plain data.
using RequestArguments = std::array<u64, 3>;

template <typename T>
concept RequestPayload = std::is_trivially_copyable_v<T> && sizeof(T) == sizeof(RequestArguments);

// One request. `id` is given by the gate: slot in its in-flight table (lower half) and generation
// (upper half); an answer with another generation ends the instance.
struct Request {
    u64 id = 0;
    u16 operation = 0;
    u16 flags = 0;
    u32 service = 0; // index that Env::offer gave
    Buffer buffer;
    RequestArguments arguments{};

    template <RequestPayload T>
    constexpr T payload() const {
        return std::bit_cast<T>(arguments);
    }
    template <RequestPayload T>
    constexpr void set_payload(const T& value) {
        arguments = std::bit_cast<RequestArguments>(value);
    }
};
static_assert(sizeof(Request) == 64 && std::is_trivially_copyable_v<Request>);

// How a request ended. `status` is 0 or an errno; `value` is the operation's (bytes moved, …).
struct Reply {
    i32 status = 0;
    u32 reserved = 0;
    u64 value = 0;

    constexpr bool ok() const { return status == 0; }
    constexpr base::Errno error() const { return static_cast<base::Errno>(status); }
};

// What a submit handler answers, in two registers.
// done: `status` and `value` are the reply. pending: Env::complete will follow, from a later
// handler or from this one before it returns. busy: nothing was begun; the gate offers the request
// again after the next completion.
struct Answer {
    enum class Kind : u32 { done, pending, busy };
    Kind kind = Kind::done;
    i32 status = 0;
    u64 value = 0;

    static constexpr Answer done(u64 value = 0) { return {Kind::done, 0, value}; }
    static constexpr Answer failed(base::Errno error) {
        return {Kind::done, static_cast<i32>(error), 0};
    }
    static constexpr Answer pending() { return {Kind::pending, 0, 0}; }
    static constexpr Answer busy() { return {Kind::busy, 0, 0}; }
};
static_assert(sizeof(Answer) == 16);

// What the gate must know about an operation to hold, order and replay it.
enum class OperationFlags : u32 {
    none = 0,
    // Doing it twice is the same as doing it once: may be replayed without asking.
    idempotent = 1 << 0,
    // Everything submitted before is answered before it; nothing after it starts earlier.
    barrier = 1 << 1,
    // Ordered against requests that touch the same range; free against others.
    ordered_on_range = 1 << 2,
    reads_buffer = 1 << 3,  // the component reads what the client put there
    writes_buffer = 1 << 4, // the component fills it
    // Always answered done inside submit: not entered in the in-flight table.
    untracked = 1 << 5,
    // Its effect becomes known by a publish with the request's id: replayed only if that is absent.
    published = 1 << 6,
    // The device may do it twice after a crash (serial output); the repeat is counted.
    repeatable = 1 << 7,
    // An answer comes in a bounded time, whatever happens outside: without one the instance ends.
    timed = 1 << 8,
};
constexpr OperationFlags operator|(OperationFlags a, OperationFlags b) {
    return static_cast<OperationFlags>(static_cast<u32>(a) | static_cast<u32>(b));
}
constexpr bool has_flag(OperationFlags set, OperationFlags flag) {
    return (static_cast<u32>(set) & static_cast<u32>(flag)) != 0;
}

struct OperationInfo {
    std::string_view name;
    OperationFlags flags;
};

enum class InterfaceId : u32 {
    none = 0,
    block = 1,
    file_system = 2,
    network_link = 3,
    socket_transport = 4,
    byte_stream = 5, // serial lines, consoles, ports
    input = 6,
    display = 7,
    policy = 8,
    entropy = 9,
    clock = 10,
};

// FNV-1a over what client and component must agree on.
class Fingerprint {
public:
    consteval Fingerprint& add(u64 word) {
        for (int i = 0; i < 8; ++i) {
            hash_ = (hash_ ^ (word & 0xff)) * 0x100'0000'01b3;
            word >>= 8;
        }
        return *this;
    }
    consteval Fingerprint& add(std::string_view text) {
        for (char c : text)
            hash_ = (hash_ ^ static_cast<u8>(c)) * 0x100'0000'01b3;
        return add(text.size());
    }
    consteval u64 value() const { return hash_; }

private:
    u64 hash_ = 0xcbf2'9ce4'8422'2325;
};

// An interface is a struct with: `id`, `name`, `operations` (a std::array of OperationInfo, indexed
// by operation number), `Properties` (plain data given when a service is offered) and, to pin down
// its own structures, `consteval static void shape(Fingerprint&)`.
template <typename I>
concept Interface = requires(Fingerprint print) {
    { I::id } -> std::convertible_to<InterfaceId>;
    { I::name } -> std::convertible_to<std::string_view>;
    { I::operations.size() } -> std::convertible_to<usize>;
    typename I::Properties;
} && std::is_trivially_copyable_v<typename I::Properties>;

template <Interface I>
consteval u64 fingerprint_of() {
    Fingerprint print;
    print.add(I::name).add(sizeof(Request)).add(sizeof(typename I::Properties));
    for (const OperationInfo& operation : I::operations)
        print.add(operation.name).add(static_cast<u64>(operation.flags));
    if constexpr (requires { I::shape(print); })
        I::shape(print);
    return print.value();
}

} // namespace component

// SPDX-License-Identifier: BSD-2-Clause
#include "host/test/home.h"

#include <cstdlib>
#include <cstring>

namespace host_test {

using namespace component;

namespace {

std::unique_ptr<u8, void (*)(void*)> allocate_bytes(usize length, usize alignment) {
    // Not rounded up, so that the sanitizer sees the very end.
    void* memory = nullptr;
    if (posix_memalign(&memory, alignment < 64 ? 64 : alignment, length ? length : 1) != 0)
        std::abort();
    std::memset(memory, 0, length);
    return {static_cast<u8*>(memory), std::free};
}

} // namespace

u64 DeviceMemory::add(usize length, usize alignment) {
    if (alignment < 16)
        alignment = 16;
    next_ = (next_ + alignment - 1) & ~(u64{alignment} - 1);
    const u64 address = next_;
    blocks_[address] = {allocate_bytes(length, alignment), length};
    next_ += length + 4096; // a hole behind each
    return address;
}

void DeviceMemory::remove(u64 address) { blocks_.erase(address); }

std::span<u8> DeviceMemory::view(u64 address, u64 length) {
    auto after = blocks_.upper_bound(address);
    if (after != blocks_.begin()) {
        auto& [start, block] = *--after;
        if (address - start <= block.length && length <= block.length - (address - start))
            return {block.bytes.get() + (address - start), length};
    }
    ++stray_;
    return {};
}

struct HomeCalls {
    static Home& of(Env* env) { return *static_cast<Home*>(env); }
    static i64 error(Errno why) { return -static_cast<i64>(why); }
    static i64 reject(Home& home, const char* what) {
        home.ended_ = home.broke_contract_ = true;
        home.why_ = what;
        return error(Errno::inval);
    }

    static i64 log(Env*, LogLevel, const char* text, u64 length) {
        if (std::getenv("PITH_TEST_LOG"))
            std::fprintf(stderr, "%.*s\n", static_cast<int>(length), text);
        return 0;
    }
    static i64 now(Env* env) { return static_cast<i64>(of(env).time); }
    static i64 wall_clock(Env* env) { return static_cast<i64>(of(env).time); }
    static i64 sleep_until(Env* env, u64 moment) {
        Home& home = of(env);
        home.time = std::max(home.time, moment);
        ++home.sleeps;
        if (home.asleep)
            home.asleep();
        return 0;
    }
    static i64 set_timer(Env* env, u32 timer, u64 moment) {
        if (timer >= 8)
            return reject(of(env), "timer");
        of(env).timers_[timer] = moment;
        return 0;
    }
    static i64 cancel_timer(Env* env, u32 timer) {
        of(env).timers_.erase(timer);
        return 0;
    }
    static i64 random(Env*, void* to, u64 length) {
        std::memset(to, 0x5a, length);
        return 0;
    }
    static i64 configuration(Env* env, const char* key, u64 key_length, char* value, u64 capacity) {
        const auto found = of(env).configuration.find(std::string(key, key_length));
        if (found == of(env).configuration.end())
            return error(Errno::noent);
        return static_cast<i64>(found->second.copy(value, capacity));
    }
    static i64 count(Env* env, u32 counter, u64 amount) {
        if (counter >= 16)
            return reject(of(env), "counter");
        of(env).counters[counter] += amount;
        return 0;
    }
    static i64 trace(Env*, u32, u64, u64) { return 0; }
    static i64 fail(Env* env, u32, const char* why, u64 length) {
        of(env).ended_ = true;
        of(env).why_.assign(why, length);
        return 0;
    }

    static i64 device_fact(Env* env, DeviceFact fact) {
        Home& home = of(env);
        if (!home.device_)
            return error(Errno::nodev);
        if (fact == DeviceFact::window_count)
            return static_cast<i64>(home.device_->windows().size());
        return static_cast<i64>(home.device_->fact(fact));
    }
    static i64 window_info(Env* env, u32 window, WindowInfo* info) {
        Home& home = of(env);
        if (!home.device_ || window >= home.device_->windows().size())
            return error(Errno::noent);
        *info = home.device_->windows()[window];
        return 0;
    }
    static bool is_access(Home& home, u32 window, u64 offset, u32 width) {
        if (!home.device_ || window >= home.device_->windows().size())
            return false;
        const WindowInfo info = home.device_->windows()[window];
        return (width == 1 || width == 2 || width == 4 || width == 8) && offset % width == 0 &&
               offset < info.length && width <= info.length - offset;
    }
    static i64 read_register(Env* env, u32 window, u64 offset, u32 width, u64* value) {
        Home& home = of(env);
        *value = ~u64{0};
        if (!is_access(home, window, offset, width))
            return reject(home, "register read outside the window");
        *value = home.device_->read(window, offset, width);
        const u64 number = home.register_reads++;
        if (home.lie)
            *value = home.lie(number, *value, width);
        if (width < 8)
            *value &= (u64{1} << (8 * width)) - 1;
        return 0;
    }
    static i64 write_register(Env* env, u32 window, u64 offset, u32 width, u64 value) {
        Home& home = of(env);
        if (!is_access(home, window, offset, width))
            return reject(home, "register write outside the window");
        home.device_->write(window, offset, width, value);
        return 0;
    }
    static i64 window_memory(Env* env, u32, u64 offset, u8** view) {
        const std::span<u8> bytes = of(env).device_->storage(offset);
        if (bytes.empty())
            return error(Errno::inval);
        *view = bytes.data();
        return static_cast<i64>(bytes.size());
    }
    static i64 read_configuration_space(Env* env, u32 offset, u32 width) {
        Home& home = of(env);
        u64 value = home.device_->read_configuration(offset, width);
        const u64 number = home.register_reads++;
        if (home.lie)
            value = home.lie(number, value, width);
        return static_cast<i64>(value & ((u64{1} << (8 * width)) - 1));
    }
    static i64 control(Env* env, ControlKind kind, u64 value) {
        if (kind == ControlKind::message_interrupts)
            return of(env).device_->message_interrupts(static_cast<u32>(value));
        return 0;
    }
    static i64 enable_interrupt(Env* env, u32 line) {
        of(env).enabled_.insert(line);
        return 0;
    }
    static i64 disable_interrupt(Env* env, u32 line) {
        of(env).enabled_.erase(line);
        return 0;
    }
    static i64 acknowledge_interrupt(Env*, u32) { return 0; }

    static i64 allocate_dma(Env* env, u64 length, u64 alignment, DmaBlock* block) {
        Home& home = of(env);
        if (length == 0 || length > (u64{4} << 20))
            return error(Errno::inval);
        const u64 address = home.memory_.add(length, alignment);
        *block = {static_cast<u32>(home.dma_.size()), 0, address, length};
        home.dma_.push_back({address, length, false});
        return 0;
    }
    static i64 free_dma(Env* env, u32 block) {
        Home& home = of(env);
        if (block >= home.dma_.size() || home.dma_[block].freed)
            return reject(home, "freed memory it does not have");
        home.dma_[block].freed = true;
        home.memory_.remove(home.dma_[block].address);
        return 0;
    }
    static i64 dma_view(Env* env, u32 block, u8** view) {
        Home& home = of(env);
        if (block >= home.dma_.size() || home.dma_[block].freed)
            return reject(home, "looked at memory it does not have");
        *view = home.memory_.view(home.dma_[block].address, home.dma_[block].length).data();
        return static_cast<i64>(home.dma_[block].length);
    }
    static i64 dma_block(Env* env, u32 index, DmaBlock* block) {
        Home& home = of(env);
        if (index >= home.dma_.size() || home.dma_[index].freed)
            return error(Errno::noent);
        *block = {index, 0, home.dma_[index].address, home.dma_[index].length};
        return 0;
    }

    // Visits the buffer's bytes from `offset` on: visit(device address, length) until it answers
    // false.
    template <typename Visit>
    static Result<> visit(Home& home, u64 request, const Buffer& buffer, u64 offset, Visit visit) {
        if (buffer.object != ObjectId::own_request || !home.requests_.contains(request))
            return Failure(Errno::inval);
        u64 skip = buffer.offset + offset;
        u64 left = buffer.length - offset;
        for (const auto& piece : home.requests_[request].pieces) {
            if (left == 0)
                return {};
            if (skip >= piece.length) {
                skip -= piece.length;
                continue;
            }
            const u64 here = std::min<u64>(left, piece.length - skip);
            if (!visit(piece.address + skip, here))
                return {};
            skip = 0;
            left -= here;
        }
        return left ? Result<>(Failure(Errno::inval)) : Result<>();
    }
    static i64 map_buffer(Env* env, u64 request, const Buffer* buffer, DmaSegment* segments,
                          u32 capacity) {
        u32 used = 0;
        bool full = false;
        const auto visited = visit(of(env), request, *buffer, 0, [&](u64 address, u64 length) {
            full = used == capacity;
            if (!full)
                segments[used++] = {address, length};
            return !full;
        });
        if (!visited)
            return error(visited.error());
        return full ? error(Errno::e2big) : used;
    }
    static i64 unmap_buffer(Env*, u64) { return 0; }
    static i64 buffer_view(Env* env, u64 request, const Buffer* buffer, u64 offset, u8** view) {
        i64 found = 0;
        const auto visited = visit(of(env), request, *buffer, offset, [&](u64 address, u64 length) {
            *view = of(env).memory_.view(address, length).data();
            found = static_cast<i64>(length);
            return false;
        });
        return visited ? found : error(visited.error());
    }
    static i64 copy(Env* env, u64 request, const Buffer& buffer, u64 offset, u8* memory, u64 length,
                    bool to_buffer) {
        if (offset > buffer.length || length > buffer.length - offset)
            return error(Errno::inval);
        Buffer part = buffer;
        part.offset += offset;
        part.length = length;
        const auto visited = visit(of(env), request, part, 0, [&](u64 address, u64 here) {
            u8* place = of(env).memory_.view(address, here).data();
            std::memcpy(to_buffer ? place : memory, to_buffer ? memory : place, here);
            memory += here;
            return true;
        });
        return visited ? 0 : error(visited.error());
    }
    static i64 copy_from_buffer(Env* env, u64 request, const Buffer* buffer, u64 offset, void* to,
                                u64 length) {
        return copy(env, request, *buffer, offset, static_cast<u8*>(to), length, false);
    }
    static i64 copy_to_buffer(Env* env, u64 request, const Buffer* buffer, u64 offset,
                              const void* from, u64 length) {
        return copy(env, request, *buffer, offset, const_cast<u8*>(static_cast<const u8*>(from)),
                    length, true);
    }

    static i64 offer(Env* env, const ServiceOffer* offer) {
        Home& home = of(env);
        const u8* bytes = static_cast<const u8*>(offer->properties);
        for (usize i = 0; i < home.offers.size(); ++i) { // the same name is the same service
            if (home.offers[i].name == offer->name) {
                home.offers[i].withdrawn = false;
                home.offers[i].properties.assign(bytes, bytes + offer->property_bytes);
                return static_cast<i64>(i);
            }
        }
        home.offers.push_back(
            {offer->interface, offer->name, {bytes, bytes + offer->property_bytes}, false});
        return static_cast<i64>(home.offers.size() - 1);
    }
    static i64 update_offer(Env* env, u32 service, const void* properties, u64 length) {
        Home& home = of(env);
        if (service >= home.offers.size() || length != home.offers[service].properties.size())
            return reject(home, "update of what it does not offer");
        const u8* bytes = static_cast<const u8*>(properties);
        home.offers[service].properties.assign(bytes, bytes + length);
        return 0;
    }
    static i64 withdraw(Env* env, u32 service) {
        Home& home = of(env);
        if (service >= home.offers.size())
            return reject(home, "withdrawal of what it does not offer");
        home.offers[service].withdrawn = true;
        return 0;
    }
    static i64 complete(Env* env, u64 request, u32 status, u64 value) {
        Home& home = of(env);
        auto found = home.requests_.find(request);
        if (found == home.requests_.end() || found->second.answer.done)
            return reject(home, "completed a request that is not pending");
        found->second.answer = {true, static_cast<i32>(status), value};
        return 0;
    }
    static i64 deliver(Env* env, u32 service, u32 event, const void* bytes, u64 length) {
        Home& home = of(env);
        if (service >= home.offers.size())
            return reject(home, "delivery for what it does not offer");
        const u8* from = static_cast<const u8*>(bytes);
        Delivery delivery{service, event, {from, from + length}};
        const u64 taken = home.take ? home.take(delivery) : length;
        delivery.bytes.resize(std::min<u64>(taken, length));
        home.deliveries.push_back(std::move(delivery));
        return static_cast<i64>(taken);
    }

    static i64 child_count(Env* env) { return static_cast<i64>(of(env).children.size()); }
    static i64 child_properties(Env* env, u32 child, u64 fingerprint, void* to, u64 capacity) {
        Home& home = of(env);
        if (child >= home.children.size())
            return error(Errno::noent);
        const std::vector<u8> properties = home.children[child]->properties();
        if (fingerprint != home.children[child]->fingerprint() || capacity != properties.size())
            return error(Errno::proto);
        std::memcpy(to, properties.data(), capacity);
        return 0;
    }
    // With a part of the buffer of a request that is not answered yet, as the core has it.
    static i64 call_child(Env* env, u32 child, Request* request, Reply* reply) {
        Home& home = of(env);
        if (child >= home.children.size())
            return error(Errno::noent);
        std::vector<u8> data;
        const bool has_buffer = request->buffer.object != ObjectId::none;
        if (has_buffer) {
            const auto found = home.requests_.find(request->id);
            if (found == home.requests_.end() || found->second.answer.done ||
                request->buffer.object != ObjectId::own_request)
                return error(Errno::inval);
            data.resize(request->buffer.length);
            if (const i64 copied = copy_from_buffer(env, request->id, &request->buffer, 0,
                                                    data.data(), data.size());
                copied < 0)
                return copied;
        }
        *reply = home.children[child]->call(*request, data);
        return has_buffer ? copy_to_buffer(env, request->id, &request->buffer, 0, data.data(),
                                           data.size())
                          : 0;
    }
    static i64 read_record(Env*, u32, u64, RecordView*) { return error(Errno::noent); }
    static i64 release_record(Env*, u32, u32) { return error(Errno::inval); }
    static i64 publish(Env*, u64, const RecordChange*, u64) { return error(Errno::noent); }
    static i64 was_published(Env*, u64) { return 0; }
    static i64 request_services(Env*, u64, const void**) { return error(Errno::noent); }
};

namespace {

constexpr EnvTable home_table = {
    .size = sizeof(EnvTable),
    .abi = env_abi,
#define CALL(name) .name = HomeCalls::name,
    CALL(log) CALL(now) CALL(wall_clock) CALL(sleep_until) CALL(set_timer) CALL(cancel_timer)
        CALL(random) CALL(configuration) CALL(count) CALL(trace) CALL(fail) CALL(device_fact)
            CALL(window_info) CALL(read_register) CALL(write_register) CALL(window_memory)
                CALL(read_configuration_space) CALL(control) CALL(enable_interrupt)
                    CALL(disable_interrupt) CALL(acknowledge_interrupt) CALL(allocate_dma)
                        CALL(free_dma) CALL(dma_view) CALL(dma_block) CALL(map_buffer)
                            CALL(unmap_buffer) CALL(buffer_view) CALL(copy_from_buffer)
                                CALL(copy_to_buffer) CALL(offer) CALL(update_offer) CALL(withdraw)
                                    CALL(complete) CALL(deliver) CALL(child_count)
                                        CALL(child_properties) CALL(call_child) CALL(read_record)
                                            CALL(release_record) CALL(publish) CALL(was_published)
                                                CALL(request_services)
#undef CALL
};

} // namespace

Home::Home(const Descriptor& descriptor, FakeDevice* device, DeviceMemory& memory)
    : descriptor_(descriptor), device_(device), memory_(memory) {
    table_ = &home_table;
    place_arena();
}

Home::~Home() = default;

void Home::place_arena() {
    arena_bytes_ = allocate_bytes(descriptor_.arena_bytes, descriptor_.arena_alignment);
    arena_ = arena_bytes_.get();
    arena_size_ = descriptor_.arena_bytes;
}

Result<> Home::start() {
    const Result<> started = descriptor_.handlers.start(*this);
    if (!started)
        ended_ = true;
    return started;
}

void Home::interrupt(u32 line) {
    if (!ended_ && enabled_.contains(line) && descriptor_.handlers.interrupt)
        descriptor_.handlers.interrupt(*this, line);
}

bool Home::fire_timers() {
    bool any = false;
    for (auto it = timers_.begin(); it != timers_.end() && !ended_;) {
        if (it->second > time) {
            ++it;
            continue;
        }
        const u32 timer = it->first;
        timers_.erase(it);
        any = true;
        descriptor_.handlers.timer(*this, timer);
        it = timers_.upper_bound(timer);
    }
    return any;
}

void Home::stop() {
    if (descriptor_.handlers.stop)
        descriptor_.handlers.stop(*this);
}

void Home::move() {
    auto former = std::move(arena_bytes_);
    place_arena();
    std::memcpy(arena_, former.get(), descriptor_.arena_bytes);
}

void Home::resume() {
    if (!ended_ && !descriptor_.handlers.resume(*this))
        ended_ = true;
}

u64 Home::submit(u16 operation, RequestArguments arguments, std::vector<u8> data, usize piece,
                 u32 service) {
    const u64 id = next_request_ << 32 | (next_request_ & 0xff);
    ++next_request_;
    Pending& pending = requests_[id];
    pending.request.id = id;
    pending.request.operation = operation;
    pending.request.service = service;
    pending.request.arguments = arguments;
    pending.request.buffer = {data.empty() ? ObjectId::none : ObjectId::own_request,
                              BufferRights::read_write, 0, data.size()};
    for (usize at = 0; at < data.size(); at += piece) {
        const usize length = std::min(piece, data.size() - at);
        const u64 address = memory_.add(length, buffer_alignment);
        std::memcpy(memory_.view(address, length).data(), data.data() + at, length);
        pending.pieces.push_back({address, length});
    }
    if (ended_) {
        pending.answer = {true, static_cast<i32>(Errno::io), 0};
        return id;
    }
    const Request request = pending.request;
    const Answer answer = descriptor_.handlers.submit(*this, request);
    pending.kind = answer.kind;
    if (answer.kind == Answer::Kind::done) {
        if (pending.answer.done)
            HomeCalls::reject(*this, "answered twice");
        pending.answer = {true, answer.status, answer.value};
    }
    return id;
}

std::vector<u8> Home::data(u64 id) {
    std::vector<u8> bytes;
    for (const auto& piece : requests_[id].pieces) {
        const auto view = memory_.view(piece.address, piece.length);
        bytes.insert(bytes.end(), view.begin(), view.end());
    }
    return bytes;
}

} // namespace host_test

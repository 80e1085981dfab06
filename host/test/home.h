// SPDX-License-Identifier: BSD-2-Clause
// The test home: runs one instance of a component in a Linux process, single-threaded, with an Env
// whose every answer the test controls. Device memory has addresses of its own, so that a stray one
// shows.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "abi/component/component.h"

namespace host_test {

// Memory as the device sees it: blocks at invented addresses, each a heap block of its own, so that
// the address sanitizer guards its edges.
class DeviceMemory {
public:
    u64 add(usize length, usize alignment);
    void remove(u64 address);
    // The bytes at `address`, or an empty span (counted as stray) if they are not all inside one
    // block.
    std::span<u8> view(u64 address, u64 length);
    u64 stray() const { return stray_; }

private:
    struct Block {
        std::unique_ptr<u8, void (*)(void*)> bytes{nullptr, nullptr};
        usize length = 0;
    };
    std::map<u64, Block> blocks_;
    u64 next_ = 0x1'0000'0000;
    u64 stray_ = 0;
};

class FakeDevice {
public:
    virtual ~FakeDevice() = default;
    virtual u64 read(u32 window, u64 offset, u32 width) = 0;
    virtual void write(u32 window, u64 offset, u32 width, u64 value) = 0;
    virtual u32 read_configuration(u32, u32) { return ~u32{0}; }
    virtual std::vector<component::WindowInfo> windows() const = 0;
    virtual u64 fact(component::DeviceFact) const { return 0; }
    virtual u32 message_interrupts(u32) { return 0; }
    virtual std::span<u8> storage(u64) { return {}; }
};

// What an instance calls as its child.
class FakeChild {
public:
    virtual ~FakeChild() = default;
    virtual u64 fingerprint() const = 0;
    virtual std::vector<u8> properties() = 0;
    // `data` is the buffer that was passed on, to read or to fill.
    virtual component::Reply call(const component::Request& request, std::span<u8> data) = 0;
};

// Changes what the instance reads from registers: (number of the read, true value) -> value.
using RegisterLie = std::function<u64(u64 number, u64 value, u32 width)>;

struct Answered {
    bool done = false;
    i32 status = 0;
    u64 value = 0;
};

struct Offered {
    component::InterfaceId interface;
    std::string name;
    std::vector<u8> properties;
    bool withdrawn = false;
};

struct Delivery {
    u32 service;
    u32 event;
    std::vector<u8> bytes;
};

class Home : public component::Env {
public:
    Home(const component::Descriptor& descriptor, FakeDevice* device, DeviceMemory& memory);
    ~Home();

    // The handlers, as a strand would call them. Nothing is called once the instance has ended.
    Result<> start();
    void interrupt(u32 line);
    bool fire_timers(); // those that are due; true if there was one
    void stop();
    void resume(); // as after a move
    // Moves the arena elsewhere, as a live move does: the old place becomes unreadable.
    void move();

    // A request whose buffer is `data`, cut into `piece` bytes at device addresses of their own.
    u64 submit(u16 operation, component::RequestArguments arguments, std::vector<u8> data = {},
               usize piece = 4096, u32 service = 0);
    Answered& answer(u64 id) { return requests_[id].answer; }
    component::Answer::Kind kind(u64 id) { return requests_[id].kind; }
    std::vector<u8> data(u64 id); // what the buffer holds now

    bool ended() const { return ended_; }
    bool broke_contract() const { return broke_contract_; }
    const std::string& why() const { return why_; }
    std::vector<Offered> offers;
    std::vector<Delivery> deliveries;
    std::function<u64(const Delivery&)> take; // how many bytes the core takes; all if empty
    RegisterLie lie;
    std::function<void()> asleep; // called when the instance sleeps: the device's turn
    u64 sleeps = 0;
    u64 register_reads = 0;
    u64 time = 1'000'000'000;
    usize buffer_alignment = 16; // of the pieces of a request's buffer
    u64 counters[16] = {};
    std::map<std::string, std::string> configuration;
    std::vector<FakeChild*> children; // in the order of the descriptor
    std::set<u32>* enabled() { return &enabled_; }
    DeviceMemory& memory() { return memory_; }

private:
    friend struct HomeCalls;
    struct Piece {
        u64 address;
        usize length;
    };
    struct Pending {
        component::Request request;
        component::Answer::Kind kind = component::Answer::Kind::done;
        Answered answer;
        std::vector<Piece> pieces;
    };
    void place_arena();

    const component::Descriptor& descriptor_;
    FakeDevice* device_;
    DeviceMemory& memory_;
    std::unique_ptr<u8, void (*)(void*)> arena_bytes_{nullptr, nullptr};
    std::map<u64, Pending> requests_;
    u64 next_request_ = 1;
    struct Dma {
        u64 address;
        u64 length;
        bool freed;
    };
    std::vector<Dma> dma_;
    std::map<u32, u64> timers_;
    std::set<u32> enabled_;
    bool ended_ = false;
    bool broke_contract_ = false;
    std::string why_;
};

} // namespace host_test

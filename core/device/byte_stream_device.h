// SPDX-License-Identifier: BSD-2-Clause
// Byte streams as the rest of the kernel sees them: serial lines (ttyS0), consoles (hvc0) and named
// ports (vport1p1, label "org.example.agent"). The terminal layer registers as receiver.
#pragma once

#include "abi/component/byte_stream.h"
#include "core/component/service_sink.h"
#include "core/sync/guarded.h"
#include "core/sync/wait_queue.h"

namespace core {

// Who gets what comes in. All calls: any context, interrupts included; no sleeping.
class ByteStreamReceiver {
public:
    // Answers how many bytes were taken; the rest stays in the device until receive_ready().
    virtual usize received(std::span<const u8> bytes) = 0;
    virtual void resized(u16 columns, u16 rows) { (void)columns, (void)rows; }
    virtual void line_break() {}
    // The host's side of a port opened or closed it, or the device is gone for good.
    virtual void connection_changed(bool connected) { (void)connected; }
    // There is room to write again.
    virtual void writable() {}

protected:
    ~ByteStreamReceiver() = default;
};

class ByteStreamDevice final : public ServiceSink {
public:
    ByteStreamDevice(Gate& gate, Ref<GateOwner> owner, std::string_view name,
                     const component::ByteStreamProperties& properties, u8* ring);
    ~ByteStreamDevice() override;

    std::string_view name() const { return {name_, name_length_}; }
    component::StreamKind kind() const { return properties_.kind; }
    std::string_view label() const;      // what the host calls the port
    u32 index() const { return index_; } // 0 for ttyS0, hvc0, the first port
    u16 columns() const { return columns_; }
    u16 rows() const { return rows_; }
    bool host_connected() const { return connected_; }

    // Takes as much as there is room for and starts sending. Any context, no locks above `stream`.
    usize write(std::span<const u8> bytes);
    usize writable_bytes();
    // Everything written so far has been handed to the device. Process context. Errors: intr, io.
    Result<> drain(Sleep sleep);
    // Woken when there is room again.
    WaitQueue& write_queue() { return write_queue_; }

    // One receiver; nullptr takes it away (it is not being called any more when this returns). What
    // the device already holds comes at once. Process context.
    void set_receiver(ByteStreamReceiver* receiver);
    // The receiver has room again. Any context.
    void receive_ready();
    // Somebody would miss it from here to end_use(). False: its driver is about to end. Any
    // context.
    bool begin_use();
    void end_use();
    // Nothing of it is on its way through the gate, nor has a completion of it anything left to do.
    bool is_idle() { return state_.lock()->flights == 0; }
    // Errors: those of the device. Process context.
    Result<> set_line(u32 baud, u32 data_bits, u32 stop_bits, u32 parity);
    // A program opened (closed) it: virtio ports tell the host. Process context.
    Result<> set_open(bool open);

    // ServiceSink
    u64 delivered(u32 event, std::span<const u8> bytes) override;
    void restarted() override;
    bool is_used() override;
    bool retire() override;
    void stay() override;
    void withdrawn() override;

private:
    friend class ByteStreamRegistry;
    static constexpr usize ring_size = 4096; // one frame, so that it is physically contiguous
    struct State {
        u64 head = 0;         // bytes ever written
        u64 tail = 0;         // bytes ever sent
        bool sending = false; // transmit_ is on its way
        bool gone = false;
        bool retired = false; // nobody is to begin to use it
        u32 uses = 0;
        u32 flights = 0; // calls on their way or being completed, and withdrawn()
        ByteStreamReceiver* receiver = nullptr;
        u32 receiver_calls = 0; // being made right now
    };
    // What the device was told last, to be told again to a fresh life of its component.
    struct Setting {
        explicit Setting(ByteStreamDevice& device) : owner(device) {}
        ByteStreamDevice& owner;
        std::atomic<bool> is_set{false};
        std::atomic<bool> is_on_its_way{false};
        std::atomic<u64> a{0}, b{0};
        GateCall call;
    };

    // Around each call, from before it is submitted until its completion touches nothing any more.
    // False: the device is gone, and nothing is sent any more.
    bool begin_flight();
    void end_flight();

    template <typename Function>
    void with_receiver(Function function);
    void start_sending();
    usize bytes_sent() const;
    static void transmit_completed(GateCall& call);
    void submit_ready();
    static void ready_completed(GateCall& call);
    Result<> control(component::ByteStream::Operation operation, u64 a, u64 b);
    void tell_again(component::ByteStream::Operation operation, Setting& setting);
    static void told_again(GateCall& call);

    Gate& gate_;
    const Ref<GateOwner> owner_; // keeps the gate alive
    char name_[32] = {};
    usize name_length_;
    component::ByteStreamProperties properties_;
    u32 index_ = 0;
    std::atomic<u16> columns_{0}, rows_{0};
    std::atomic<bool> connected_{true};
    u8* const ring_;
    Guarded<State, lock_class::stream> state_;
    BufferPiece piece_{};
    GateCall transmit_;
    GateCall ready_;
    Setting line_{*this}, open_{*this};
    std::atomic<u32> ready_wanted_{0}; // 0 idle, 1 on its way, 2 asked for again meanwhile
    WaitQueue write_queue_;
    ListLink registry_link_;
    ByteStreamDevice* next_released_ = nullptr;
};

// --- the registry. Process context.

// "ttyS0", "hvc0", "vport1p1". Errors: noent.
Result<Ref<ByteStreamDevice>> find_byte_stream(std::string_view name);
// The port the host calls `label`. Errors: noent.
Result<Ref<ByteStreamDevice>> find_port(std::string_view label);
void for_each_byte_stream(bool (*visit)(ByteStreamDevice& device, void* argument), void* argument);
using ByteStreamListener = void (*)(ByteStreamDevice& device, bool present);
void set_byte_stream_listener(ByteStreamListener listener);

// Registers the byte stream interface. Once, at start. Errors: nospc, nomem.
Result<> start_byte_streams();

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/tty/port.h"

#include <algorithm>

#include "base/immortal.h"
#include "linux/devfs/device_registry.h"
#include "linux/tty/byte_ring.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

namespace {

// of the range for dynamic numbers, as virtio-portsdev has one on Linux
constexpr u32 port_major = 245;
constexpr core::WakeEvents read_events = poll_event::in | poll_event::read_normal;
constexpr usize longest_write = 32 * 1024;

class Port final : public RefCounted<Port>, public core::ByteStreamReceiver {
public:
    explicit Port(core::ByteStreamDevice& device)
        : device_(Ref<core::ByteStreamDevice>::share(device)) {}

    core::ByteStreamDevice& device() { return *device_; }
    DeviceNumber number;
    ListLink link; // among all; guarded by the table's lock

    // One program at a time. Errors: busy, nxio.
    Result<> open() {
        if (gone_.load())
            return Failure(Errno::nxio);
        if (open_.exchange(true))
            return Failure(Errno::busy);
        if (!device_->begin_use()) {
            open_.store(false);
            return Failure(Errno::nxio);
        }
        (void)device_->set_open(true);
        return {};
    }
    void close() {
        (void)device_->set_open(false);
        {
            BufferGuard guard(lock_);
            input_.clear();
        }
        take_from_device();
        device_->end_use();
        open_.store(false);
    }
    void remove() {
        gone_.store(true);
        device_->set_receiver(nullptr);
        queue_.wake_all();
    }

    Result<usize> read(IoCursor& target, bool non_block);
    Result<usize> write(IoCursor& source, bool non_block);
    u32 poll(PollRegistration* registration);

    // ByteStreamReceiver: any context.
    usize received(std::span<const u8> bytes) override {
        usize taken = bytes.size();
        if (open_.load(std::memory_order_relaxed)) { // what comes while nobody listens is lost
            BufferGuard guard(lock_);
            taken = input_.push(bytes);
            if (taken < bytes.size())
                starved_.store(true, std::memory_order_relaxed);
        }
        queue_.wake_all(read_events);
        return taken;
    }
    void connection_changed(bool) override { queue_.wake_all(); }
    void writable() override { queue_.wake_all(poll_event::out); }

private:
    using BufferGuard = core::LockGuard<core::lock_class::tty_buffer>;

    bool has_data() const {
        BufferGuard guard(lock_);
        return !input_.empty();
    }
    bool connected() const { return device_->host_connected(); }
    bool read_would_block() const { return !gone_.load() && !has_data() && connected(); }
    bool write_would_block() const {
        return !gone_.load() && (!connected() || device_->writable_bytes() == 0);
    }
    void take_from_device() {
        if (starved_.exchange(false))
            device_->receive_ready();
    }
    u32 take(std::span<u8> target) {
        BufferGuard guard(lock_);
        return input_.pop(target);
    }

    const Ref<core::ByteStreamDevice> device_;
    mutable core::Lock<core::lock_class::tty_buffer> lock_;
    ByteRing<16384> input_; // guarded by lock_
    std::atomic<bool> starved_{false};
    std::atomic<bool> open_{false};
    std::atomic<bool> gone_{false};
    core::WaitQueue queue_;
};

Result<usize> Port::read(IoCursor& target, bool non_block) {
    if (gone_.load())
        return Failure(Errno::nodev);
    if (target.empty())
        return 0;
    if (read_would_block()) {
        if (non_block)
            return Failure(Errno::again);
        if (!queue_.wait([this] { return !read_would_block(); }, core::Sleep::interruptible))
            return Failure(Errno::restartsys);
        if (gone_.load())
            return Failure(Errno::nodev);
    }
    usize done = 0;
    u8 chunk[1024];
    while (!target.empty()) {
        const u32 count = take({chunk, std::min(target.left(), sizeof chunk)});
        if (count == 0)
            break; // nothing more; nothing at all: the host's side is not connected
        const auto copied = target.copy_to(chunk, count);
        if (!copied)
            return done != 0 ? Result<usize>(done) : Failure(copied.error());
        done += *copied;
    }
    take_from_device();
    return done;
}

Result<usize> Port::write(IoCursor& source, bool non_block) {
    if (source.empty())
        return 0;
    if (write_would_block()) {
        if (non_block)
            return Failure(Errno::again);
        if (!queue_.wait([this] { return !write_would_block(); }, core::Sleep::interruptible))
            return Failure(Errno::restartsys);
    }
    if (gone_.load())
        return Failure(Errno::nodev);
    usize done = 0;
    u8 chunk[1024];
    while (!source.empty() && done < longest_write) {
        const usize room = std::min(device_->writable_bytes(), sizeof chunk);
        if (room == 0) {
            if (non_block || gone_.load())
                break;
            if (!queue_.wait([this] { return gone_.load() || device_->writable_bytes() != 0; },
                             core::Sleep::interruptible))
                break;
            continue;
        }
        const usize wanted = std::min(room, source.left());
        const auto copied = source.copy_from(chunk, wanted);
        if (!copied)
            return done != 0 ? Result<usize>(done) : Failure(copied.error());
        done += device_->write({chunk, *copied});
    }
    return done;
}

u32 Port::poll(PollRegistration* registration) {
    if (registration)
        registration->watch(queue_);
    if (gone_.load())
        return poll_event::hang_up;
    u32 events = 0;
    if (!read_would_block())
        events |= poll_event::in | poll_event::read_normal;
    if (!write_would_block())
        events |= poll_event::out;
    if (!connected())
        events |= poll_event::hang_up;
    return events;
}

class PortFile final : public OpenFile {
public:
    PortFile(Ref<Port> port, const Path& path, u32 flags)
        : OpenFile(flags, Positioning::stream), port_(std::move(port)), path_(path) {}
    ~PortFile() override {
        if (opened)
            port_->close();
    }

    Result<usize> read(IoCursor& target, u64, IoFlags flags) override {
        return port_->read(target, flags.non_block);
    }
    Result<usize> write(IoCursor& source, u64&, IoFlags flags) override {
        return port_->write(source, flags.non_block);
    }
    u32 poll(PollRegistration* registration) override { return port_->poll(registration); }
    bool can_poll() const override { return true; }
    Result<> flags_changed(u32) override { return {}; }
    Inode& inode() const override { return path_.inode(); }
    const Path* path() const override { return &path_; }

    bool opened = false;

private:
    const Ref<Port> port_;
    const Path path_;
};

struct PortTable {
    core::Lock<core::lock_class::tty_devices> lock;
    List<Port, &Port::link> ports; // guarded by lock; each holds a reference
};
constinit Immortal<PortTable> g_table;
using TableGuard = core::LockGuard<core::lock_class::tty_devices>;

Result<Ref<OpenFile>> open_port(const DeviceNode& node, const Path& path, u32 flags) {
    auto port = Ref<Port>::share(*static_cast<Port*>(node.context));
    auto file = TRY(Ref<PortFile>::create(port, path, flags));
    TRY(port->open());
    file->opened = true;
    return Ref<OpenFile>(std::move(file));
}

} // namespace

Result<> create_port(core::ByteStreamDevice& device) {
    auto port = TRY(Ref<Port>::create(device));
    port->number = {port_major, device.index()};
    name_device_major(DeviceType::character, port_major, "virtio-portsdev");
    TRY(register_device_node({.name = device.name(),
                              .type = DeviceType::character,
                              .number = port->number,
                              .mode = 0600,
                              .open = open_port,
                              .context = port.get()}));
    device.set_receiver(port.get());
    TableGuard guard(g_table->lock);
    g_table->ports.push_back(*port.release());
    return {};
}

void remove_port(core::ByteStreamDevice& device) {
    RefOrNull<Port> found;
    {
        TableGuard guard(g_table->lock);
        for (Port& port : g_table->ports)
            if (&port.device() == &device) {
                port.link.unlink();
                found = RefOrNull<Port>::adopt(&port);
                break;
            }
    }
    if (!found)
        return;
    (void)unregister_device_node(DeviceType::character, found->number);
    found->remove();
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/socket/uevent_socket.h"

#include <algorithm>

#include "core/sync/guarded.h"
#include "linux/process/process.h"
#include "linux/vfs/nameless.h"

namespace linux {

namespace {

constexpr i32 kobject_uevent = 15; // NETLINK_KOBJECT_UEVENT (uapi/linux/netlink.h)
constexpr i32 attach_filter = 26, detach_filter = 27;
constexpr u32 kernel_group = 1;
constexpr u32 overhead = 256; // what a message counts beyond its bytes
constexpr usize longest_message = 64 << 10;

// struct sockaddr_nl.
struct NetlinkAddress {
    u16 family = socket_family::netlink;
    u16 padding = 0;
    u32 port = 0;
    u32 groups = 0;
};
static_assert(sizeof(NetlinkAddress) == 12);

SocketAddress to_generic(const NetlinkAddress& address) {
    SocketAddress generic;
    generic.length = sizeof address;
    __builtin_memcpy(generic.bytes, &address, sizeof address);
    return generic;
}

// Errors: inval.
Result<NetlinkAddress> from_generic(const SocketAddress& generic) {
    NetlinkAddress address;
    if (generic.length < sizeof address || generic.family() != socket_family::netlink)
        return Failure(Errno::inval);
    __builtin_memcpy(&address, generic.bytes, sizeof address);
    return address;
}

struct Message {
    ListLink link;
    NetlinkAddress source;
    UserCredentials sender{};
    usize size = 0;
    char* bytes() { return reinterpret_cast<char*>(this + 1); }

    // Null when memory is short.
    static Message* create(std::string_view bytes) {
        void* memory = ::operator new(sizeof(Message) + bytes.size(), base::fallible);
        if (!memory)
            return nullptr;
        auto* made = new (memory) Message;
        made->size = bytes.size();
        __builtin_memcpy(made->bytes(), bytes.data(), bytes.size());
        return made;
    }
    static void destroy(Message* message) { ::operator delete(static_cast<void*>(message)); }
};

class UeventSocket final : public Socket {
public:
    UeventSocket(Ref<Inode> inode, u32 flags, i32 kind)
        : Socket(std::move(inode), flags, socket_family::netlink, kind, kobject_uevent) {}
    ~UeventSocket() override;

    Result<> bind(const SocketAddress& address) override;
    Result<> connect(const SocketAddress& address, bool non_block) override;
    Result<> listen(i32) override { return Failure(Errno::opnotsupp); }
    Result<Ref<Socket>> accept(u32, bool) override { return Failure(Errno::opnotsupp); }
    Result<SocketAddress> own_name() override;
    Result<SocketAddress> peer_name() override;
    Result<usize> send(OutgoingMessage& message) override;
    Result<usize> receive(IncomingMessage& message) override;
    Result<> shutdown(i32) override { return Failure(Errno::opnotsupp); }
    Result<> set_option(i32 level, i32 name, u64 value, u32 size) override;
    u32 poll(PollRegistration* registration) override;

    ListLink link; // all sockets; guarded by their lock, like what follows
    NetlinkAddress name;
    NetlinkAddress target; // of connect
    List<Message, &Message::link> messages;
    u64 charge = 0;
    bool has_overflowed = false;
    core::WaitQueue readers;

    void offer(std::string_view bytes, const NetlinkAddress& source, const UserCredentials& sender);

private:
    Result<> deliver_control(IncomingMessage& message, const Message& taken);
};

struct Sockets {
    List<UeventSocket, &UeventSocket::link> all;
    u32 next_port = 0xffff'f000; // for those whose process has one already
    bool has_port(u32 port) {
        for (const UeventSocket& socket : all) {
            if (socket.name.port == port)
                return true;
        }
        return false;
    }
};
constinit core::Guarded<Sockets, core::lock_class::socket> g_sockets;
constinit std::atomic<u32> g_listeners{0};

UeventSocket::~UeventSocket() {
    {
        auto sockets = g_sockets.lock();
        link.unlink();
        if (name.groups != 0)
            g_listeners.fetch_sub(1, std::memory_order_relaxed);
    }
    while (Message* message = messages.pop_front())
        Message::destroy(message);
}

Result<> UeventSocket::bind(const SocketAddress& generic) {
    const NetlinkAddress wanted = TRY(from_generic(generic));
    auto sockets = g_sockets.lock();
    u32 port = wanted.port;
    if (name.port != 0 && port != 0 && port != name.port)
        return Failure(Errno::inval);
    if (port == 0)
        port = name.port;
    if (port == 0) {
        port = static_cast<u32>(Process::current().pid);
        while (sockets->has_port(port))
            port = sockets->next_port--;
    } else if (port != name.port && sockets->has_port(port)) {
        return Failure(Errno::addrinuse);
    }
    if ((wanted.groups != 0) != (name.groups != 0))
        g_listeners.fetch_add(wanted.groups != 0 ? 1 : ~0u, std::memory_order_relaxed);
    name.port = port;
    name.groups = wanted.groups;
    return {};
}

Result<> UeventSocket::connect(const SocketAddress& generic, bool) {
    const NetlinkAddress wanted = TRY(from_generic(generic));
    if (wanted.groups != 0 && !capable(Capability::net_admin))
        return Failure(Errno::perm);
    auto sockets = g_sockets.lock();
    target = wanted;
    return {};
}

Result<SocketAddress> UeventSocket::own_name() {
    auto sockets = g_sockets.lock();
    return to_generic(name);
}
Result<SocketAddress> UeventSocket::peer_name() {
    auto sockets = g_sockets.lock();
    return to_generic(target);
}

// A copy into the queue, or the mark that one is missing. Lock of the sockets held.
void UeventSocket::offer(std::string_view bytes, const NetlinkAddress& source,
                         const UserCredentials& sender) {
    Message* message = charge + bytes.size() > receive_limit.load(std::memory_order_relaxed)
                           ? nullptr
                           : Message::create(bytes);
    if (!message) {
        has_overflowed = true;
    } else {
        message->source = source;
        message->sender = sender;
        charge += message->size + overhead;
        messages.push_back(*message);
    }
    readers.wake_all(poll_event::in | poll_event::read_normal);
}

void deliver(std::string_view bytes, u32 groups, const UeventSocket* from,
             const NetlinkAddress& source, const UserCredentials& sender) {
    auto sockets = g_sockets.lock();
    for (UeventSocket& socket : sockets->all) {
        if ((socket.name.groups & groups) != 0 && &socket != from)
            socket.offer(bytes, source, sender);
    }
}

// To groups and, like them, to single sockets only by who may administer the network.
Result<usize> UeventSocket::send(OutgoingMessage& message) {
    if (message.flags & message_flag::out_of_band)
        return Failure(Errno::opnotsupp);
    NetlinkAddress to;
    if (message.target) {
        to = TRY(from_generic(*message.target));
    } else {
        auto sockets = g_sockets.lock();
        to = target;
    }
    if (!capable(Capability::net_admin))
        return Failure(Errno::perm);
    if (to.port == 0 && to.groups == 0)
        return Failure(Errno::connrefused); // the kernel takes nothing here
    const usize size = message.data.left();
    if (size > longest_message)
        return Failure(Errno::msgsize);
    const Task& task = Task::current();
    UserCredentials sender{task.process->pid, task.credentials->real_user,
                           task.credentials->real_group};
    if (message.control && message.control->has_credentials)
        sender = message.control->credentials;
    void* memory = ::operator new(size + 1, base::fallible);
    if (!memory)
        return Failure(Errno::nobufs);
    const std::string_view bytes(static_cast<const char*>(memory), size);
    Result<usize> outcome = message.data.copy_from(memory, size);
    if (outcome && name.port == 0)
        if (const Result<> bound = bind(to_generic({})); !bound)
            outcome = Failure(bound.error());
    if (outcome) {
        const NetlinkAddress source{socket_family::netlink, 0, name.port, to.groups};
        bool found = to.port == 0;
        if (!found) {
            auto sockets = g_sockets.lock();
            for (UeventSocket& socket : sockets->all) {
                if (socket.name.port != to.port)
                    continue;
                socket.offer(bytes, {socket_family::netlink, 0, name.port, 0}, sender);
                found = true;
            }
        }
        if (to.groups != 0)
            deliver(bytes, to.groups, this, source, sender);
        outcome = found ? Result<usize>(size) : Failure(Errno::connrefused);
    }
    ::operator delete(memory);
    return outcome;
}

Result<> UeventSocket::deliver_control(IncomingMessage& message, const Message& taken) {
    if (!pass_credentials.load(std::memory_order_relaxed))
        return {};
    if (!message.control) {
        message.result_flags |= message_flag::control_truncated;
        return {};
    }
    return message.control->put(control_type::credentials,
                                {reinterpret_cast<const u8*>(&taken.sender),
                                 sizeof taken.sender});
}

Result<usize> UeventSocket::receive(IncomingMessage& message) {
    const bool non_block = (message.flags & message_flag::dont_wait) != 0;
    const bool peek = (message.flags & message_flag::peek) != 0;
    const Nanos deadline = deadline_after(receive_timeout);
    const auto take = [&]() -> Result<Message*> {
        auto sockets = g_sockets.lock();
        if (has_overflowed) {
            has_overflowed = false;
            return Failure(Errno::nobufs);
        }
        if (messages.empty())
            return nullptr;
        Message& first = messages.front();
        if (peek) {
            Message* copy = Message::create({first.bytes(), first.size});
            if (!copy)
                return Failure(Errno::nobufs);
            copy->source = first.source;
            copy->sender = first.sender;
            return copy;
        }
        first.link.unlink();
        charge -= first.size + overhead;
        return &first;
    };
    Message* taken = TRY(take());
    while (!taken) {
        if (non_block)
            return Failure(Errno::again);
        const auto ready = [&] {
            auto sockets = g_sockets.lock();
            return !messages.empty() || has_overflowed;
        };
        const auto woken = readers.wait_exclusive(ready, core::Sleep::interruptible, deadline);
        if (!woken)
            return Failure(wait_error(woken.error(), deadline));
        taken = TRY(take());
    }
    const usize size = std::min(taken->size, message.data.left());
    const auto copied = message.data.copy_to(taken->bytes(), size);
    message.source = to_generic(taken->source);
    message.has_source = true;
    if (taken->size > size)
        message.result_flags |= message_flag::truncated;
    Result<usize> outcome = (message.flags & message_flag::truncated) ? taken->size : size;
    if (!copied || *copied < size)
        outcome = Failure(Errno::fault);
    else if (const Result<> control = deliver_control(message, *taken); !control)
        outcome = Failure(control.error());
    Message::destroy(taken);
    return outcome;
}

// Filters are taken and not run: a program sees more than it asked for, and those that listen here
// look at each event themselves, for the filter only hashes names.
Result<> UeventSocket::set_option(i32 level, i32 option, u64, u32) {
    if (level == socket_level::socket && (option == attach_filter || option == detach_filter))
        return {};
    return Failure(Errno::noprotoopt);
}

u32 UeventSocket::poll(PollRegistration* registration) {
    if (registration)
        registration->watch(readers);
    auto sockets = g_sockets.lock();
    u32 events = poll_event::out | poll_event::write_normal;
    if (!messages.empty())
        events |= poll_event::in | poll_event::read_normal;
    if (has_overflowed)
        events |= poll_event::error | poll_event::in;
    return events;
}

Result<Ref<Socket>> create_netlink(i32 type, i32 protocol, u32 flags) {
    if (type != socket_type::raw && type != socket_type::datagram)
        return Failure(Errno::socktnosupport);
    if (protocol != kobject_uevent)
        return Failure(Errno::protonosupport);
    Ref<UeventSocket> made =
        TRY(Ref<UeventSocket>::create(TRY(create_socket_inode()), flags, type));
    auto sockets = g_sockets.lock();
    sockets->all.push_back(*made);
    return Ref<Socket>(std::move(made));
}

constexpr SocketFamily g_netlink_family{.create = create_netlink, .connect_pair = nullptr};

} // namespace

bool UeventSockets::has_listeners() { return g_listeners.load(std::memory_order_relaxed) != 0; }

void UeventSockets::broadcast(std::string_view event) {
    deliver(event, kernel_group, nullptr, {socket_family::netlink, 0, 0, kernel_group}, {});
}

void register_netlink_sockets() {
    register_socket_family(socket_family::netlink, g_netlink_family);
}

} // namespace linux

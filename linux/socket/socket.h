// SPDX-License-Identifier: BSD-2-Clause
// A socket as the system calls see it. Each family derives its own class; what it does not
// implement answers the error Linux gives. No lock is held when an operation is called; all may
// sleep.
#pragma once

#include "abi/linux/socket.h"
#include "core/time/clock.h"
#include "linux/socket/control_message.h"
#include "linux/vfs/inode.h"
#include "linux/vfs/open_file.h"

namespace linux {

// struct sockaddr of any family.
struct SocketAddress {
    u32 length = 0;
    alignas(8) u8 bytes[address_maximum] = {};

    u16 family() const {
        return static_cast<u16>(bytes[0] | bytes[1] << 8);
    }
    // Errors: inval (too long), fault.
    Result<> read(u64 user_address, u32 user_length);
    // Copies out what fits and stores the full length, as accept(2) and its kin do. Errors: fault,
    // inval.
    Result<> write(u64 user_address, core::UserInOut<u32> user_length) const;
};

struct OutgoingMessage {
    IoCursor& data;
    const SocketAddress* target = nullptr; // null: the connected peer
    OutgoingControl* control = nullptr;
    u32 flags = 0; // message_flag
};

struct IncomingMessage {
    IoCursor& data;
    u32 flags = 0;               // message_flag
    IncomingControl* control = nullptr; // null: read(2), nobody looks
    SocketAddress source{};      // filled in where the family knows it
    bool has_source = false;
    u32 result_flags = 0;        // message_flag::truncated and so on
};

class Socket : public OpenFile {
public:
    static Socket& of(OpenFile& file) { return static_cast<Socket&>(file); }

    const i32 family_number;
    const i32 type;
    const i32 protocol;

    virtual Result<> bind(const SocketAddress& address) = 0;
    virtual Result<> connect(const SocketAddress& address, bool non_block) = 0;
    virtual Result<> listen(i32 backlog) = 0;
    // The next connection as a socket of its own with `flags` (O_NONBLOCK).
    virtual Result<Ref<Socket>> accept(u32 flags, bool non_block) = 0;
    virtual Result<SocketAddress> own_name() = 0;
    virtual Result<SocketAddress> peer_name() = 0;
    virtual Result<usize> send(OutgoingMessage& message) = 0;
    virtual Result<usize> receive(IncomingMessage& message) = 0;
    virtual Result<> shutdown(i32 how) = 0;
    // Options the family adds or treats in its own way. Errors: noprotoopt.
    virtual Result<> set_option(i32 level, i32 name, u64 value, u32 size);
    virtual Result<> get_option(i32 level, i32 name, OptionTarget& target);
    virtual i32 take_error() { return 0; }
    virtual bool is_listening() const { return false; }
    // Limits changed; wakes those who wait for room.
    virtual void limits_changed() {}

    Result<usize> read(IoCursor& target, u64 offset, IoFlags flags) override;
    Result<usize> write(IoCursor& source, u64& offset, IoFlags flags) override;
    Result<> flags_changed(u32) override { return {}; }
    Inode& inode() const override { return *inode_; }
    void describe(base::FormatSink& sink) const override;

    // Settings at the socket level (socket_options.cpp); words read without a lock.
    std::atomic<u32> send_limit{default_buffer};
    std::atomic<u32> receive_limit{default_buffer};
    std::atomic<u32> receive_low_water{1};
    std::atomic<u64> send_timeout{core::no_deadline.value};    // nanoseconds
    std::atomic<u64> receive_timeout{core::no_deadline.value};
    std::atomic<bool> pass_credentials{false};
    std::atomic<u8> timestamps{0}; // 1: microseconds, 2: nanoseconds
    std::atomic<u64> flag_options{0}; // bit n: the on/off option with that number
    std::atomic<i32> priority{0};
    std::atomic<i32> mark{0};
    std::atomic<i32> linger_seconds{-1}; // -1: off

    // The moment a wait that begins now ends.
    static Nanos deadline_after(const std::atomic<u64>& timeout) {
        const u64 nanos = timeout.load(std::memory_order_relaxed);
        return nanos == core::no_deadline.value ? core::no_deadline : core::now() + Nanos(nanos);
    }
    // What an interrupted or timed-out wait answers: again, intr, restartsys.
    static Errno wait_error(Errno error, Nanos deadline) {
        if (error == Errno::timedout)
            return Errno::again;
        return deadline == core::no_deadline ? Errno::restartsys : Errno::intr;
    }

    static constexpr u32 default_buffer = 212'992;

protected:
    Socket(Ref<Inode> inode, u32 flags, i32 family_of, i32 type_of, i32 protocol_of)
        : OpenFile(open_flag::read_write | flags, Positioning::stream, FileFamily::socket),
          family_number(family_of), type(type_of), protocol(protocol_of),
          inode_(std::move(inode)) {}

private:
    const Ref<Inode> inode_;
};

// setsockopt(2) and getsockopt(2) at the socket level, for every family. Errors: noprotoopt, inval,
// fault.
Result<> set_socket_option(Socket& socket, i32 name, u64 value, u32 size);
Result<> get_socket_option(Socket& socket, i32 name, OptionTarget& target);

// Makes sockets of a family.
struct SocketFamily {
    // `type` without flags. Errors: socktnosupport, protonosupport, nomem, acces.
    Result<Ref<Socket>> (*create)(i32 type, i32 protocol, u32 flags);
    // Connects two fresh sockets; null: opnotsupp.
    Result<> (*connect_pair)(Socket& a, Socket& b);
};
// Start-up only, one thread; `family` lives for ever.
void register_socket_family(i32 number, const SocketFamily& family);
const SocketFamily* find_socket_family(i32 number); // null if there is none

// Registers AF_UNIX. Once, at start.
void register_local_sockets();

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// An AF_UNIX socket as an open file: stream, datagram or sequenced packets.
#pragma once

#include "linux/socket/local_endpoint.h"

namespace linux {

class LocalSocket final : public Socket {
public:
    // Around a fresh or an accepted endpoint. Errors: nomem.
    static Result<Ref<LocalSocket>> create(Ref<LocalEndpoint> endpoint, u32 flags);
    ~LocalSocket() override;
    static LocalSocket& of(OpenFile& file) { return static_cast<LocalSocket&>(file); }

    LocalEndpoint& endpoint() const { return *endpoint_; }

    Result<> bind(const SocketAddress& address) override;
    Result<> connect(const SocketAddress& address, bool non_block) override;
    Result<> listen(i32 backlog) override;
    Result<Ref<Socket>> accept(u32 flags, bool non_block) override;
    Result<SocketAddress> own_name() override;
    Result<SocketAddress> peer_name() override;
    Result<usize> send(OutgoingMessage& message) override;
    Result<usize> receive(IncomingMessage& message) override;
    Result<> shutdown(i32 how) override { return endpoint_->shut_down(how); }
    Result<> get_option(i32 level, i32 name, OptionTarget& target) override;
    i32 take_error() override { return endpoint_->error.exchange(0); }
    bool is_listening() const override {
        return endpoint_->state.load() == LocalEndpoint::State::listening;
    }
    void limits_changed() override;
    u32 poll(PollRegistration* registration) override;
    Result<u64> ioctl(u32 request, u64 argument) override;

private:
    friend class Ref<LocalSocket>;
    LocalSocket(Ref<LocalEndpoint> endpoint, Ref<Inode> inode, u32 flags)
        : Socket(std::move(inode), flags, socket_family::local, endpoint->type, 0),
          endpoint_(std::move(endpoint)) {}

    // Naming and connecting (local_connect.cpp).
    Result<> bind_automatically();
    Result<> set_name(Ref<LocalName> name);
    Result<> connect_stream(const SocketAddress& address, bool non_block);
    Result<> try_connect(LocalEndpoint& listener, Ref<LocalEndpoint>& embryo, bool& full);
    Result<> connect_datagram(const SocketAddress& address);
    Result<> disconnect_datagram();

    // Sending (local_send.cpp).
    Result<usize> send_stream(OutgoingMessage& message);
    Result<usize> send_packet(OutgoingMessage& message);
    Result<LocalMessage*> make_message(OutgoingMessage& message, usize size,
                                       const LocalEndpoint& to);
    Result<> attach(LocalMessage& made, OutgoingMessage& message, const LocalEndpoint& to);
    Result<Ref<LocalEndpoint>> packet_target(const OutgoingMessage& message);
    // True: handed over. False: the receiver's queue is full. Errors: perm, connrefused, pipe.
    Result<bool> hand_over(LocalMessage& made, LocalEndpoint& to, bool named);
    Result<> wait_to_send(bool non_block);
    Result<> wait_for_room(LocalEndpoint& to, bool non_block);
    Result<usize> broken(const OutgoingMessage& message, usize done) const;

    // Receiving (local_receive.cpp).
    struct StreamProgress;
    struct Packet;
    // Who sent what was received.
    struct Origin {
        bool has_sender = false;
        UserCredentials sender{};
        Nanos time{0};

        static Origin of(const LocalMessage& message) {
            return {message.has_sender, message.sender, message.time};
        }
        bool same_sender(const Origin& other) const {
            return has_sender == other.has_sender && sender == other.sender;
        }
    };
    Result<usize> receive_stream(IncomingMessage& message);
    Result<usize> receive_packet(IncomingMessage& message);
    void take_stream(IncomingMessage& message, StreamProgress& progress, LocalMessages& emptied);
    bool take_part(LocalMessage& part, u32 skip, IncomingMessage& message,
                   StreamProgress& progress);
    Result<> take_packet(LocalMessage& from, IncomingMessage& message, Packet& packet);
    Result<bool> next_packet(IncomingMessage& message, Packet& packet);
    Result<> wait_to_receive(Nanos deadline, bool non_block);
    Result<> deliver_control(IncomingMessage& message, const Origin& origin, PassedFiles files);

    const Ref<LocalEndpoint> endpoint_;
};

} // namespace linux

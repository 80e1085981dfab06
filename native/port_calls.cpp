// SPDX-License-Identifier: BSD-2-Clause
// The native calls on ports: rights and registers here, the protocol in core/ipc.
#include "linux/process/process.h"
#include "native/port_file.h"
#include "native/transfer.h"

namespace native {

namespace {

constexpr u32 first_word = 2; // the argument register of a message's first word
constexpr u32 badge_register = 1;

void read_words(const arch::UserFrame& frame, core::Message& message) {
    for (u32 i = 0; i < core::message_words; ++i)
        message.words[i] = arch::argument(frame, first_word + i);
}

void write_words(arch::UserFrame& frame, const core::Message& message) {
    for (u32 i = 0; i < core::message_words; ++i)
        arch::set_argument(frame, first_word + i, message.words[i]);
}

Result<u64> give_handle(Ref<core::Port> port, u32 rights, u64 badge, u32 flags) {
    auto file = TRY(Ref<PortFile>::create(std::move(port), rights, badge));
    return TRY(linux::install_file(std::move(file), (flags & PITH_KEEP_ON_EXEC) == 0));
}

// A signal came while nothing had happened yet: the call is made again if its handler says so.
Errno restartable(Errno error) { return error == Errno::intr ? Errno::restartsys : error; }

u64 this_server() { return static_cast<u64>(linux::Process::current().pid); }

void set_up(core::PortReceive& receive, const PortFile& file, const Transfer& transfer) {
    receive.deadline = transfer.deadline();
    receive.may_wait = !transfer.has_flag(PITH_DO_NOT_WAIT) && !file.io_flags().non_block;
}

u64 give_words(arch::UserFrame& frame, const core::PortReceive& receive) {
    write_words(frame, receive.message);
    arch::set_argument(frame, badge_register, receive.badge);
    return u64{receive.token};
}

// What was received, into the program. Errors: as Transfer::store; the caller is told comm then.
Result<u64> deliver(arch::UserFrame& frame, core::Port& port, core::PortReceive& receive,
                    Transfer& transfer) {
    if (auto stored = transfer.store(receive.message); !stored) [[unlikely]] {
        port.refuse(receive.token, Errno::comm);
        return Failure(stored.error());
    }
    return give_words(frame, receive);
}

// Whether an error of reply_and_receive is the receiving half's.
bool is_of_receive(Errno error) {
    return error == Errno::intr || error == Errno::timedout || error == Errno::again;
}

struct PortAndToken {
    explicit PortAndToken(u64 both)
        : port(static_cast<u32>(both)), token(static_cast<u32>(both >> 32)) {}
    u32 port, token;
};

} // namespace

Result<u64> call_port_create(arch::UserFrame&, u32 flags) {
    if ((flags & ~PITH_KEEP_ON_EXEC) != 0)
        return Failure(Errno::inval);
    return give_handle(TRY(Ref<core::Port>::create()), PITH_RIGHTS_ALL, 0, flags);
}

Result<u64> call_port_duplicate(arch::UserFrame&, u32 port, u32 rights, u64 badge, u32 flags) {
    if ((flags & ~PITH_KEEP_ON_EXEC) != 0 || (rights & ~PITH_RIGHTS_ALL) != 0)
        return Failure(Errno::inval);
    const BorrowedPort from(port, rights | PITH_RIGHT_DUPLICATE);
    if (!from) [[unlikely]]
        return Failure(from.error());
    if (badge != from->badge && !from->allows(PITH_RIGHT_RECEIVE))
        return Failure(Errno::acces);
    return give_handle(from->port_reference(), rights, badge, flags);
}

Result<u64> call_port_information(arch::UserFrame& frame, u32 port) {
    const BorrowedPort of(port, 0);
    if (!of) [[unlikely]]
        return Failure(of.error());
    arch::set_argument(frame, badge_register, of->badge);
    return u64{of->rights};
}

namespace {

Result<u64> call_with(arch::UserFrame& frame, PortFile& to, UserTransfer address) {
    Transfer transfer = TRY(Transfer::read(address));
    core::PortCall call(to.badge, transfer.room());
    call.deadline = transfer.deadline();
    call.ends_by_signal = transfer.has_flag(PITH_END_BY_SIGNAL);
    read_words(frame, call.message);
    TRY(transfer.load(call.message));
    const Result<> outcome = to.port().call(call);
    if (call.was_accepted())
        transfer.close_moved();
    if (!outcome)
        return Failure(call.was_accepted() ? outcome.error() : restartable(outcome.error()));
    TRY(transfer.store(call.message));
    write_words(frame, call.message);
    return u64{0};
}

Result<u64> receive_with(arch::UserFrame& frame, PortFile& from, UserTransfer address) {
    Transfer transfer = TRY(Transfer::read(address));
    core::PortReceive receive(this_server(), transfer.room());
    set_up(receive, from, transfer);
    if (auto outcome = from.port().receive(receive); !outcome)
        return Failure(restartable(outcome.error()));
    return deliver(frame, from.port(), receive, transfer);
}

Result<u64> reply_and_receive_with(arch::UserFrame& frame, PortFile& file, u32 token,
                                   UserTransfer address) {
    Transfer transfer = TRY(Transfer::read(address));
    core::Message reply;
    read_words(frame, reply);
    TRY(transfer.load(reply));
    core::PortReceive receive(this_server(), transfer.room());
    set_up(receive, file, transfer);
    const Result<> outcome = file.port().reply_and_receive(token, reply, receive);
    const Result<u64> answer = outcome ? deliver(frame, file.port(), receive, transfer)
                                       : Result<u64>(Failure(outcome.error()));
    // Last: the file itself may have been among them.
    if (outcome || is_of_receive(outcome.error()))
        transfer.close_moved();
    return answer;
}

} // namespace

// Words alone go a shorter way, here and in call_port_reply_and_receive: it is the one that counts.
Result<u64> call_port_call(arch::UserFrame& frame, u32 port, UserTransfer address) {
    const BorrowedPort to(port, PITH_RIGHT_CALL);
    if (!to) [[unlikely]]
        return Failure(to.error());
    if (address)
        return call_with(frame, *to, address);
    core::PortCall call(to->badge, {});
    read_words(frame, call.message);
    if (const Result<> outcome = to->port().call(call); !outcome) [[unlikely]]
        return Failure(call.was_accepted() ? outcome.error() : restartable(outcome.error()));
    write_words(frame, call.message);
    return u64{0};
}

Result<u64> call_port_receive(arch::UserFrame& frame, u32 port, UserTransfer address) {
    const BorrowedPort from(port, PITH_RIGHT_RECEIVE);
    if (!from) [[unlikely]]
        return Failure(from.error());
    return receive_with(frame, *from, address);
}

Result<u64> call_port_reply(arch::UserFrame& frame, u64 port_and_token, UserTransfer address) {
    const PortAndToken to(port_and_token);
    const BorrowedPort port(to.port, PITH_RIGHT_RECEIVE);
    if (!port) [[unlikely]]
        return Failure(port.error());
    Transfer transfer = TRY(Transfer::read(address));
    core::Message reply;
    read_words(frame, reply);
    TRY(transfer.load(reply));
    TRY(port->port().reply(to.token, reply));
    transfer.close_moved();
    return u64{0};
}

// Never made again by itself: once the reply has been given, a signal is EINTR.
Result<u64> call_port_reply_and_receive(arch::UserFrame& frame, u64 port_and_token,
                                        UserTransfer address) {
    const PortAndToken to(port_and_token);
    const BorrowedPort port(to.port, PITH_RIGHT_RECEIVE);
    if (!port) [[unlikely]]
        return Failure(port.error());
    if (address)
        return reply_and_receive_with(frame, *port, to.token, address);
    core::Message reply;
    read_words(frame, reply);
    core::PortReceive receive(this_server(), {});
    receive.may_wait = !port->io_flags().non_block;
    TRY(port->port().reply_and_receive(to.token, reply, receive));
    return give_words(frame, receive);
}

} // namespace native

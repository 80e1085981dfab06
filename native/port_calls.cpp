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

// A receive of the current task's, and the way of what it got into the program.
struct Receipt {
    Receipt(const PortFile& file, const Transfer& transfer)
        : receive(this_server(), transfer.room()) {
        receive.deadline = transfer.deadline();
        receive.may_wait =
            !transfer.has_flag(PITH_DO_NOT_WAIT) && !file.io_flags().non_block;
    }

    // Errors: as Transfer::store; the caller is told comm then.
    Result<u64> deliver(arch::UserFrame& frame, core::Port& port, Transfer& transfer) {
        if (auto stored = transfer.store(receive.message); !stored) [[unlikely]] {
            port.refuse(receive.token, Errno::comm);
            return Failure(stored.error());
        }
        write_words(frame, receive.message);
        arch::set_argument(frame, badge_register, receive.badge);
        return u64{receive.token};
    }

    // Whether an error of reply_and_receive is the receiving half's.
    static bool is_of_receive(Errno error) {
        return error == Errno::intr || error == Errno::timedout || error == Errno::again;
    }

    core::PortReceive receive;
};

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
    const BorrowedPort from = TRY(BorrowedPort::of(port, rights | PITH_RIGHT_DUPLICATE));
    if (badge != from->badge && !from->allows(PITH_RIGHT_RECEIVE))
        return Failure(Errno::acces);
    return give_handle(from->port_reference(), rights, badge, flags);
}

Result<u64> call_port_information(arch::UserFrame& frame, u32 port) {
    const BorrowedPort of = TRY(BorrowedPort::of(port, 0));
    arch::set_argument(frame, badge_register, of->badge);
    return u64{of->rights};
}

Result<u64> call_port_call(arch::UserFrame& frame, u32 port, UserTransfer address) {
    const BorrowedPort to = TRY(BorrowedPort::of(port, PITH_RIGHT_CALL));
    Transfer transfer = TRY(Transfer::read(address));
    core::PortCall call(to->badge, transfer.room());
    call.deadline = transfer.deadline();
    call.ends_by_signal = transfer.has_flag(PITH_END_BY_SIGNAL);
    read_words(frame, call.message);
    if (!transfer.is_empty())
        TRY(transfer.load(call.message));
    const Result<> outcome = to->port().call(call);
    if (call.was_accepted())
        transfer.close_moved();
    if (!outcome)
        return Failure(call.was_accepted() ? outcome.error() : restartable(outcome.error()));
    TRY(transfer.store(call.message));
    write_words(frame, call.message);
    return u64{0};
}

Result<u64> call_port_receive(arch::UserFrame& frame, u32 port, UserTransfer address) {
    const BorrowedPort from = TRY(BorrowedPort::of(port, PITH_RIGHT_RECEIVE));
    Transfer transfer = TRY(Transfer::read(address));
    Receipt receipt(*from, transfer);
    if (auto outcome = from->port().receive(receipt.receive); !outcome)
        return Failure(restartable(outcome.error()));
    return receipt.deliver(frame, from->port(), transfer);
}

Result<u64> call_port_reply(arch::UserFrame& frame, u64 port_and_token, UserTransfer address) {
    const PortAndToken to(port_and_token);
    const BorrowedPort port = TRY(BorrowedPort::of(to.port, PITH_RIGHT_RECEIVE));
    Transfer transfer = TRY(Transfer::read(address));
    core::Message reply;
    read_words(frame, reply);
    TRY(transfer.load(reply));
    TRY(port->port().reply(to.token, reply));
    transfer.close_moved();
    return u64{0};
}

Result<u64> call_port_reply_and_receive(arch::UserFrame& frame, u64 port_and_token,
                                        UserTransfer address) {
    const PortAndToken to(port_and_token);
    const BorrowedPort port = TRY(BorrowedPort::of(to.port, PITH_RIGHT_RECEIVE));
    Transfer transfer = TRY(Transfer::read(address));
    core::Message reply;
    read_words(frame, reply);
    if (!transfer.is_empty())
        TRY(transfer.load(reply));
    Receipt receipt(*port, transfer);
    // Never made again by itself: the reply has been given.
    const Result<> outcome = port->port().reply_and_receive(to.token, reply, receipt.receive);
    if (outcome || Receipt::is_of_receive(outcome.error()))
        transfer.close_moved();
    TRY(outcome);
    return receipt.deliver(frame, port->port(), transfer);
}

} // namespace native

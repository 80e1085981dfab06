// SPDX-License-Identifier: BSD-2-Clause
#include "native/port_file.h"

#include "abi/linux/poll.h"
#include "abi/native/transfer.h"
#include "linux/process/process.h"

namespace native {

namespace poll_event = linux::poll_event;

PortFile::PortFile(Ref<core::Port> of_port, u32 with_rights, u64 with_badge)
    : AnonymousFile(linux::open_flag::read_write, linux::FileFamily::port, "[port]"),
      rights(with_rights), badge(with_badge), port_(std::move(of_port)) {
    if (allows(PITH_RIGHT_RECEIVE))
        port_->add_receiver();
}

PortFile::~PortFile() {
    if (allows(PITH_RIGHT_RECEIVE))
        port_->drop_receiver();
}

u32 PortFile::poll(linux::PollRegistration* registration) {
    if (registration)
        registration->watch(port_->readiness());
    u32 events = port_->is_closed() ? poll_event::hang_up : 0;
    if (allows(PITH_RIGHT_RECEIVE) && port_->has_calls())
        events |= poll_event::in;
    return events;
}

bool PortFile::may_transfer() const { return allows(PITH_RIGHT_TRANSFER); }

// A process that ends leaves the calls it had received; others may go on to receive.
void PortFile::handle_closed() {
    const linux::Task& task = linux::Task::current();
    if (allows(PITH_RIGHT_RECEIVE) && task.has_flag(linux::task_flag::exiting))
        port_->server_ended(static_cast<u64>(task.process->pid));
    AnonymousFile::handle_closed();
}

void PortFile::describe_details(base::FormatSink& sink) const {
    base::format(sink, "port-rights: {}{}{}{}\nport-badge: {:16x}\n",
                 allows(PITH_RIGHT_CALL) ? "c" : "-", allows(PITH_RIGHT_RECEIVE) ? "r" : "-",
                 allows(PITH_RIGHT_DUPLICATE) ? "d" : "-",
                 allows(PITH_RIGHT_TRANSFER) ? "t" : "-", badge);
}

Errno BorrowedPort::error() const {
    const linux::OpenFile* file = file_.get();
    return !file                                           ? Errno::badf
           : file->family() != linux::FileFamily::port     ? Errno::opnotsupp
                                                           : Errno::acces;
}

} // namespace native

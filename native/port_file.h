// SPDX-License-Identifier: BSD-2-Clause
// What a handle of a port names: the port, rights and a badge, fixed for good. It is an open file,
// so that a capability is what dup(2), fork(2) and SCM_RIGHTS share: none of them can widen it.
#pragma once

#include "core/ipc/port.h"
#include "linux/poll/anonymous_file.h"
#include "linux/vfs/borrow.h"

namespace native {

class PortFile final : public linux::AnonymousFile {
public:
    PortFile(Ref<core::Port> of_port, u32 with_rights, u64 with_badge);
    ~PortFile() override;

    bool allows(u32 wanted) const { return (rights & wanted) == wanted; }
    core::Port& port() const { return *port_; }
    const Ref<core::Port>& port_reference() const { return port_; }

    u32 poll(linux::PollRegistration* registration) override;
    bool may_transfer() const override;
    void handle_closed() override;
    void describe_details(base::FormatSink& sink) const override;

    const u32 rights; // PITH_RIGHT_...
    const u64 badge;

private:
    const Ref<core::Port> port_;
};

// The port's handle in a descriptor, for the current call: null unless all of `rights` are there.
class BorrowedPort {
public:
    BorrowedPort(u32 descriptor, u32 rights)
        : file_(*linux::Task::current().files, descriptor), port_(with(rights)) {}

    explicit operator bool() const { return port_ != nullptr; }
    PortFile& operator*() const { return *port_; }
    PortFile* operator->() const { return port_; }
    // Why it is null: badf (no descriptor), opnotsupp (no port), acces.
    Errno error() const;

private:
    PortFile* with(u32 rights) const {
        linux::OpenFile* file = file_.get();
        if (!file || file->family() != linux::FileFamily::port) [[unlikely]]
            return nullptr;
        auto* port = static_cast<PortFile*>(file);
        return port->allows(rights) ? port : nullptr;
    }

    const linux::HotFile file_;
    PortFile* const port_;
};

} // namespace native

// SPDX-License-Identifier: BSD-2-Clause
// What a native call carries besides words: copied out of the program before anything happens, and
// into it all or nothing.
#pragma once

#include "core/ipc/message.h"
#include "core/sync/wait_queue.h"
#include "native/call.h"

namespace native {

class Transfer {
public:
    // Reads and checks the program's description; without one nothing is carried.
    // Errors: fault, inval (a size, count or flag out of bounds).
    static Result<Transfer> read(UserTransfer address);

    bool is_empty() const { return !address_; }
    bool has_flag(u32 flag) const { return (is_.flags & flag) != 0; }
    Nanos deadline() const { return is_.deadline != 0 ? Nanos(is_.deadline) : core::no_deadline; }
    core::MessageRoom room() const { return {is_.receive_size, is_.receive_count}; }

    // Gives `message` the bytes and handles to send.
    // Errors: fault, badf, perm (a handle that may not be sent), nomem.
    Result<> load(core::Message& message);
    // The handles of the message last loaded that were to be moved leave the program, unless their
    // descriptors have become something else meanwhile.
    void close_moved();
    // Gives the program what came besides words. Nothing is left behind on failure.
    // Errors: fault, mfile, nomem.
    Result<> store(core::Message& message);

private:
    Result<> write_received(core::MessageBody& body);

    UserTransfer address_;
    pith_transfer is_ = {};
    RefOrNull<core::MessageBody> sent_; // to know what was meant to move
};

} // namespace native

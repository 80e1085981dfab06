// SPDX-License-Identifier: BSD-2-Clause
// One message in the queue of an AF_UNIX socket: bytes with who sent them and files that travel
// along.
#pragma once

#include "base/list.h"
#include "linux/socket/control_message.h"
#include "linux/socket/local_name.h"

namespace linux {

class LocalEndpoint;

class LocalMessage {
public:
    // Room for `capacity` bytes, empty. Null if memory is short.
    static LocalMessage* create(usize capacity);
    // Drops files as well: no lock may be held if there are any.
    static void destroy(LocalMessage* message);

    u8* bytes() { return reinterpret_cast<u8*>(this + 1); }
    u32 left() const { return length - consumed; }

    ListLink link;
    u32 length = 0;
    u32 consumed = 0; // stream: bytes already read
    u32 charge = 0;   // what it counts against the sender's limit
    bool has_sender = false;
    UserCredentials sender{};
    Nanos time{0};                   // wall clock, when the receiver wants it
    RefOrNull<LocalEndpoint> source; // datagrams: whom the charge goes back to
    RefOrNull<LocalName> source_name; // datagrams: the sender's name
    PassedFiles files;

private:
    LocalMessage() = default;
    ~LocalMessage();
};
using LocalMessages = List<LocalMessage, &LocalMessage::link>;

// Frees a whole queue. No lock may be held.
void destroy_all(LocalMessages& messages);

} // namespace linux

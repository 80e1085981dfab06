// SPDX-License-Identifier: BSD-2-Clause
#include "linux/socket/local_message.h"

#include "linux/socket/local_endpoint.h"

namespace linux {

LocalMessage::~LocalMessage() = default;

LocalMessage* LocalMessage::create(usize capacity) {
    void* memory = ::operator new(sizeof(LocalMessage) + capacity, base::fallible);
    return memory ? new (memory) LocalMessage : nullptr;
}

void LocalMessage::destroy(LocalMessage* message) {
    if (message->files.count() != 0)
        note_arrived(message->files);
    if (message->source)
        message->source->discharge(message->charge);
    message->~LocalMessage();
    ::operator delete(message);
}

void destroy_all(LocalMessages& messages) {
    while (LocalMessage* message = messages.pop_front())
        LocalMessage::destroy(message);
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "core/ipc/message.h"

namespace core {

Result<Ref<MessageBody>> MessageBody::create(u32 size) {
    Ref<MessageBody> body = TRY(Ref<MessageBody>::create());
    if (size != 0) {
        body->bytes_ = static_cast<u8*>(::operator new(size, base::fallible));
        if (!body->bytes_)
            return Failure(Errno::nomem);
        body->size_ = size;
    }
    return body;
}

MessageBody::~MessageBody() { ::operator delete(bytes_); }

} // namespace core

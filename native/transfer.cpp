// SPDX-License-Identifier: BSD-2-Clause
#include "native/transfer.h"

#include <cstddef>

#include "linux/process/process.h"
#include "linux/vfs/open_file.h"

namespace native {

static_assert(core::message_bytes_maximum == PITH_MESSAGE_BYTES_MAX);
static_assert(core::message_handles_maximum == PITH_MESSAGE_HANDLES_MAX);
static_assert(core::message_words == PITH_MESSAGE_WORDS);

namespace {

constexpr u32 known_flags = PITH_END_BY_SIGNAL | PITH_DO_NOT_WAIT;

// Descriptors on the way to being given out: all of them, or none.
class Reserved {
public:
    explicit Reserved(core::HandleTable& table) : table_(table) {}
    ~Reserved() {
        while (count_ > 0)
            table_.release_reserved(static_cast<u32>(numbers_[--count_]));
    }
    Reserved(const Reserved&) = delete;
    Reserved& operator=(const Reserved&) = delete;

    // Errors: mfile, nomem.
    Result<> add() {
        const u32 number = TRY(table_.reserve(true, 0, linux::descriptor_limit()));
        numbers_[count_++] = static_cast<i32>(number);
        return {};
    }
    const i32* numbers() const { return numbers_; }
    void fill(const core::MessageBody& body) {
        for (u32 i = 0; i < count_; ++i)
            table_.fill_reserved(static_cast<u32>(numbers_[i]),
                                 Ref<core::Object>::share(body.object(i)), core::Rights::all);
        count_ = 0;
    }

private:
    core::HandleTable& table_;
    i32 numbers_[core::message_handles_maximum] = {};
    u32 count_ = 0;
};

} // namespace

Result<Transfer> Transfer::read(UserTransfer address) {
    Transfer transfer;
    if (!address)
        return transfer;
    transfer.address_ = address;
    pith_transfer& is = transfer.is_ = TRY(address.read());
    if (is.send_size > PITH_MESSAGE_BYTES_MAX || is.send_count > PITH_MESSAGE_HANDLES_MAX ||
        is.receive_count > PITH_MESSAGE_HANDLES_MAX || (is.flags & ~known_flags) != 0)
        return Failure(Errno::inval);
    return transfer;
}

Result<> Transfer::load(core::Message& message) {
    if (is_.send_size == 0 && is_.send_count == 0)
        return {};
    Ref<core::MessageBody> body = TRY(core::MessageBody::create(is_.send_size));
    TRY(core::copy_from_user(body->bytes().data(), UserVirt(is_.send_data), is_.send_size));
    for (u32 i = 0; i < is_.send_count; ++i) {
        if (is_.send_handles[i] < 0)
            return Failure(Errno::badf);
        const auto file = TRY(linux::borrow_file(static_cast<u32>(is_.send_handles[i])));
        if (!file->may_transfer())
            return Failure(Errno::perm);
        body->add(file.to_ref());
    }
    if (is_.send_moves != 0)
        sent_ = RefOrNull<core::MessageBody>::share(body.get());
    message.body = std::move(body);
    return {};
}

void Transfer::close_moved() {
    const RefOrNull<core::MessageBody> sent = std::move(sent_);
    core::HandleTable& files = *linux::Task::current().files;
    for (u32 i = 0; sent && i < sent->handle_count(); ++i)
        if ((is_.send_moves >> i & 1) != 0) // badf: closed or replaced by another thread
            (void)files.close_if(static_cast<u32>(is_.send_handles[i]), sent->object(i));
}

Result<> Transfer::write_received(core::MessageBody& body) {
    TRY(core::copy_to_user(UserVirt(is_.receive_data), body.bytes().data(), body.bytes().size()));
    Reserved reserved(*linux::Task::current().files);
    for (u32 i = 0; i < body.handle_count(); ++i)
        TRY(reserved.add());
    struct {
        u32 size, count;
        i32 handles[core::message_handles_maximum];
    } received = {static_cast<u32>(body.bytes().size()), body.handle_count(), {}};
    for (u32 i = 0; i < core::message_handles_maximum; ++i)
        received.handles[i] = i < body.handle_count() ? reserved.numbers()[i] : -1;
    static_assert(sizeof received ==
                  sizeof(pith_transfer) - offsetof(pith_transfer, receive_size));
    TRY(core::copy_to_user(address_.address() + offsetof(pith_transfer, receive_size), &received,
                           sizeof received));
    reserved.fill(body);
    return {};
}

Result<> Transfer::store(core::Message& message) {
    if (is_empty()) // and so nothing was taken
        return {};
    if (message.body)
        return write_received(*message.body);
    const u32 nothing[2] = {0, 0};
    return core::copy_to_user(address_.address() + offsetof(pith_transfer, receive_size), nothing,
                              sizeof nothing);
}

} // namespace native

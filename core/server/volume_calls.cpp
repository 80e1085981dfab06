// SPDX-License-Identifier: BSD-2-Clause
// VolumeServices for a server process: the calls go to the table that the request's client lent,
// contents of blocks travel as copies.
#include "core/server/call_support.h"

namespace core::server {

using namespace component;
using component::server::Call;

namespace {

// The services of the request that the handler serves, which is still under way: they lie with its
// client.
struct Caller {
    Caller() : thread(HandlerThread::current()), services(thread.services()) {
        if (!services)
            break_off(thread, "services of no request");
    }
    void* home() const { return services->home; }
    BlockCopies& blocks() { return thread.blocks(); }
    ServerMemory& memory() { return thread.process().memory(); }

    HandlerThread& thread;
    const VolumeServices* const services;
};

i64 negative(i32 status) { return -static_cast<i64>(status); }

i64 request_services(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const void* table = nullptr;
    const i64 answer =
        EnvCalls::request_services(env_of(thread), arch::argument(frame, 0), &table);
    if (answer < 0)
        return answer;
    if (!thread.has_blocks())
        break_off(thread, "services for one that never waits");
    const auto* services = static_cast<const VolumeServices*>(table);
    thread.set_services(services, arch::argument(frame, 0));
    thread.blocks().forget_all();
    thread.blocks().set_block_size(services->block_size);
    arch::set_second_result(frame, services->state);
    return services->block_size;
}

i64 begin(UserFrame& frame) {
    Caller caller;
    u64 result = 0;
    const u32 done = caller.services->begin(caller.home(), &result);
    caller.blocks().forget_all();
    arch::set_second_result(frame, result);
    return done;
}
// While mounting only, when no other request has views of another size.
i64 set_block_size(UserFrame& frame) {
    Caller caller;
    if (!caller.thread.serves_operation(static_cast<u16>(FileSystem::Operation::mount)))
        break_off(caller.thread, "a new block size of a mounted volume");
    const u32 bytes = static_cast<u32>(arch::argument(frame, 0));
    if (bytes < 1024 || bytes > 65536 || (bytes & (bytes - 1)) != 0)
        return error(Errno::inval);
    const i32 status = caller.services->set_block_size(caller.home(), bytes);
    if (status == 0) {
        caller.blocks().forget_all();
        caller.blocks().set_block_size(bytes);
    }
    return negative(status);
}
i64 device_blocks(UserFrame& frame) {
    Caller caller;
    arch::set_second_result(frame, caller.services->device_blocks(caller.home()));
    return 0;
}

i64 view(UserFrame& frame) {
    Caller caller;
    MetadataView found;
    if (const i32 status =
            caller.services->view(caller.home(), arch::argument(frame, 0), &found))
        return negative(status);
    const auto shown = caller.blocks().show(caller.memory(), found.data);
    if (!shown)
        return error(shown.error());
    arch::set_second_result(frame, *shown);
    return found.checked;
}
i64 mark_checked(UserFrame& frame) {
    Caller caller;
    caller.services->mark_checked(caller.home(), arch::argument(frame, 0),
                                  static_cast<u32>(arch::argument(frame, 1)));
    return 0;
}
i64 edit(UserFrame& frame) {
    Caller caller;
    const bool fresh = arch::argument(frame, 1) == static_cast<u64>(EditMode::fresh);
    u8* copy = nullptr;
    if (const i32 status =
            caller.services->edit(caller.home(), arch::argument(frame, 0),
                                  fresh ? EditMode::fresh : EditMode::existing,
                                  arch::argument(frame, 2), arch::argument(frame, 3), &copy))
        return negative(status);
    const auto shown = caller.blocks().show_edit(
        caller.memory(), copy, fresh ? BlockCopies::Renew::yes : BlockCopies::Renew::no);
    if (!shown)
        return error(shown.error());
    arch::set_second_result(frame, *shown);
    return 0;
}
i64 edited(UserFrame& frame) {
    Caller caller;
    EditedBlock block;
    if (const i32 status = caller.services->edited(
            caller.home(), static_cast<u32>(arch::argument(frame, 0)), &block))
        return negative(status);
    const auto shown =
        caller.blocks().show_edit(caller.memory(), block.data, BlockCopies::Renew::no);
    if (!shown)
        return error(shown.error());
    block.data = reinterpret_cast<u8*>(*shown);
    write_out(caller.thread, arch::argument(frame, 1), &block, sizeof block);
    return 0;
}

i64 release(UserFrame& frame) {
    Caller caller;
    const bool metadata = arch::argument(frame, 2) == static_cast<u64>(FreedKind::metadata);
    const i32 status = caller.services->release(
        caller.home(), {arch::argument(frame, 0), arch::argument(frame, 1)},
        metadata ? FreedKind::metadata : FreedKind::data);
    return negative(status);
}
i64 available(UserFrame& frame) {
    Caller caller;
    const auto range = read_struct<BlockRange>(caller.thread, arch::argument(frame, 0));
    const BlockRange found = caller.services->available(caller.home(), range);
    write_out(caller.thread, arch::argument(frame, 0), &found, sizeof found);
    return 0;
}
i64 promised(UserFrame& frame) {
    Caller caller;
    arch::set_second_result(frame, caller.services->promised(caller.home()));
    return 0;
}

i64 publish(UserFrame& frame) {
    Caller caller;
    const auto publication = read_struct<Publication>(caller.thread, arch::argument(frame, 0));
    caller.blocks().collect_edits();
    const i32 status = caller.services->publish(caller.home(), &publication);
    caller.blocks().forget_edits();
    if (status == 0 && !publication.last)
        caller.blocks().forget_all();
    return negative(status);
}
i64 discard(UserFrame&) {
    Caller caller;
    caller.services->discard(caller.home());
    caller.blocks().forget_edits();
    return 0;
}
i64 commit(UserFrame&) {
    Caller caller;
    return negative(caller.services->commit(caller.home()));
}
i64 report(UserFrame& frame) {
    Caller caller;
    const HostText<200> text(caller.thread, arch::argument(frame, 0), arch::argument(frame, 1));
    caller.services->report(caller.home(), text.bytes, text.length);
    return 0;
}
i64 damaged(UserFrame&) {
    Caller caller;
    caller.services->damaged(caller.home());
    return 0;
}
i64 now(UserFrame& frame) {
    Caller caller;
    arch::set_second_result(frame, static_cast<u64>(caller.services->now(caller.home())));
    return 0;
}
i64 random(UserFrame&) {
    Caller caller;
    return caller.services->random(caller.home());
}

} // namespace

i64 serve_volume_call(Call number, UserFrame& frame) {
    switch (number) {
    case Call::request_services: return request_services(frame);
    case Call::volume_begin: return begin(frame);
    case Call::volume_set_block_size: return set_block_size(frame);
    case Call::volume_device_blocks: return device_blocks(frame);
    case Call::volume_view: return view(frame);
    case Call::volume_mark_checked: return mark_checked(frame);
    case Call::volume_edit: return edit(frame);
    case Call::volume_edited: return edited(frame);
    case Call::volume_release: return release(frame);
    case Call::volume_available: return available(frame);
    case Call::volume_promised: return promised(frame);
    case Call::volume_publish: return publish(frame);
    case Call::volume_discard: return discard(frame);
    case Call::volume_commit: return commit(frame);
    case Call::volume_report: return report(frame);
    case Call::volume_damaged: return damaged(frame);
    case Call::volume_now: return now(frame);
    case Call::volume_random: return random(frame);
    default: return error(Errno::nosys);
    }
}

} // namespace core::server

// SPDX-License-Identifier: BSD-2-Clause
// Env of a server process: each call is one of the kernel's.
#include "host/user/host.h"

namespace host {
namespace {

using namespace component;

template <Call Number, typename... Arguments>
i64 plain(Env*, Arguments... arguments) {
    return call(Number, arguments...).first;
}

template <Call Number, typename... Arguments>
i64 view_of(u8** view, Arguments... arguments) {
    const Answers answers = call(Number, arguments...);
    if (answers.first >= 0)
        *view = reinterpret_cast<u8*>(answers.second);
    return answers.first;
}

i64 read_register(Env*, u32 window, u64 offset, u32 width, u64* value) {
    const Answers answers = call(Call::read_register, window, offset, width);
    *value = answers.first < 0 ? ~u64{0} : answers.second;
    return answers.first;
}
i64 trace(Env*, u32, u64, u64) { return 0; }

// What was shown last: it stays where it is as long as the process lives.
struct ShownWindow {
    u64 length = 0;
    u64 offset = 0;
    u8* view = nullptr;
    u32 window = 0;
};
constinit ShownWindow g_shown;

i64 window_memory(Env*, u32 window, u64 offset, u8** view) {
    if (window != g_shown.window || offset - g_shown.offset >= g_shown.length) {
        u8* start = nullptr;
        const i64 length = view_of<Call::window_memory>(&start, window, offset);
        if (length < 0)
            return length;
        g_shown = {static_cast<u64>(length), offset, start, window};
    }
    *view = g_shown.view + (offset - g_shown.offset);
    return static_cast<i64>(g_shown.length - (offset - g_shown.offset));
}
i64 dma_view(Env*, u32 block, u8** view) { return view_of<Call::dma_view>(view, block); }
i64 unmap_buffer(Env*, u64) { return 0; }
i64 buffer_view(Env*, u64 request, const Buffer* buffer, u64 offset, u8** view) {
    return view_of<Call::buffer_view>(view, request, buffer, offset);
}

// Stores come with the transports that need them, here as in the kernel.
i64 read_record(Env*, u32, u64, RecordView*) { return -static_cast<i64>(Errno::noent); }
i64 release_record(Env*, u32, u32) { return -static_cast<i64>(Errno::inval); }
i64 publish(Env*, u64, const RecordChange*, u64) { return -static_cast<i64>(Errno::noent); }
i64 was_published(Env*, u64) { return 0; }

i64 request_services(Env* env, u64 request, const void** table) {
    const Answers answers = call(Call::request_services, request);
    if (answers.first < 0)
        return answers.first;
    VolumeServices& volume = static_cast<HostEnv*>(env)->volume;
    fill_volume_services(volume);
    volume.block_size = static_cast<u32>(answers.first);
    volume.state = static_cast<u32>(answers.second);
    *table = &volume;
    return 0;
}

} // namespace

constexpr EnvTable env_table = {
    .size = sizeof(EnvTable),
    .abi = env_abi,
    .log = plain<Call::log>,
    .now = plain<Call::now>,
    .wall_clock = plain<Call::wall_clock>,
    .sleep_until = plain<Call::sleep_until>,
    .set_timer = plain<Call::set_timer>,
    .cancel_timer = plain<Call::cancel_timer>,
    .random = plain<Call::random>,
    .configuration = plain<Call::configuration>,
    .count = plain<Call::count>,
    .trace = trace,
    .fail = plain<Call::fail>,
    .device_fact = plain<Call::device_fact>,
    .window_info = plain<Call::window_info>,
    .read_register = read_register,
    .write_register = plain<Call::write_register>,
    .window_memory = window_memory,
    .read_configuration_space = plain<Call::read_configuration_space>,
    .control = plain<Call::control>,
    .enable_interrupt = plain<Call::enable_interrupt>,
    .disable_interrupt = plain<Call::disable_interrupt>,
    .acknowledge_interrupt = plain<Call::acknowledge_interrupt>,
    .allocate_dma = plain<Call::allocate_dma>,
    .free_dma = plain<Call::free_dma>,
    .dma_view = dma_view,
    .dma_block = plain<Call::dma_block>,
    .map_buffer = plain<Call::map_buffer>,
    .unmap_buffer = unmap_buffer,
    .buffer_view = buffer_view,
    .copy_from_buffer = plain<Call::copy_from_buffer>,
    .copy_to_buffer = plain<Call::copy_to_buffer>,
    .offer = plain<Call::offer>,
    .update_offer = plain<Call::update_offer>,
    .withdraw = plain<Call::withdraw>,
    .complete = plain<Call::complete>,
    .deliver = plain<Call::deliver>,
    .child_count = plain<Call::child_count>,
    .child_properties = plain<Call::child_properties>,
    .call_child = plain<Call::call_child>,
    .read_record = read_record,
    .release_record = release_record,
    .publish = publish,
    .was_published = was_published,
    .request_services = request_services,
};

} // namespace host

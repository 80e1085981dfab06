// SPDX-License-Identifier: BSD-2-Clause
// VolumeServices of a server process: the kernel knows which request they belong to.
#include "host/user/host.h"

namespace host {
namespace {

using namespace component;

template <typename T>
T result(Call number) {
    return static_cast<T>(call(number).second);
}
template <typename... Arguments>
i32 status(Call number, Arguments... arguments) {
    return static_cast<i32>(-call(number, arguments...).first);
}

u32 begin(void*, u64* value) {
    const Answers answers = call(Call::volume_begin);
    *value = answers.second;
    return static_cast<u32>(answers.first);
}
i32 set_block_size(void*, u32 bytes) { return status(Call::volume_set_block_size, bytes); }
u64 device_blocks(void*) { return result<u64>(Call::volume_device_blocks); }
i32 view(void*, u64 block, MetadataView* view) {
    const Answers answers = call(Call::volume_view, block);
    if (answers.first < 0)
        return static_cast<i32>(-answers.first);
    *view = {reinterpret_cast<const u8*>(answers.second), static_cast<u32>(answers.first), 0};
    return 0;
}
void mark_checked(void*, u64 block, u32 kind) { call(Call::volume_mark_checked, block, kind); }
i32 edit(void*, u64 block, EditMode mode, u64 tag, u64 marks, u8** data) {
    const Answers answers = call(Call::volume_edit, block, mode, tag, marks);
    if (answers.first >= 0)
        *data = reinterpret_cast<u8*>(answers.second);
    return static_cast<i32>(-answers.first);
}
i32 edited(void*, u32 index, EditedBlock* block) {
    return status(Call::volume_edited, index, block);
}
i32 release(void*, BlockRange range, FreedKind kind) {
    return status(Call::volume_release, range.start, range.count, kind);
}
BlockRange available(void*, BlockRange range) {
    call(Call::volume_available, &range);
    return range;
}
u64 promised(void*) { return result<u64>(Call::volume_promised); }
i32 publish(void*, const Publication* publication) {
    return status(Call::volume_publish, publication);
}
void discard(void*) { call(Call::volume_discard); }
i32 commit(void*) { return status(Call::volume_commit); }
void report(void*, const char* text, usize length) { call(Call::volume_report, text, length); }
void damaged(void*) { call(Call::volume_damaged); }
i64 now(void*) { return result<i64>(Call::volume_now); }
u32 random(void*) { return static_cast<u32>(call(Call::volume_random).first); }

} // namespace

// A call that is added there is to be added here, too.
static_assert(sizeof(VolumeServices) == 2 * sizeof(u64) + 17 * sizeof(void*));

void fill_volume_services(VolumeServices& services) {
    services.begin = begin;
    services.set_block_size = set_block_size;
    services.device_blocks = device_blocks;
    services.view = view;
    services.mark_checked = mark_checked;
    services.edit = edit;
    services.edited = edited;
    services.release = release;
    services.available = available;
    services.promised = promised;
    services.publish = publish;
    services.discard = discard;
    services.commit = commit;
    services.report = report;
    services.damaged = damaged;
    services.now = now;
    services.random = random;
}

} // namespace host

// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/volume.h"

namespace ext4 {

namespace {

Failure failure_of(i32 status) { return Failure(static_cast<Errno>(status)); }

} // namespace

Result<component::MetadataView> Attempt::view_raw(u64 block) {
    if (block >= volume_.blocks) [[unlikely]]
        return damaged("ext4: reference to block {} past the end of the volume", block);
    component::MetadataView view;
    if (i32 status = services_.view(services_.home, block, &view)) [[unlikely]]
        return failure_of(status);
    return view;
}

Result<std::span<const u8>> Attempt::view(u64 block) {
    const component::MetadataView view = TRY(view_raw(block));
    return std::span<const u8>(view.data, volume_.block_size);
}

Result<std::span<u8>> Attempt::edit_as(u64 block, EditMode mode, u64 tag, u64 marks) {
    if (block >= volume_.blocks) [[unlikely]]
        return damaged("ext4: change of block {} past the end of the volume", block);
    u8* data = nullptr;
    if (i32 status = services_.edit(services_.home, block, mode, tag, marks, &data)) [[unlikely]]
        return failure_of(status);
    return std::span<u8>(data, volume_.block_size);
}

Result<std::span<u8>> Attempt::edit(u64 block, BlockKind kind, u64 marks) {
    return edit_as(block, EditMode::existing, static_cast<u64>(kind), marks);
}

Result<std::span<u8>> Attempt::create(u64 block, BlockKind kind, u64 marks) {
    return edit_as(block, EditMode::fresh, static_cast<u64>(kind), marks);
}

Result<std::span<u8>> Attempt::edit_table(u64 block, u32 first, u64 marks) {
    return edit_as(block, EditMode::existing, table_tag(first), marks);
}

Result<> Attempt::publish(u64 result, bool last) {
    TRY(seal(*this));
    component::Publication publication;
    publication.result = result;
    publication.free_blocks_change = free_blocks_change_;
    publication.free_inodes_change = free_inodes_change_;
    publication.last = last;
    const i32 status = services_.publish(services_.home, &publication);
    if (status == 0) {
        volume_.free_blocks += static_cast<u64>(free_blocks_change_);
        volume_.free_inodes += static_cast<u32>(free_inodes_change_);
        if (directory_group_ != ~u32{0})
            volume_.last_directory_group = directory_group_;
    }
    free_blocks_change_ = 0;
    free_inodes_change_ = 0;
    if (status)
        return failure_of(status);
    return {};
}

void Attempt::discard() {
    services_.discard(services_.home);
    free_blocks_change_ = 0;
    free_inodes_change_ = 0;
}

Timestamp Attempt::now() const {
    constexpr i64 second = 1'000'000'000;
    const i64 nanoseconds = services_.now(services_.home);
    return {nanoseconds / second, static_cast<u32>(nanoseconds % second), 0};
}

Failure Attempt::damaged_text(std::string_view text) {
    services_.report(services_.home, text.data(), text.size());
    if (!volume_.read_only) {
        constexpr std::string_view degraded = "ext4: the volume is read-only from now on";
        services_.report(services_.home, degraded.data(), degraded.size());
    }
    services_.damaged(services_.home);
    volume_.damaged = true;
    volume_.read_only = true;
    return Failure(Errno::uclean);
}

} // namespace ext4

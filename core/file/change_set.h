// SPDX-License-Identifier: BSD-2-Clause
// One request's view of a volume's metadata: the versions it has seen, private copies of what it
// edits, blocks it frees. publish() makes all of it true at once, or tells that somebody else
// changed what was seen. It outlives the handler that serves the request: should that die, the next
// one learns from it what was done. This is the core's side of component::VolumeServices.
#pragma once

#include "abi/component/file_system.h"
#include "core/file/volume_state.h"

namespace core::file {

class ChangeSet {
public:
    static constexpr u32 max_edits = 192;

    // Of a commit: views show blocks as they are in the transaction that is being committed.
    enum class Shows : u8 { present, logged };
    explicit ChangeSet(VolumeState& volume, Shows shows = Shows::present)
        : volume_(volume), shows_(shows) {}
    ~ChangeSet();
    ChangeSet(const ChangeSet&) = delete;
    ChangeSet& operator=(const ChangeSet&) = delete;

    VolumeState& volume() { return volume_; }
    // The table a component is given; valid as long as this object.
    component::VolumeServices services();

    // As in VolumeServices. The caller is the handler from now on; calls of others are refused.
    bool begin(u64& result);
    bool is_handler() const { return handler_ == volume_.host.caller(); }
    Result<component::MetadataView> view(u64 block);
    Result<u8*> edit(u64 block, component::EditMode mode, u64 tag, u64 marks);
    Result<component::EditedBlock> edited(u32 index) const;
    void mark_checked(u64 block, u32 kind);
    Result<> release(component::BlockRange range, component::FreedKind kind);
    component::BlockRange available(component::BlockRange range) const;
    Result<> publish(const component::Publication& publication);
    // Whether a publish found no room in the running transaction since it was asked last: the
    // request comes again after a commit.
    bool wants_commit() { return std::exchange(wants_commit_, false); }
    // Whether something was published since this was asked last.
    bool take_progress() { return std::exchange(has_progress_, false); }
    // Drops edits and what was released; what was seen counts no more.
    void discard();
    // The same, and views are valid no more.
    void forget_all();

private:
    struct Seen {
        Ref<MetadataBlock> block;
        Ref<BlockContents> contents; // keeps the view valid
        u64 version;
        Seen* next;
    };
    struct Edit {
        Ref<MetadataBlock> block;
        Ref<BlockContents> copy;
        u64 version;
        u64 tag;
        u64 marks;
        Edit* next;
    };
    struct Freed {
        component::BlockRange range;
        component::FreedKind kind;
        Freed* next;
    };

    Result<Ref<MetadataBlock>> find(u64 number);
    Edit* find_edit(const MetadataBlock& block) const;
    Result<> remember(const Ref<MetadataBlock>& block);
    bool is_current() const;
    bool has_room() const;
    void apply();
    void forget_edits();

    VolumeState& volume_;
    const Shows shows_;
    bool wants_commit_ = false;
    bool has_progress_ = false;
    Seen* seen_ = nullptr;
    Edit* edits_ = nullptr; // in the order of the first edit
    Edit** last_edit_ = &edits_;
    u32 edit_count_ = 0;
    Freed* freed_ = nullptr;
    u64 begun_at_ = 0; // the volume's publish count at the first look
    bool begun_ = false;
    u64 handler_ = 0;   // VolumeHost::caller() of who serves the request
    bool done_ = false; // its last change set is published
    u64 result_ = 0;    // and this was its answer
};

} // namespace core::file

// SPDX-License-Identifier: BSD-2-Clause
#include "core/file/change_set.h"

#include "base/allocate.h"
#include "core/file/volume_state.h"

namespace core::file {

using component::BlockRange;
using component::EditedBlock;
using component::EditMode;
using component::FreedKind;
using component::MetadataView;
using component::Publication;

bool ChangeSet::begin(u64& result) {
    handler_ = volume_.host.caller();
    discard();
    result = result_;
    return done_;
}

// The block with its contents, read in if need be: others are let in then. Should the handler be
// abandoned meanwhile, its request is served by another one, and this change set, which is the
// client's, may be gone when the wait ends.
Result<Ref<MetadataBlock>> ChangeSet::find(u64 number) {
    VolumeState& volume = volume_;
    MetadataCache& cache = volume.cache;
    if (MetadataBlock* block = cache.find(number); block && block->contents) [[likely]]
        return Ref<MetadataBlock>::share(*block);
    if (number >= cache.device_blocks())
        return Failure(Errno::inval);
    const u32 size = cache.block_size();
    void* wait = nullptr;
    {
        const Ref<BlockContents> contents = TRY(BlockContents::create(size));
        wait = volume.host.begin_wait();
        const Result<> outcome = volume.source.read(number * size, {contents->data(), size});
        if (volume.host.end_wait(wait)) {
            TRY(outcome);
            return cache.add(number, contents);
        }
    }
    volume.host.abandon(wait); // nothing on the way here needs a destructor any more
    __builtin_unreachable();    // g++ does not see it in a virtual call
}

ChangeSet::Edit* ChangeSet::find_edit(const MetadataBlock& block) const {
    if (block.editors == 0)
        return nullptr;
    for (Edit* edit = edits_; edit; edit = edit->next)
        if (edit->block.get() == &block)
            return edit;
    return nullptr;
}

Result<> ChangeSet::remember(const Ref<MetadataBlock>& block) {
    if (seen_ && seen_->block == block && seen_->contents == block->contents.to_ref())
        return {};
    auto* entry = new (base::fallible) Seen{block, block->contents.to_ref(), block->version, seen_};
    if (!entry)
        return Failure(Errno::nomem);
    seen_ = entry;
    return {};
}

Result<MetadataView> ChangeSet::view(u64 number) {
    if (shows_ == Shows::logged)
        return volume_.journal.view(number);
    if (!begun_) {
        begun_ = true;
        begun_at_ = volume_.publish_count;
    }
    const Ref<MetadataBlock> block = TRY(find(number));
    if (const Edit* edit = find_edit(*block))
        // What the component wrote itself needs no checking.
        return MetadataView{
            edit->copy->data(),
            static_cast<u32>(edit->tag) ? static_cast<u32>(edit->tag) : block->checked, 0};
    TRY(remember(block));
    return MetadataView{block->contents->data(), block->checked, 0};
}

Result<u8*> ChangeSet::edit(u64 number, EditMode mode, u64 tag, u64 marks) {
    if (shows_ == Shows::logged)
        return Failure(Errno::inval);
    const Ref<MetadataBlock> block =
        TRY(mode == EditMode::fresh ? volume_.cache.get_unread(number) : find(number));
    const u32 size = volume_.cache.block_size();
    if (Edit* edit = find_edit(*block)) {
        edit->marks |= marks;
        // The block's meaning may change within one change set.
        if (mode == EditMode::fresh) {
            __builtin_memset(edit->copy->data(), 0, size);
            edit->marks = marks;
        }
        if (tag != 0 && tag != edit->tag) {
            edit->tag = tag;
            edit->marks = marks;
        }
        return edit->copy->data();
    }
    if (edit_count_ == max_edits)
        return Failure(Errno::nobufs);
    if (mode == EditMode::existing)
        TRY(remember(block));
    const Ref<BlockContents> copy = TRY(BlockContents::create(size));
    if (mode == EditMode::existing)
        __builtin_memcpy(copy->data(), block->contents->data(), size);
    else
        __builtin_memset(copy->data(), 0, size);
    auto* entry = new (base::fallible) Edit{block, copy, block->version, tag, marks, nullptr};
    if (!entry)
        return Failure(Errno::nomem);
    *last_edit_ = entry;
    last_edit_ = &entry->next;
    ++edit_count_;
    ++block->editors;
    return entry->copy->data();
}

Result<EditedBlock> ChangeSet::edited(u32 index) const {
    const Edit* edit = edits_;
    while (edit && index-- > 0)
        edit = edit->next;
    if (!edit)
        return Failure(Errno::noent);
    return EditedBlock{edit->block->number, edit->copy->data(), edit->tag, edit->marks};
}

void ChangeSet::mark_checked(u64 number, u32 kind) {
    MetadataBlock* block = volume_.cache.find(number);
    // Not on behalf of contents that came later than those the component looked at.
    for (const Seen* seen = seen_; block && seen; seen = seen->next)
        if (seen->block.get() == block) {
            if (seen->version == block->version)
                block->checked = kind;
            return;
        }
}

Result<> ChangeSet::release(BlockRange range, FreedKind kind) {
    auto* entry = new (base::fallible) Freed{range, kind, freed_};
    if (!entry)
        return Failure(Errno::nomem);
    freed_ = entry;
    return {};
}

// What this change set itself frees is withheld as well.
BlockRange ChangeSet::available(BlockRange range) const {
    const u64 end = range.start + range.count;
    for (u64 start = range.start;;) {
        BlockRange usable = volume_.available({start, end - start});
        u64 skip_to = 0;
        for (const Freed* freed = freed_; freed; freed = freed->next) {
            const BlockRange own = freed->range;
            if (usable.start - own.start < own.count)
                skip_to = own.start + own.count;
            else if (own.start > usable.start && own.start < usable.start + usable.count)
                usable.count = own.start - usable.start;
        }
        if (skip_to == 0 || usable.count == 0)
            return usable;
        if (skip_to >= end)
            return {end, 0};
        start = skip_to;
    }
}

// Whether nothing this change set has looked at was changed by another since.
bool ChangeSet::is_current() const {
    if (!begun_ || volume_.publish_count == begun_at_)
        return true;
    for (const Seen* seen = seen_; seen; seen = seen->next)
        if (seen->block->version != seen->version)
            return false;
    return true;
}

bool ChangeSet::has_room() const {
    u64 revokes = 0;
    for (const Freed* freed = freed_; freed; freed = freed->next)
        if (freed->kind == FreedKind::metadata)
            revokes += freed->range.count;
    return volume_.has_room_for(edit_count_, revokes);
}

void ChangeSet::apply() {
    for (Edit* edit = edits_; edit; edit = edit->next) {
        MetadataBlock& block = *edit->block;
        block.contents = edit->copy;
        ++block.version;
        if (const u32 kind = static_cast<u32>(edit->tag))
            block.checked = kind;
        volume_.cache.mark_dirty(block);
    }
    for (const Freed* freed = freed_; freed; freed = freed->next)
        volume_.cache.forget(freed->range.start, freed->range.count, volume_.transaction);
    ++volume_.publish_count;
}

Result<> ChangeSet::publish(const Publication& publication) {
    if (!is_current()) {
        discard();
        return Failure(Errno::again);
    }
    if (volume_.journal.has_failed()) {
        discard();
        return Failure(Errno::rofs);
    }
    if (!has_room()) {
        discard();
        wants_commit_ = true;
        return Failure(Errno::busy);
    }
    // What may fail comes first.
    for (const Freed* freed = freed_; freed; freed = freed->next)
        TRY(volume_.withhold(freed->range, freed->kind));
    apply();
    has_progress_ = true;
    done_ = publication.last;
    result_ = publication.result;
    volume_.free_blocks += publication.free_blocks_change;
    volume_.free_inodes += publication.free_inodes_change;
    if (publication.last)
        discard();
    else
        forget_all();
    return {};
}

void ChangeSet::forget_edits() {
    while (edits_) {
        Edit* next = edits_->next;
        --edits_->block->editors;
        delete edits_;
        edits_ = next;
    }
    last_edit_ = &edits_;
    edit_count_ = 0;
    while (freed_) {
        Freed* next = freed_->next;
        delete freed_;
        freed_ = next;
    }
}

void ChangeSet::discard() {
    forget_edits();
    // Views stay valid to the end of the request, so the contents seen stay; but a new beginning
    // is compared with the present.
    for (Seen* seen = seen_; seen; seen = seen->next)
        seen->version = seen->block->version;
    begun_ = false;
}

void ChangeSet::forget_all() {
    forget_edits();
    begun_ = false;
    while (seen_) {
        Seen* next = seen_->next;
        delete seen_;
        seen_ = next;
    }
}

ChangeSet::~ChangeSet() {
    volume_.host.lock();
    forget_all();
    volume_.host.unlock();
}

namespace {

// A change set during one call of the component: the volume is locked.
class Entered {
public:
    explicit Entered(void* home) : changes_(*static_cast<ChangeSet*>(home)) {
        changes_.volume().host.lock();
    }
    ~Entered() { changes_.volume().host.unlock(); }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;
    // False for a handler that was abandoned: another serves the request now.
    bool may_go_on() const { return changes_.is_handler(); }
    ChangeSet* operator->() const { return &changes_; }

private:
    ChangeSet& changes_;
};

i32 answer(const Result<>& result) { return result ? 0 : static_cast<i32>(result.error()); }

template <typename T>
i32 answer(const Result<T>& result, T* to) {
    if (result)
        *to = *result;
    return result ? 0 : static_cast<i32>(result.error());
}

constexpr i32 canceled = static_cast<i32>(Errno::canceled);

void lend_views(component::VolumeServices& table) {
    table.view = [](void* home, u64 block, MetadataView* view) -> i32 {
        Entered entered(home);
        return entered.may_go_on() ? answer(entered->view(block), view) : canceled;
    };
    table.mark_checked = [](void* home, u64 block, u32 kind) {
        Entered entered(home);
        if (entered.may_go_on())
            entered->mark_checked(block, kind);
    };
    table.edit = [](void* home, u64 block, EditMode mode, u64 tag, u64 marks, u8** data) -> i32 {
        Entered entered(home);
        return entered.may_go_on() ? answer(entered->edit(block, mode, tag, marks), data)
                                   : canceled;
    };
    table.edited = [](void* home, u32 index, EditedBlock* block) -> i32 {
        Entered entered(home);
        return entered.may_go_on() ? answer(entered->edited(index), block) : canceled;
    };
}

void lend_publishing(component::VolumeServices& table) {
    table.release = [](void* home, BlockRange range, FreedKind kind) -> i32 {
        Entered entered(home);
        return entered.may_go_on() ? answer(entered->release(range, kind)) : canceled;
    };
    table.available = [](void* home, BlockRange range) { return Entered(home)->available(range); };
    table.promised = [](void* home) { return Entered(home)->volume().promised(); };
    table.publish = [](void* home, const Publication* publication) -> i32 {
        Entered entered(home);
        return entered.may_go_on() ? answer(entered->publish(*publication)) : canceled;
    };
    table.discard = [](void* home) {
        Entered entered(home);
        if (entered.may_go_on())
            entered->discard();
    };
    table.commit = [](void* home) -> i32 {
        Entered entered(home);
        return entered.may_go_on() ? answer(entered->volume().commit_directly()) : canceled;
    };
}

} // namespace

component::VolumeServices ChangeSet::services() {
    component::VolumeServices table{};
    table.home = this;
    table.block_size = volume_.cache.block_size();
    table.state = volume_.mount_state;
    table.begin = [](void* home, u64* result) -> u32 { return Entered(home)->begin(*result); };
    table.set_block_size = [](void* home, u32 bytes) -> i32 {
        Entered entered(home);
        if (!entered.may_go_on())
            return canceled;
        entered->forget_all();
        entered->volume().start_over(bytes);
        return 0;
    };
    table.device_blocks = [](void* home) { return Entered(home)->volume().cache.device_blocks(); };
    lend_views(table);
    lend_publishing(table);
    table.report = [](void* home, const char* text, usize length) {
        static_cast<ChangeSet*>(home)->volume().host.report(text, length);
    };
    table.damaged = [](void* home) {
        Entered entered(home);
        if (entered.may_go_on())
            entered->volume().mount_state |=
                component::volume_state::damaged | component::volume_state::read_only;
    };
    table.now = [](void* home) { return static_cast<ChangeSet*>(home)->volume().host.now(); };
    table.random = [](void* home) { return static_cast<ChangeSet*>(home)->volume().host.random(); };
    return table;
}

} // namespace core::file

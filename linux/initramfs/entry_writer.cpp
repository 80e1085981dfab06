// SPDX-License-Identifier: BSD-2-Clause
#include "linux/initramfs/entry_writer.h"

#include "core/observe/log.h"
#include "linux/vfs/entries.h"
#include "linux/vfs/open.h"

namespace linux {
namespace {

u32 type_of(u32 mode) { return mode & file_mode::type_mask; }

Result<> set_attributes(Inode& inode, const ArchiveEntry& entry) {
    AttributeChange change;
    change.fields = attribute::mode | attribute::user | attribute::group | attribute::modify_time |
                    attribute::access_time | attribute::change_time;
    change.mode = entry.mode & 07777;
    change.user = entry.user;
    change.group = entry.group;
    change.modify = change.access = {entry.modified, 0};
    change.change = file_time_now();
    return inode.set_attributes(change);
}

// What has the entry's name already stays if it is the same kind of thing and can be filled anew,
// and is removed otherwise. Gives whether it stays. Errors: those of removing.
Result<bool> clear_way(const PathName& name, const ArchiveEntry& entry) {
    const auto existing = resolve(name.view(), 0);
    if (!existing)
        return false;
    const u32 type = type_of(existing->inode().mode());
    if (type == type_of(entry.mode) && (type == file_mode::regular || type == file_mode::directory))
        return true;
    Walk walk(nullptr, name, 0);
    const Path parent = TRY(walk.run_to_parent());
    TRY(type == file_mode::directory ? remove_directory(parent, walk) : remove_file(parent, walk));
    return false;
}

// A node without content.
Result<> make_node(const PathName& name, const ArchiveEntry& entry) {
    NewNode node;
    node.mode = entry.mode;
    node.user = entry.user;
    node.group = entry.group;
    node.device = {entry.device_major, entry.device_minor};
    node.target = entry.target;
    const bool directory = type_of(entry.mode) == file_mode::directory;
    Walk walk(nullptr, name, 0);
    NewEntry made =
        TRY(NewEntry::prepare(TRY(walk.run_to_parent()), walk,
                              directory ? NewEntry::Wanted::directory : NewEntry::Wanted::other));
    TRY(made.make(node));
    return set_attributes(made.path().inode(), entry);
}

Result<> make_link(const PathName& name, const Path& existing) {
    if (const auto same = resolve(name.view(), 0); same && &same->inode() == &existing.inode())
        return {};
    Walk walk(nullptr, name, 0);
    NewEntry entry =
        TRY(NewEntry::prepare(TRY(walk.run_to_parent()), walk, NewEntry::Wanted::other));
    return entry.link(existing.inode());
}

bool is_serious(Errno error) {
    return error == Errno::nomem || error == Errno::nospc || error == Errno::io;
}

} // namespace

EntryWriter::Linked* EntryWriter::find(const ArchiveEntry& entry) const {
    for (Linked* at = linked_[entry.number % buckets]; at; at = at->next) {
        if (at->number == entry.number && at->volume_major == entry.volume_major &&
            at->volume_minor == entry.volume_minor && at->type == type_of(entry.mode))
            return at;
    }
    return nullptr;
}

Result<> EntryWriter::remember(const ArchiveEntry& entry) {
    Linked*& first = linked_[entry.number % buckets];
    auto linked =
        TRY(Box<Linked>::create(Linked{entry.number, entry.volume_major, entry.volume_minor,
                                       type_of(entry.mode), TRY(resolve(entry.name, 0)), first}));
    first = linked.release();
    return {};
}

void EntryWriter::end_archive() {
    for (Linked*& first : linked_) {
        while (first)
            delete std::exchange(first, first->next);
    }
}

Result<> EntryWriter::begin(const ArchiveEntry& entry) {
    if (entry.name.empty())
        return {}; // the root itself
    const Result<> done = make(entry);
    if (done) {
        ++made_;
        return {};
    }
    LOG_WARNING("initramfs: {}: {}", entry.name, done.error());
    return is_serious(done.error()) ? done : Result<>();
}

Result<> EntryWriter::make(const ArchiveEntry& entry) {
    const PathName name = TRY(PathName::from_kernel(entry.name));
    const u32 type = type_of(entry.mode);
    const bool stays = TRY(clear_way(name, entry));
    if (type == file_mode::directory && stays)
        return set_attributes(TRY(resolve(name.view(), walk_flag::directory)).inode(), entry);
    // Writers of archives put the content at the last name or at the first: a name without content
    // joins the one before, a name with it fills the file both share.
    const bool several = entry.links > 1 && type != file_mode::directory;
    Linked* first = several ? find(entry) : nullptr;
    if (first) {
        TRY(make_link(name, first->path));
        return type == file_mode::regular && entry.size > 0 ? open_new(entry, false) : Result<>();
    }
    TRY(type == file_mode::regular ? open_new(entry, true) : make_node(name, entry));
    return several ? remember(entry) : Result<>();
}

Result<> EntryWriter::open_new(const ArchiveEntry& entry, bool truncate) {
    const u32 flags = open_flag::create | open_flag::write_only | open_flag::no_follow;
    file_.emplace(TRY(open_path(entry.name, flags | (truncate ? open_flag::truncate : 0), 0600)));
    offset_ = 0;
    entry_ = entry;
    return {};
}

Result<> EntryWriter::content(std::span<const u8> piece) {
    while (file_ && !piece.empty()) {
        IoCursor source(piece);
        const usize written = TRY((*file_)->write(source, offset_, {}));
        if (written == 0)
            return Failure(Errno::io);
        offset_ += written;
        piece = piece.subspan(written);
    }
    return {};
}

Result<> EntryWriter::end() {
    if (!file_)
        return {};
    const Result<> done = set_attributes((*file_)->inode(), entry_);
    file_.reset();
    return done;
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/entries.h"

#include "linux/process/file_context.h"
#include "linux/process/task.h"
#include "linux/vfs/notify.h"
#include "linux/vfs/permission.h"

namespace linux {

u32 apply_umask(u32 mode) { return mode & ~Task::current().file_context->umask(); }

Result<> check_create(const Dentry& directory) {
    if (directory.is_dead_directory())
        return Failure(Errno::noent);
    return check_permission(*directory.inode(), may::write | may::execute);
}

Result<> make_locked(Dentry& directory, Dentry& entry, NewNode node) {
    TRY(check_create(directory));
    Inode& parent = *directory.inode();
    inherit_owner(parent, node);
    Ref<Inode> made = TRY(parent.create(entry, node));
    parent.touch_modified();
    const bool is_directory = made->is_directory();
    if (entry.is_in_tree())
        entry.attach(std::move(made));
    else
        entry.enter(std::move(made));
    notify_entry(parent, entry.name(),
                 is_directory ? notify_event::create | notify_event::is_directory
                              : notify_event::create);
    return {};
}

// ---- making -------------------------------------------------------------------------------------

Result<NewEntry> NewEntry::prepare(Path parent, const Walk& walk, Wanted wanted) PITH_NO_ANALYSIS {
    if (walk.kind() != LastKind::name)
        return Failure(Errno::exist);
    const bool writable = !parent.mount().is_read_only();
    InodeLock& lock = parent.inode().lock();
    lock.acquire(InodeRole::directory);
    Result<Ref<Dentry>> entry = look_up_locked(parent.dentry(), walk.last());
    Errno error{};
    if (!entry)
        error = entry.error();
    else if ((*entry)->inode())
        error = Errno::exist;
    else if (walk.has_slash() && wanted == Wanted::other)
        error = Errno::noent;
    else if (!writable)
        error = Errno::rofs;
    else
        return NewEntry(std::move(parent), std::move(*entry));
    lock.release();
    return Failure(error);
}

NewEntry::~NewEntry() PITH_NO_ANALYSIS {
    if (locked_)
        parent_.inode().lock().release();
}

Result<> NewEntry::make(NewNode node) { return make_locked(parent_.dentry(), *entry_, node); }

Path NewEntry::path() const { return Path::share(parent_.mount(), *entry_); }

Result<> NewEntry::link(Inode& existing) {
    TRY(check_create(parent_.dentry()));
    if (&existing.super_block() != &parent_.inode().super_block())
        return Failure(Errno::xdev);
    constexpr u32 fixed = inode_flag::immutable | inode_flag::append_only;
    if ((existing.inode_flags() & fixed) || existing.is_directory())
        return Failure(Errno::perm);
    InodeGuard guard(existing.lock(), InodeRole::file);
    if (existing.links() == 0 && !existing.is_linkable())
        return Failure(Errno::noent);
    TRY(parent_.inode().link(*entry_, existing));
    parent_.inode().touch_modified();
    existing.touch_changed();
    if (entry_->is_in_tree())
        entry_->attach(Ref<Inode>::share(existing));
    else
        entry_->enter(Ref<Inode>::share(existing));
    notify_inode(existing, notify_event::attributes);
    notify_entry(parent_.inode(), entry_->name(), notify_event::create);
    return {};
}

// ---- removing -----------------------------------------------------------------------------------

namespace {

enum class Victim : u8 { directory, file };

bool may_take_from_sticky(const Inode& directory, const Inode& victim) {
    if (!(directory.mode() & file_mode::sticky))
        return true;
    const Credentials& credentials = current_credentials();
    return victim.user() == credentials.file_user || directory.user() == credentials.file_user ||
           credentials.has(Capability::fowner);
}

Result<> check_delete(const Dentry& directory, const Dentry& entry, Victim kind) {
    const Inode& parent = *directory.inode();
    const Inode& victim = *entry.inode();
    TRY(check_permission(parent, may::write | may::execute));
    constexpr u32 fixed = inode_flag::immutable | inode_flag::append_only;
    if ((parent.inode_flags() & inode_flag::append_only) || (victim.inode_flags() & fixed) ||
        !may_take_from_sticky(parent, victim))
        return Failure(Errno::perm);
    if (kind == Victim::directory && !victim.is_directory())
        return Failure(Errno::notdir);
    if (kind == Victim::file && victim.is_directory())
        return Failure(Errno::isdir);
    if (directory.is_dead_directory())
        return Failure(Errno::noent);
    return {};
}

// The entry to remove and its inode, which outlive the directory's lock: eviction may take long.
struct Doomed {
    Ref<Dentry> entry;
    Ref<Inode> inode;
};

Result<Doomed> find_victim(Dentry& directory, const Walk& walk) {
    Ref<Dentry> entry = TRY(look_up_locked(directory, walk.last()));
    if (!entry->inode())
        return Failure(Errno::noent);
    Ref<Inode> inode = Ref<Inode>::share(*entry->inode());
    return Doomed{std::move(entry), std::move(inode)};
}

} // namespace

Result<> remove_file(const Path& parent, const Walk& walk) {
    if (walk.kind() != LastKind::name)
        return Failure(Errno::isdir);
    TRY(check_writable(parent));
    Inode& directory = parent.inode();
    RefOrNull<Inode> kept;
    RefOrNull<Dentry> entry;
    {
        InodeGuard guard(directory.lock(), InodeRole::directory);
        Doomed doomed = TRY(find_victim(parent.dentry(), walk));
        Inode& victim = *doomed.inode;
        if (walk.has_slash())
            return Failure(victim.is_directory() ? Errno::isdir : Errno::notdir);
        TRY(check_delete(parent.dentry(), *doomed.entry, Victim::file));
        if (doomed.entry->is_mount_point())
            return Failure(Errno::busy);
        {
            InodeGuard file_guard(victim.lock(), InodeRole::file);
            TRY(directory.unlink(*doomed.entry));
            victim.touch_changed();
        }
        directory.touch_modified();
        kept = doomed.inode;
        entry = doomed.entry;
        doomed.entry->remove();
    }
    notify_entry(directory, entry->name(), notify_event::remove);
    notify_inode(*kept, kept->links() == 0 ? notify_event::remove_self | notify_event::attributes
                                           : notify_event::attributes);
    return {};
}

Result<> remove_directory(const Path& parent, const Walk& walk) {
    switch (walk.kind()) {
    case LastKind::dot: return Failure(Errno::inval);
    case LastKind::dot_dot: return Failure(Errno::notempty);
    case LastKind::root: return Failure(Errno::busy);
    case LastKind::name: break;
    }
    TRY(check_writable(parent));
    Inode& directory = parent.inode();
    RefOrNull<Inode> kept;
    RefOrNull<Dentry> entry;
    {
        InodeGuard guard(directory.lock(), InodeRole::directory);
        Doomed doomed = TRY(find_victim(parent.dentry(), walk));
        TRY(check_delete(parent.dentry(), *doomed.entry, Victim::directory));
        InodeGuard victim_guard(doomed.inode->lock(), InodeRole::victim);
        if (doomed.entry->is_mount_point())
            return Failure(Errno::busy);
        TRY(directory.remove_directory(*doomed.entry));
        doomed.entry->set_dead_directory();
        directory.touch_modified();
        kept = doomed.inode;
        entry = doomed.entry;
        doomed.entry->remove();
    }
    entry->forget_children();
    notify_entry(directory, entry->name(), notify_event::remove | notify_event::is_directory);
    notify_inode(*kept, notify_event::remove_self);
    return {};
}

// ---- renaming -----------------------------------------------------------------------------------

namespace {

using RenameLock = core::Lock<core::lock_class::rename>;
constinit RenameLock g_rename_lock;

bool is_ancestor(const Dentry& ancestor, const Dentry& dentry) {
    const Dentry* at = &dentry;
    while (at != &ancestor) {
        if (at->is_root())
            return false;
        at = at->parent();
    }
    return true;
}

// Both directories locked, the ancestor first; moves between directories one at a time.
class RenameGuard {
public:
    RenameGuard(Dentry& from, Dentry& to) PITH_NO_ANALYSIS : from_(from), to_(to) {
        if (&from == &to) {
            from.inode()->lock().acquire(InodeRole::directory);
            return;
        }
        g_rename_lock.acquire();
        const bool to_first = is_ancestor(to, from);
        first_ = to_first ? &to : &from;
        first_->inode()->lock().acquire(InodeRole::directory);
        (to_first ? from : to).inode()->lock().acquire(InodeRole::child_directory);
    }
    ~RenameGuard() PITH_NO_ANALYSIS {
        from_.inode()->lock().release();
        if (&from_ == &to_)
            return;
        to_.inode()->lock().release();
        g_rename_lock.release();
    }

private:
    Dentry& from_;
    Dentry& to_;
    Dentry* first_ = nullptr;
};

// The inodes that are moved or replaced, locked in the order of their addresses.
class VictimGuard {
public:
    VictimGuard(Inode& source, Inode* target) PITH_NO_ANALYSIS {
        Inode* other = target == &source ? nullptr : target;
        const bool swap = other && (other->is_directory() != source.is_directory()
                                        ? other->is_directory()
                                        : other < &source);
        first_ = swap ? other : &source;
        second_ = swap ? &source : other;
        first_->lock().acquire(first_->is_directory() ? InodeRole::victim : InodeRole::file);
        if (second_)
            second_->lock().acquire(second_->is_directory() ? InodeRole::second_victim
                                                            : InodeRole::second_file);
    }
    ~VictimGuard() PITH_NO_ANALYSIS {
        if (second_)
            second_->lock().release();
        first_->lock().release();
    }

private:
    Inode* first_;
    Inode* second_;
};

struct Rename {
    Dentry& old_directory;
    Dentry& old_entry;
    Dentry& new_directory;
    Dentry& new_entry;
    u32 flags;

    bool exchanges() const { return (flags & rename_flag::exchange) != 0; }
};

Result<> check_names(const RenameEnds& ends, const Rename& rename) {
    const Inode* source = rename.old_entry.inode();
    const Inode* target = rename.new_entry.inode();
    if (!source)
        return Failure(Errno::noent);
    if ((rename.flags & rename_flag::no_replace) && target)
        return Failure(Errno::exist);
    if (rename.exchanges()) {
        if (!target)
            return Failure(Errno::noent);
        if (!target->is_directory() && ends.new_name.has_slash())
            return Failure(Errno::notdir);
    }
    if (!source->is_directory()) {
        if (ends.old_name.has_slash() || (!rename.exchanges() && ends.new_name.has_slash()))
            return Failure(Errno::notdir);
    }
    if (is_ancestor(rename.old_entry, rename.new_directory))
        return Failure(Errno::inval);
    if (target && is_ancestor(rename.new_entry, rename.old_directory))
        return Failure(rename.exchanges() ? Errno::inval : Errno::notempty);
    return {};
}

Result<> check_rights(const Rename& rename) {
    const Inode& source = *rename.old_entry.inode();
    const Inode* target = rename.new_entry.inode();
    const Victim kind = source.is_directory() ? Victim::directory : Victim::file;
    TRY(check_delete(rename.old_directory, rename.old_entry, kind));
    if (!target) {
        TRY(check_create(rename.new_directory));
    } else {
        const Victim wanted = !rename.exchanges()       ? kind
                              : target->is_directory() ? Victim::directory
                                                       : Victim::file;
        TRY(check_delete(rename.new_directory, rename.new_entry, wanted));
    }
    if (&rename.old_directory == &rename.new_directory)
        return {};
    // ".." of a directory that moves is written.
    if (source.is_directory())
        TRY(check_permission(source, may::write));
    if (rename.exchanges() && target->is_directory())
        TRY(check_permission(*target, may::write));
    return {};
}

// The move itself, everything locked and permitted; names are reserved before the file system acts.
Result<> perform(const Rename& rename) {
    Inode& source = *rename.old_entry.inode();
    Inode* target = rename.new_entry.inode();
    VictimGuard victims(source, target);
    if (rename.old_entry.is_mount_point() || rename.new_entry.is_mount_point())
        return Failure(Errno::busy);
    Dentry::Name* name = Dentry::reserve_name(rename.new_entry.name());
    Dentry::Name* other =
        rename.exchanges() ? Dentry::reserve_name(rename.old_entry.name()) : nullptr;
    Result<> outcome = Failure(Errno::nomem);
    if (name && (other || !rename.exchanges()))
        outcome = rename.old_directory.inode()->rename(
            {rename.old_entry, *rename.new_directory.inode(), rename.new_entry, rename.flags});
    if (!outcome) {
        Dentry::free_reserved_name(name);
        Dentry::free_reserved_name(other);
        return outcome;
    }
    rename.old_directory.inode()->touch_modified();
    if (&rename.new_directory != &rename.old_directory)
        rename.new_directory.inode()->touch_modified();
    source.touch_changed();
    if (target)
        target->touch_changed();
    if (rename.exchanges()) {
        Dentry::exchange(rename.old_entry, rename.new_entry, name, other);
        return {};
    }
    if (target && target->is_directory())
        rename.new_entry.set_dead_directory();
    rename.old_entry.move(rename.new_directory, name, rename.new_entry);
    return {};
}

} // namespace

Result<> rename_entry(const RenameEnds& ends, u32 flags) {
    if (&ends.old_parent.mount() != &ends.new_parent.mount())
        return Failure(Errno::xdev);
    if (ends.old_name.kind() != LastKind::name)
        return Failure(Errno::busy);
    if (ends.new_name.kind() != LastKind::name)
        return Failure(flags & rename_flag::no_replace ? Errno::exist : Errno::busy);
    TRY(check_writable(ends.old_parent));
    RefOrNull<Dentry> old_entry, new_entry; // outlive the locks, as what they hold may be evicted
    RefOrNull<Inode> replaced;
    {
        RenameGuard guard(ends.old_parent.dentry(), ends.new_parent.dentry());
        old_entry = TRY(look_up_locked(ends.old_parent.dentry(), ends.old_name.last()));
        new_entry = TRY(look_up_locked(ends.new_parent.dentry(), ends.new_name.last()));
        const Rename rename{ends.old_parent.dentry(), *old_entry, ends.new_parent.dentry(),
                            *new_entry, flags};
        TRY(check_names(ends, rename));
        if (old_entry->inode() == new_entry->inode())
            return {};
        TRY(check_rights(rename));
        replaced = RefOrNull<Inode>::share(new_entry->inode());
        TRY(perform(rename));
    }
    if (replaced && !(flags & rename_flag::exchange) && replaced->is_directory())
        new_entry->forget_children();
    notify_rename({ends.old_parent.inode(), ends.old_name.last().view(), ends.new_parent.inode(),
                   ends.new_name.last().view(), *old_entry->inode()});
    if (replaced && !(flags & rename_flag::exchange))
        notify_inode(*replaced, notify_event::remove_self);
    return {};
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// What mount(2), umount2(2) and pivot_root(2) do to the tree of mounts.
#include "linux/process/file_context.h"
#include "linux/process/process_table.h"
#include "linux/vfs/mount_state.h"

namespace linux {

namespace {

using TableGuard = core::LockGuard<core::lock_class::mount_table>;

constexpr u32 unmount_force = 1, unmount_detach = 2, unmount_expire = 4;

bool is_below_dentry(const Dentry& dentry, const Dentry& ancestor) {
    const Dentry* at = &dentry;
    while (at != &ancestor) {
        if (at->is_root())
            return false;
        at = at->parent();
    }
    return true;
}

bool is_mount_root(const Path& path) { return &path.dentry() == &path.mount().root(); }

// Gives up mounts that were taken out of the tree, after the table's lock.
void drop_all(List<Mount, &Mount::all_link>& gone) {
    while (Mount* mount = gone.pop_front())
        mount->drop_reference();
}

} // namespace

Path MountTable::root() {
    TableGuard guard(lock());
    Mount* root = g_mounts.root;
    return root ? topmost(Path::share(*root, root->root())) : Path();
}

Result<> MountTable::mount_root(Ref<SuperBlock> super_block, std::string_view source) {
    Ref<Dentry> top = Ref<Dentry>::share(super_block->root());
    Mount* mount = TRY(create(std::move(super_block), std::move(top), 0, source));
    TableGuard guard(lock());
    VERIFY(!g_mounts.root);
    mount->attached_.store(true, std::memory_order_relaxed);
    g_mounts.all->push_back(*mount);
    g_mounts.root = mount;
    changed();
    return {};
}

Result<Mount*> MountTable::create_internal(Ref<SuperBlock> super_block, std::string_view source) {
    Ref<Dentry> top = Ref<Dentry>::share(super_block->root());
    return create(std::move(super_block), std::move(top), 0, source);
}

Result<> MountTable::check_point(const Path& where, const Dentry& root) {
    if (where.inode().is_directory() != root.inode()->is_directory())
        return Failure(Errno::notdir);
    if (where.dentry().is_deleted())
        return Failure(Errno::noent);
    if (!where.mount().is_attached())
        return Failure(Errno::inval);
    return {};
}

Result<> MountTable::mount(Ref<SuperBlock> super_block, const Path& where, u32 flags,
                           std::string_view source) {
    Ref<Dentry> top = Ref<Dentry>::share(super_block->root());
    if (&where.mount().super_block() == super_block.get() && is_mount_root(where) &&
        &where.dentry() == top.get())
        return Failure(Errno::busy);
    if (top->inode()->is_symlink())
        return Failure(Errno::inval);
    TRY(check_point(where, *top));
    Mount* mount = TRY(create(std::move(super_block), std::move(top), flags, source));
    Result<> outcome;
    {
        TableGuard guard(lock());
        inherit_propagation(*mount, where.mount());
        outcome = attach(*mount, where.mount(), where.dentry());
    }
    if (!outcome)
        mount->drop_reference();
    return outcome;
}

void MountTable::inherit_propagation(Mount& mount, const Mount& parent) {
    if (parent.propagation != Propagation::shared)
        return;
    mount.propagation = Propagation::shared;
    mount.peer_group = g_mounts.next_peer_group++;
}

Result<Mount*> MountTable::copy(Mount& from, Dentry& root) {
    Mount* made = TRY(create(Ref<SuperBlock>::share(from.super_block()), Ref<Dentry>::share(root),
                             from.flags(), from.source));
    made->propagation = from.propagation;
    made->peer_group = from.peer_group;
    made->master_group = from.master_group;
    return made;
}

// Attaches copies of what is mounted below `from` (and under `root`) to the copy `to`.
Result<> MountTable::copy_children(Mount& from, const Dentry& root, Mount& to) {
    for (Mount& child : *g_mounts.all) {
        if (child.parent() != &from || &child == &from || &child == &to)
            continue;
        if (child.propagation == Propagation::unbindable ||
            !is_below_dentry(*child.mount_point(), root))
            continue;
        Mount* made = TRY(copy(child, child.root()));
        const Result<> attached = attach(*made, to, *child.mount_point());
        if (!attached) {
            made->drop_reference();
            return attached;
        }
        TRY(copy_children(child, child.root(), *made));
    }
    return {};
}

Result<> MountTable::bind(const Path& from, const Path& where, bool recursive) {
    if (from.mount().propagation == Propagation::unbindable || !from.mount().is_attached())
        return Failure(Errno::inval);
    TRY(check_point(where, from.dentry()));
    List<Mount, &Mount::all_link> gone;
    Result<> outcome;
    {
        TableGuard guard(lock());
        Mount* made = TRY(copy(from.mount(), from.dentry()));
        outcome = attach(*made, where.mount(), where.dentry());
        if (!outcome)
            gone.push_back(*made);
        else if (recursive)
            outcome = copy_children(from.mount(), from.dentry(), *made);
        if (!outcome && made->is_attached())
            detach_tree(*made, gone);
    }
    drop_all(gone);
    return outcome;
}

Result<> MountTable::move(const Path& from, const Path& where) {
    TableGuard guard(lock());
    Mount& mount = from.mount();
    if (!is_mount_root(from) || !mount.is_attached() || mount.parent() == &mount)
        return Failure(Errno::inval);
    if (mount.parent()->propagation == Propagation::shared)
        return Failure(Errno::inval);
    TRY(check_point(where, mount.root()));
    if (is_below(where.mount(), mount))
        return Failure(Errno::loop);
    Mount* old_parent = mount.parent();
    Dentry* old_point = mount.mount_point();
    old_parent->add_reference();
    old_point->add_reference();
    detach(mount);
    Result<> outcome = attach(mount, where.mount(), where.dentry());
    if (!outcome)
        MUST(attach(mount, *old_parent, *old_point), "it stood there a moment ago");
    old_point->drop_reference();
    old_parent->drop_reference();
    return outcome;
}

Result<> MountTable::change_flags(const Path& path, u32 flags) {
    if (!is_mount_root(path))
        return Failure(Errno::inval);
    TableGuard guard(lock());
    Mount& mount = path.mount();
    if ((flags & mount_flag::read_only) && !(mount.flags() & mount_flag::read_only) &&
        mount.writers.load(std::memory_order_acquire) != 0)
        return Failure(Errno::busy);
    mount.set_flags(flags & mount_flag::of_mount);
    changed();
    return {};
}

Result<> MountTable::set_propagation(const Path& path, Propagation kind, bool recursive) {
    if (!is_mount_root(path))
        return Failure(Errno::inval);
    TableGuard guard(lock());
    for (Mount& mount : *g_mounts.all) {
        const bool chosen = &mount == &path.mount() || (recursive && is_below(mount, path.mount()));
        if (!chosen)
            continue;
        if (kind == Propagation::shared && mount.peer_group == 0)
            mount.peer_group = g_mounts.next_peer_group++;
        // A slave of a group that has no other member is private, as on Linux.
        if (kind == Propagation::slave && mount.propagation != Propagation::slave)
            mount.propagation = Propagation::make_private;
        else if (kind != Propagation::slave)
            mount.propagation = kind;
        if (mount.propagation != Propagation::shared)
            mount.peer_group = 0;
    }
    changed();
    return {};
}

void MountTable::detach_tree(Mount& mount, List<Mount, &Mount::all_link>& gone) {
    bool found = true;
    while (found) { // children first; the list changes under us, so start over
        found = false;
        for (Mount& child : *g_mounts.all) {
            if (&child == &mount || child.parent() != &mount)
                continue;
            detach_tree(child, gone);
            found = true;
            break;
        }
    }
    detach(mount);
    gone.push_back(mount);
}

Result<> MountTable::unmount(const Path& path, u32 flags) {
    Mount& mount = path.mount();
    if (!is_mount_root(path))
        return Failure(Errno::inval);
    if ((flags & unmount_expire) && (flags & (unmount_force | unmount_detach)))
        return Failure(Errno::inval);
    const Path task_root = Task::current().file_context->root();
    if (&task_root.mount() == &mount && !(flags & unmount_detach))
        return remount_read_only(mount.super_block());
    List<Mount, &Mount::all_link> gone;
    {
        TableGuard guard(lock());
        if (!mount.is_attached() || mount.parent() == &mount)
            return Failure(Errno::inval);
        // The tree's reference and the caller's.
        const bool busy = mount.reference_count() > 2 || has_children(mount);
        if (busy && !(flags & unmount_detach))
            return Failure(Errno::busy);
        if ((flags & unmount_expire) && !std::exchange(mount.expiry_marked, true))
            return Failure(Errno::again);
        detach_tree(mount, gone);
    }
    drop_all(gone);
    return {};
}

Result<> MountTable::pivot_root(const Path& new_root, const Path& put_old) {
    const Path root = Task::current().file_context->root();
    Mount& old_mount = root.mount();
    Mount& new_mount = new_root.mount();
    {
        TableGuard guard(lock());
        const auto is_shared = [](Mount& m) { return m.propagation == Propagation::shared; };
        if (is_shared(put_old.mount()) || is_shared(*new_mount.parent()) ||
            is_shared(*old_mount.parent()))
            return Failure(Errno::inval);
        if (new_root.dentry().is_deleted())
            return Failure(Errno::noent);
        if (&new_mount == &old_mount || &put_old.mount() == &old_mount)
            return Failure(Errno::busy);
        if (!is_mount_root(root) || old_mount.parent() == &old_mount || !is_mount_root(new_root) ||
            new_mount.parent() == &new_mount)
            return Failure(Errno::inval);
        if (!is_reachable(put_old, new_root) || !is_reachable(new_root, root))
            return Failure(Errno::inval);
        Ref<Mount> root_parent = Ref<Mount>::share(*old_mount.parent());
        Ref<Dentry> root_point = Ref<Dentry>::share(*old_mount.mount_point());
        detach(new_mount);
        detach(old_mount);
        MUST(attach(new_mount, *root_parent, *root_point), "the root stood there");
        MUST(attach(old_mount, put_old.mount(), put_old.dentry()), "it was checked above");
    }
    for (RefOrNull<Process> process = ProcessTable::next(1); process;
         process = ProcessTable::next(process->pid + 1))
        for (TaskRef task = ProcessTable::next_task(*process, 0); task;
             task = ProcessTable::next_task(*process, task->tid + 1))
            if (RefOrNull<FileContext> context = file_context_of(*task))
                context->replace(root, new_root);
    return {};
}

Result<> MountTable::remount_read_only(SuperBlock& super_block) {
    return remount(super_block, {"", super_block.flags() | mount_flag::read_only, ""});
}

Result<> MountTable::remount(SuperBlock& super_block, const MountRequest& request) {
    const bool becomes_read_only =
        (request.flags & mount_flag::read_only) && !super_block.is_read_only();
    if (becomes_read_only) {
        if (super_block.writers.load(std::memory_order_acquire) != 0)
            return Failure(Errno::busy);
        TRY(super_block.sync_all(true));
    }
    TRY(super_block.remount(request));
    super_block.set_flags(request.flags & mount_flag::of_file_system);
    changed();
    return {};
}

void MountTable::for_each(bool (*visit)(Mount& mount, void* argument), void* argument) {
    TableGuard guard(lock());
    for (Mount& mount : *g_mounts.all)
        if (!visit(mount, argument))
            return;
}

Result<> MountTable::sync_all_file_systems(bool wait) {
    // A reference each, then without the lock: syncing sleeps for long.
    for (u32 position = 0;; ++position) {
        RefOrNull<SuperBlock> chosen;
        {
            TableGuard guard(lock());
            u32 index = 0;
            for (Mount& mount : *g_mounts.all)
                if (index++ == position)
                    chosen = RefOrNull<SuperBlock>::share(&mount.super_block());
        }
        if (!chosen)
            return {};
        if (!chosen->is_read_only())
            (void)chosen->sync_all(wait);
    }
}

} // namespace linux

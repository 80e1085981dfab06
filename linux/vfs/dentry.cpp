// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/dentry.h"

#include "base/owner_of.h"
#include "core/sched/scheduler.h"
#include "linux/vfs/dentry_cache.h"
#include "linux/vfs/name_bytes.h"
#include "linux/vfs/super_block.h"

namespace linux {

NameView name_view(std::string_view name) {
    const u32 length = static_cast<u32>(name.size());
    return {name.data(), length, hash_name(name.data(), length)};
}

namespace {

// A ring of links: `position` may be its head.
void insert_after(ListLink& position, ListLink& link) {
    link.next = position.next;
    link.previous = &position;
    position.next->previous = &link;
    position.next = &link;
}

void free_name_memory(core::Retired& retired) {
    ::operator delete(static_cast<void*>(static_cast<Dentry::Name*>(&retired)));
}

Dentry::Name* allocate_name(NameView name) {
    const usize size = sizeof(Dentry::Name) + name.length;
    void* memory = ::operator new(size, base::fallible);
    if (!memory)
        return nullptr;
    auto* made = new (memory) Dentry::Name;
    made->length = name.length;
    made->hash = name.hash;
    __builtin_memcpy(made->text, name.text, name.length);
    return made;
}

} // namespace

Dentry* Dentry::create(SuperBlock& super_block, Dentry* parent, NameView name) {
    auto* dentry = new (base::fallible) Dentry(super_block);
    if (!dentry)
        return nullptr;
    Name* own = &dentry->inline_name_;
    if (name.length <= inline_capacity) {
        own->length = name.length;
        own->hash = name.hash;
        __builtin_memcpy(own->text, name.text, name.length);
    } else {
        own = allocate_name(name);
        if (!own) {
            delete dentry;
            return nullptr;
        }
    }
    dentry->name_.store(own, std::memory_order_relaxed);
    dentry->children_.next = dentry->children_.previous = &dentry->children_;
    dentry->parent_.store(parent ? parent : dentry, std::memory_order_relaxed);
    if (parent)
        parent->add_reference();
    g_dentry_cache.total.fetch_add(1, std::memory_order_relaxed);
    return dentry;
}

void Dentry::destroy(core::Retired& retired) {
    auto& dentry = static_cast<Dentry&>(retired);
    const Name* name = dentry.name_.load(std::memory_order_relaxed);
    if (name != &dentry.inline_name_)
        free_name_memory(const_cast<Name&>(*name));
    g_dentry_cache.total.fetch_sub(1, std::memory_order_relaxed);
    delete &dentry;
}

// ---- the hash table -----------------------------------------------------------------------------

bool Dentry::matches(const Dentry& parent, const NameView& wanted) const {
    if (parent_.load(std::memory_order_acquire) != &parent)
        return false;
    const Name* name = name_.load(std::memory_order_acquire);
    return name->hash == wanted.hash && name->length == wanted.length &&
           same_name(name->text, wanted.text, wanted.length);
}

Dentry* Dentry::find(const Dentry& parent, const NameView& name) {
    Bucket& bucket = g_dentry_cache.bucket(parent, name.hash);
    Dentry* dentry = bucket.first.load(std::memory_order_acquire);
    while (dentry && !dentry->matches(parent, name))
        dentry = dentry->next_.load(std::memory_order_acquire);
    return dentry;
}

RefOrNull<Dentry> Dentry::find_exact(const Dentry& parent, const NameView& name) {
    Bucket& bucket = g_dentry_cache.bucket(parent, name.hash);
    core::LockGuard<core::lock_class::dentry> guard(bucket.lock);
    Dentry* dentry = bucket.first.load(std::memory_order_relaxed);
    for (; dentry; dentry = dentry->next_.load(std::memory_order_relaxed))
        if (dentry->matches(parent, name) && dentry->try_add_reference())
            return RefOrNull<Dentry>::adopt(dentry);
    return nullptr;
}

void Dentry::hash() {
    Bucket& bucket = g_dentry_cache.bucket(*parent(), name_.load()->hash);
    core::LockGuard<core::lock_class::dentry> guard(bucket.lock);
    next_.store(bucket.first.load(std::memory_order_relaxed), std::memory_order_relaxed);
    bucket.first.store(this, std::memory_order_release);
    set(hashed);
}

void Dentry::unhash() {
    Bucket& bucket = g_dentry_cache.bucket(*parent(), name_.load()->hash);
    core::LockGuard<core::lock_class::dentry> guard(bucket.lock);
    if (!has(hashed))
        return;
    std::atomic<Dentry*>* place = &bucket.first;
    while (Dentry* dentry = place->load(std::memory_order_relaxed)) {
        if (dentry == this) {
            // Our own next_ stays: a walk that stands on us goes on.
            place->store(next_.load(std::memory_order_relaxed), std::memory_order_release);
            break;
        }
        place = &dentry->next_;
    }
    clear(hashed);
}

// ---- the tree -----------------------------------------------------------------------------------

void Dentry::link_into(Dentry& parent) {
    core::LockGuard<core::lock_class::dentry_children> guard(parent.children_lock_);
    cookie_ = parent.next_cookie_++;
    insert_after(parent.children_, sibling_);
}

void Dentry::unlink_from_parent() {
    Dentry& directory = *parent();
    if (&directory == this)
        return;
    core::LockGuard<core::lock_class::dentry_children> guard(directory.children_lock_);
    if (!sibling_.is_linked())
        return;
    if (directory.hint_ == this)
        directory.hint_ =
            sibling_.next == &directory.children_ ? nullptr : of_sibling(sibling_.next);
    sibling_.unlink();
}

Dentry* Dentry::of_sibling(ListLink* link) { return &base::owner_of(*link, &Dentry::sibling_); }
Dentry* Dentry::of_list(ListLink* link) { return &base::owner_of(*link, &Dentry::list_); }

Dentry* Dentry::next_child(u64 before) {
    core::LockGuard<core::lock_class::dentry_children> guard(children_lock_);
    ListLink* link = children_.next;
    if (hint_ && hint_->cookie_ >= before)
        link = &hint_->sibling_;
    for (; link != &children_; link = link->next) {
        Dentry* child = of_sibling(link);
        if (child->cookie_ < before && child->inode()) {
            hint_ = child;
            return child;
        }
    }
    return nullptr;
}

bool Dentry::has_positive_children() {
    core::LockGuard<core::lock_class::dentry_children> guard(children_lock_);
    for (ListLink* link = children_.next; link != &children_; link = link->next)
        if (of_sibling(link)->inode())
            return true;
    return false;
}

void Dentry::enter(RefOrNull<Inode> inode) {
    if (inode && super_block_.caching() == SuperBlock::Caching::memory) {
        add_reference();
        set(pinned);
    }
    inode_.store(inode.release(), std::memory_order_release);
    link_into(*parent());
    hash();
}

void Dentry::attach(Ref<Inode> inode) {
    if (super_block_.caching() == SuperBlock::Caching::memory && !has(pinned)) {
        add_reference();
        set(pinned);
    }
    VERIFY(!this->inode());
    // Release: whoever sees the inode sees it complete.
    inode_.store(inode.release(), std::memory_order_release);
}

void Dentry::set_root_inode(Ref<Inode> inode) {
    inode_.store(inode.release(), std::memory_order_release);
}

void Dentry::remove() {
    set(deleted);
    unhash();
    unlink_from_parent();
    if (has(pinned)) {
        clear(pinned);
        drop_reference();
    }
}

void Dentry::forget() {
    if (is_root() || !has(hashed))
        return;
    set(deleted);
    unhash();
    unlink_from_parent();
}

void Dentry::forget_children() {
    while (true) {
        Dentry* child = nullptr;
        bool taken = false;
        {
            core::LockGuard<core::lock_class::dentry_children> guard(children_lock_);
            if (children_.next == &children_)
                return;
            child = of_sibling(children_.next);
            taken = child->try_add_reference();
        }
        if (taken) {
            child->forget();
            child->drop_reference();
        } else {
            core::Scheduler::yield(); // somebody is taking it apart
        }
    }
}

Dentry::Name* Dentry::reserve_name(std::string_view name) { return allocate_name(name_view(name)); }

void Dentry::free_reserved_name(Name* name) {
    if (name)
        free_name_memory(*name);
}

void Dentry::rename_to(Name* name) {
    const Name* old = name_.exchange(name, std::memory_order_acq_rel);
    if (old != &inline_name_)
        core::retire(const_cast<Name&>(*old), free_name_memory);
}

void Dentry::relocate(Dentry& new_parent, Name* name) {
    Dentry* old_parent = parent();
    unhash();
    unlink_from_parent();
    rename_to(name);
    new_parent.add_reference();
    parent_.store(&new_parent, std::memory_order_release);
    link_into(new_parent);
    hash();
    old_parent->drop_reference();
}

void Dentry::move(Dentry& new_parent, Name* name, Dentry& over) {
    over.set(deleted);
    over.unhash();
    over.unlink_from_parent();
    const bool was_pinned = over.has(pinned);
    over.clear(pinned);
    relocate(new_parent, name);
    if (was_pinned)
        over.drop_reference();
}

void Dentry::exchange(Dentry& a, Dentry& b, Name* name_for_a, Name* name_for_b) {
    Dentry* parent_of_a = a.parent();
    Dentry* parent_of_b = b.parent();
    parent_of_a->add_reference();
    a.relocate(*parent_of_b, name_for_a);
    b.relocate(*parent_of_a, name_for_b);
    parent_of_a->drop_reference();
}

} // namespace linux

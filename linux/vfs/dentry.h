// SPDX-License-Identifier: BSD-2-Clause
// A dentry: one name in one directory, and the inode behind it; without inode it remembers that
// there is none. The dentries of a file system form a tree; a hash table finds them by (parent,
// name) without a lock. Unused ones stay until memory is wanted.
//
// Locks: entries appear, move and go under their directory's inode lock. A bucket's lock guards its
// chain, a directory's `children_lock` the list of its children; both are leaves.
#pragma once

#include <string_view>

#include "base/list.h"
#include "core/sync/lock.h"
#include "linux/vfs/inode.h"

namespace linux {

// A component of a path with its hash; the bytes lie with the caller.
struct NameView {
    const char* text;
    u32 length;
    u32 hash;

    std::string_view view() const { return {text, length}; }
};
// Hashes a name of at most 255 bytes.
NameView name_view(std::string_view name);

class Dentry final : public core::Retired {
public:
    // An entry not yet in the tree, referenced by the caller. Null if memory is short.
    static Dentry* create(SuperBlock& super_block, Dentry* parent, NameView name);

    // A name is never written once a walk can see it: a rename puts another in its place.
    struct Name : core::Retired {
        u32 length;
        u32 hash;
        char text[1]; // `length` of them

        NameView view() const { return {text, length, hash}; }
    };

    // Stays good while the directory's lock or an EpochGuard is held.
    std::string_view name() const {
        const Name* name = name_.load(std::memory_order_acquire);
        return {name->text, name->length};
    }
    Dentry* parent() const { return parent_.load(std::memory_order_acquire); } // a root: itself
    bool is_root() const { return parent() == this; }
    Inode* inode() const { return inode_.load(std::memory_order_acquire); } // null: negative
    SuperBlock& super_block() const { return super_block_; }

    bool is_mount_point() const { return has(mount_point); }
    bool is_in_tree() const { return has(hashed); }
    bool is_deleted() const { return has(deleted); } // no longer in the tree
    void set_mount_point(bool value) { value ? set(mount_point) : clear(mount_point); }
    // A directory that may get no entries any more (removed). Guarded by its inode lock.
    bool is_dead_directory() const { return has(dead_directory); }
    void set_dead_directory() { set(dead_directory); }

    // Counted references: a dentry without any may be reclaimed.
    void add_reference() const { references_.fetch_add(1, std::memory_order_relaxed); }
    // From a pointer a walk found: false when it is being taken apart.
    [[nodiscard]] bool try_add_reference() const {
        return (references_.fetch_add(1, std::memory_order_acquire) & dying) == 0;
    }
    void drop_reference() const { // process context, no spinning lock held
        u32 count = references_.load(std::memory_order_relaxed);
        while (count > 1) [[likely]]
            if (references_.compare_exchange_weak(count, count - 1, std::memory_order_acq_rel,
                                                  std::memory_order_relaxed))
                return;
        drop_chain(const_cast<Dentry*>(this));
    }
    u32 reference_count() const { return references_.load(std::memory_order_relaxed); }

    // ---- with the directory's lock held ---------------------------------------------------------
    // Enters a new dentry into the tree, with its inode or (null) as a negative one.
    void enter(RefOrNull<Inode> inode);
    // Gives a negative entry of the tree an inode.
    void attach(Ref<Inode> inode);
    void set_root_inode(Ref<Inode> inode);
    // A place made for an open file without a path: opening it opens that file again. Once, before
    // it is seen by others.
    void set_open_file(Ref<core::Object> file) { open_file_ = std::move(file); }
    core::Object* open_file() const { return open_file_.get(); }
    // Never was in the tree (O_TMPFILE): shown as deleted.
    void set_nameless() { set(deleted); }
    // Its object is gone from the directory. Users keep it (with its inode) until they let go. An
    // inode, once attached, stays for the life of the dentry.
    void remove();
    // Forgets the cached entries of a directory that was removed. Without its lock.
    void forget_children();
    // Moves it to another place, whose present entry `over` (maybe negative) leaves the tree. The
    // name was reserved before, so that it cannot fail.
    static Name* reserve_name(std::string_view name); // null if memory is short
    static void free_reserved_name(Name* name);       // one that was not used
    void move(Dentry& new_parent, Name* name, Dentry& over);
    static void exchange(Dentry& a, Dentry& b, Name* name_for_a, Name* name_for_b);
    // Forgets the cached entry (it may be stale); no effect on the file system. Also without the
    // lock.
    void forget();

    // The next older child after cookie `before` (~0 starts), for file systems that live in the
    // cache: newest first. With the directory's lock held.
    Dentry* next_child(u64 before);
    bool has_positive_children();
    u64 cookie() const { return cookie_; }

    // The entry in the cache, or null; takes no reference. Inside an EpochGuard. May miss an entry
    // while others move.
    static Dentry* find(const Dentry& parent, const NameView& name);
    // The same, exact and with a reference. With the directory's lock held.
    static RefOrNull<Dentry> find_exact(const Dentry& parent, const NameView& name);

private:
    friend class DentryCache;
    static constexpr u32 inline_capacity = 36;
    static constexpr u32 dying = 0x8000'0000;
    enum Flag : u32 {
        mount_point = 1 << 0,
        deleted = 1 << 1,
        dead_directory = 1 << 2,
        hashed = 1 << 3,
        pinned = 1 << 4,  // the tree holds a reference (file systems that live in the cache)
        on_list = 1 << 5, // of the unused; guarded by the list's lock
        recent = 1 << 6,  // used since reclaim looked
    };

    Dentry(SuperBlock& super_block) : super_block_(super_block) {}
    ~Dentry() = default;
    static void destroy(core::Retired& retired);

    bool has(Flag flag) const { return (flags_.load(std::memory_order_relaxed) & flag) != 0; }
    void set(Flag flag) { flags_.fetch_or(flag, std::memory_order_relaxed); }
    void clear(Flag flag) { flags_.fetch_and(~static_cast<u32>(flag), std::memory_order_relaxed); }
    void hash();
    void unhash();
    void link_into(Dentry& parent);
    void unlink_from_parent();
    void rename_to(Name* name);
    void relocate(Dentry& new_parent, Name* name);
    static Dentry* of_sibling(ListLink* link);
    static Dentry* of_list(ListLink* link);
    // Drops what may be the last reference, and takes apart the dentry and its ancestors as far as
    // nobody else keeps them.
    static void drop_chain(Dentry* dentry);
    bool drop_last();
    Dentry* dismantle();
    bool matches(const Dentry& parent, const NameView& name) const;

    // What walks read stands together.
    std::atomic<Dentry*> next_{nullptr}; // in the bucket's chain
    std::atomic<Dentry*> parent_{nullptr};
    std::atomic<const Name*> name_{nullptr};
    std::atomic<Inode*> inode_{nullptr}; // owns a reference
    std::atomic<u32> flags_{0};
    mutable std::atomic<u32> references_{1};
    SuperBlock& super_block_;
    mutable core::Lock<core::lock_class::dentry_children> children_lock_;
    RefOrNull<core::Object> open_file_;
    u64 cookie_ = 0;      // place among the children, counted up
    u64 next_cookie_ = 3; // of a directory; guarded by children_lock_
    // the child a reader of the directory stopped at; guarded by children_lock_
    Dentry* hint_ = nullptr;
    ListLink sibling_;  // guarded by the parent's children_lock_
    ListLink children_; // a ring, newest first; guarded by children_lock_
    ListLink list_;     // among the unused
    Name inline_name_;
    char inline_rest_[inline_capacity]; // inline_name_.text goes on here
};

// The hash table and the list of unused dentries.
class DentryCache {
public:
    // Makes the table, sized for the machine. Start-up only. Errors: nomem.
    static Result<> initialise();
    // Frees up to `count` unused dentries (and inodes only they held), oldest first; gives how
    // many.
    static u64 reclaim(u64 count);
    // Takes every unused dentry of a file system that goes away out of the cache.
    static void forget_all(SuperBlock& super_block);
    static u64 total();
    static u64 unused();

private:
    static Dentry* take_unused(struct Bucket& bucket, SuperBlock& super_block);
};

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// Path walk: from a name to a place in the tree of mounts. It runs inside an EpochGuard without
// references or locks as long as everything is cached; where it has to sleep (a miss, a link that
// must be read) it takes references to where it stands, leaves the guard and comes back. Process
// context, no locks held.
#pragma once

#include "linux/vfs/dentry.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/path_name.h"

namespace linux {

namespace walk_flag {
inline constexpr u32 follow = 1 << 0;     // the last component too
inline constexpr u32 directory = 1 << 1;  // the result must be a directory
inline constexpr u32 no_magic_links = 1 << 2, no_links = 1 << 3;           // RESOLVE_*
inline constexpr u32 beneath = 1 << 4, in_root = 1 << 5, no_mounts = 1 << 6, cached = 1 << 7;
} // namespace walk_flag

// What the last component is, when a walk stops before it.
enum class LastKind : u8 { name, dot, dot_dot, root };

class Walk {
public:
    // `base`: where relative names start; null: the working directory. Both outlive the walk.
    Walk(const Path* base, const PathName& name, u32 flags);
    ~Walk();
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;

    // The whole name. Errors: noent, notdir, acces, loop, nametoolong, nomem, io; xdev, again with
    // RESOLVE_* flags.
    Result<Path> run();
    // All but the last component; gives the directory. The rest is in last(), kind() and
    // has_slash().
    Result<Path> run_to_parent();
    NameView last() const { return last_; }
    LastKind kind() const { return kind_; }
    bool has_slash() const { return last_slash_; } // something/ : must be a directory

    // After run_to_parent: the last component turned out to be a link, to be followed; goes on to
    // the parent of what it names. `link` is its dentry, referenced by the caller.
    Result<Path> follow_to_parent(const Path& parent, Dentry& link);

private:
    struct LinkFrame;
    enum class Step : u8 { more, stopped, done };

    Result<Path> run_mode();
    Result<> start();
    Result<> load_root();
    Result<> go_to_root();
    Result<> advance();
    Result<Step> step();
    Result<> step_up();
    Result<> enter_child(const NameView& name, bool last, bool slash);
    Result<Dentry*> child_of_current(const NameView& name);
    Result<Dentry*> look_up(const NameView& name);
    Result<> cross_mounts();
    Result<> follow_link(Dentry& link, bool last);
    Result<> follow_magic(Dentry& link);
    Result<> push_uncached(Dentry& link);
    Result<> push_frame(std::string_view target);
    Result<> check_link_protection(const Inode& link) const;
    void pop_frame();
    void free_frames();
    Result<> hold();
    Result<> hold_with(Dentry& child);
    Result<Path> result();

    const PathName& name_;
    const Path* const base_;
    const u32 flags_;
    bool to_parent_ = false;
    bool stale_ = false; // lost a race with removal: start again
    bool directory_required_ = false;
    bool last_slash_ = false;
    LastKind kind_ = LastKind::root;
    u8 links_ = 0;       // followed so far
    u32 pending_ = 0;    // frames with something left to do after them
    NameView last_{};
    const char* next_ = nullptr; // text still to walk
    LinkFrame* frames_ = nullptr;

    Mount* mount_ = nullptr;
    Dentry* dentry_ = nullptr;
    Mount* root_mount_ = nullptr;
    Dentry* root_dentry_ = nullptr;
    Path held_;      // keeps where it stands, from the first hold() on
    Path held_root_; // keeps the root
    RefOrNull<Dentry> held_child_;
    core::EpochGuard guard_{core::EpochGuard::Outside()};
};

} // namespace linux

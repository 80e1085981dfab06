// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/walk.h"

#include "linux/process/file_context.h"
#include "linux/process/task.h"
#include "linux/vfs/access_time.h"
#include "linux/vfs/lookup.h"
#include "linux/vfs/name_bytes.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

constexpr u8 link_limit = 40;
constexpr u32 name_limit = 255;
constexpr int retry_limit = 100; // races with removal lost in a row

} // namespace

// The text of a link that is being walked, and what comes after it.
struct Walk::LinkFrame {
    LinkFrame* below;
    const char* rest;
    char text[1]; // more

    static LinkFrame* allocate(usize length) {
        constexpr usize padding = 16; // component_length looks ahead
        void* memory = ::operator new(sizeof(LinkFrame) + length + padding, base::fallible);
        return static_cast<LinkFrame*>(memory);
    }
};

Walk::Walk(const Path* base, const PathName& name, u32 flags)
    : name_(name), base_(base), flags_(flags) {}

Walk::~Walk() {
    if (guard_.is_inside())
        guard_.leave();
    free_frames();
}

void Walk::free_frames() {
    while (LinkFrame* frame = frames_) {
        frames_ = frame->below;
        ::operator delete(static_cast<void*>(frame));
    }
    pending_ = 0;
}

Result<Path> Walk::run() { return run_mode(); }

Result<Path> Walk::run_to_parent() {
    to_parent_ = true;
    return run_mode();
}

Result<Path> Walk::run_mode() {
    for (int i = 0;; ++i) {
        Result<> outcome = start();
        if (outcome)
            outcome = advance();
        if (outcome) {
            Result<Path> path = result();
            if (path || !stale_)
                return path;
        } else if (!stale_ || i > retry_limit) {
            return Failure(outcome.error());
        }
        if (guard_.is_inside())
            guard_.leave();
        free_frames();
    }
}

Result<> Walk::start() {
    stale_ = false;
    links_ = 0;
    directory_required_ = (flags_ & walk_flag::directory) != 0;
    root_mount_ = nullptr;
    root_dentry_ = nullptr;
    next_ = name_.text();
    guard_.enter();
    if (*next_ == '/')
        return go_to_root();
    if (base_) {
        mount_ = &base_->mount();
        dentry_ = &base_->dentry();
        return {};
    }
    FileContext& context = *Task::current().file_context;
    core::LockGuard lock(context.lock());
    mount_ = &context.working_directory_locked().mount();
    dentry_ = &context.working_directory_locked().dentry();
    return {};
}

Result<> Walk::load_root() {
    if (root_dentry_)
        return {};
    FileContext& context = *Task::current().file_context;
    const bool own_root = (flags_ & (walk_flag::beneath | walk_flag::in_root)) != 0;
    core::LockGuard lock(context.lock());
    const Path& root = !own_root ? context.root_locked()
                       : base_   ? *base_
                                 : context.working_directory_locked();
    root_mount_ = &root.mount();
    root_dentry_ = &root.dentry();
    return {};
}

Result<> Walk::go_to_root() {
    if (flags_ & walk_flag::beneath)
        return Failure(Errno::xdev);
    TRY(load_root());
    if ((flags_ & walk_flag::no_mounts) && mount_ && mount_ != root_mount_)
        return Failure(Errno::xdev);
    mount_ = root_mount_;
    dentry_ = root_dentry_;
    return {};
}

Result<> Walk::advance() {
    while (true) {
        const Step outcome = TRY(step());
        if (outcome != Step::more)
            return {};
    }
}

Result<Walk::Step> Walk::step() {
    while (*next_ == '/')
        ++next_;
    if (*next_ == '\0') {
        if (!frames_)
            return Step::done;
        pop_frame();
        return Step::more;
    }
    const char* text = next_;
    const u32 length = component_length(text);
    const char* rest = text + length;
    const bool slash = *rest == '/';
    while (*rest == '/')
        ++rest;
    const bool last = *rest == '\0' && pending_ == 0;

    Inode* directory = dentry_->inode();
    if (!directory->is_directory())
        return Failure(Errno::notdir);
    TRY(check_search(*directory));
    next_ = rest;
    const bool stop = last && to_parent_;
    if (text[0] == '.' && (length == 1 || (length == 2 && text[1] == '.'))) {
        kind_ = length == 1 ? LastKind::dot : LastKind::dot_dot;
        if (stop)
            return Step::stopped;
        if (length == 2)
            TRY(step_up());
        return Step::more;
    }
    if (length > name_limit)
        return Failure(Errno::nametoolong);
    const NameView name{text, length, hash_name(text, length)};
    if (stop) {
        last_ = name;
        last_slash_ = slash || directory_required_;
        kind_ = LastKind::name;
        return Step::stopped;
    }
    TRY(enter_child(name, last, slash));
    return Step::more;
}

Result<> Walk::step_up() {
    TRY(load_root());
    while (true) {
        if (dentry_ == root_dentry_ && mount_ == root_mount_)
            return flags_ & walk_flag::beneath ? Result<>(Failure(Errno::xdev)) : Result<>();
        if (dentry_ != &mount_->root())
            break;
        Mount* below = mount_->parent();
        if (below == mount_)
            return {}; // the top of everything
        if (flags_ & walk_flag::no_mounts)
            return Failure(Errno::xdev);
        dentry_ = mount_->mount_point();
        mount_ = below;
    }
    dentry_ = dentry_->parent();
    return cross_mounts();
}

Result<> Walk::cross_mounts() {
    while (dentry_->is_mount_point()) [[unlikely]] {
        Mount* above = Mount::on(*mount_, *dentry_);
        if (!above)
            break;
        if (flags_ & walk_flag::no_mounts)
            return Failure(Errno::xdev);
        mount_ = above;
        dentry_ = &above->root();
    }
    return {};
}

Result<> Walk::enter_child(const NameView& name, bool last, bool slash) {
    Dentry* child = TRY(child_of_current(name));
    Inode* inode = child->inode();
    if (!inode)
        return Failure(Errno::noent);
    if (last && slash)
        directory_required_ = true;
    if (inode->is_symlink() && (!last || slash || (flags_ & walk_flag::follow))) [[unlikely]]
        return follow_link(*child, last);
    dentry_ = child;
    return cross_mounts();
}

Result<Dentry*> Walk::child_of_current(const NameView& name) {
    Dentry* child = Dentry::find(*dentry_, name);
    if (!child) [[unlikely]]
        return look_up(name);
    if (dentry_->super_block().caching() == SuperBlock::Caching::revalidate) [[unlikely]] {
        TRY(hold_with(*child));
        const bool is_current = dentry_->inode()->revalidate(*child);
        if (!is_current)
            child->forget();
        guard_.enter();
        return is_current ? child : look_up(name);
    }
    return child;
}

Result<Dentry*> Walk::look_up(const NameView& name) {
    if (flags_ & walk_flag::cached)
        return Failure(Errno::again);
    TRY(hold());
    Ref<Dentry> child = TRY(look_up_child(*dentry_, name));
    held_child_ = std::move(child);
    guard_.enter();
    return held_child_.get();
}

// References to where it stands, then out of the guard; out of it on failure, too.
Result<> Walk::hold() {
    const bool mount_held = mount_->try_add_reference();
    const bool dentry_held = mount_held && dentry_->try_add_reference();
    Mount* mount = mount_;
    Path root;
    if (dentry_held && root_dentry_ && !held_root_) {
        // The root is some task's; when it just changed hands the walk starts again.
        if (root_mount_->try_add_reference()) {
            root_dentry_->add_reference();
            root = Path::adopt(*root_mount_, *root_dentry_);
        }
    }
    const bool root_held = !root_dentry_ || held_root_ || root;
    guard_.leave();
    if (dentry_held)
        held_ = Path::adopt(*mount, *dentry_);
    else if (mount_held)
        mount->drop_reference();
    held_child_ = nullptr;
    if (root)
        held_root_ = std::move(root);
    if (dentry_held && root_held)
        return {};
    stale_ = true;
    return Failure(Errno::stale);
}

// The same, and a reference to an entry that is looked at outside the guard. References are dropped
// outside as well: by the next hold() or the destructor.
Result<> Walk::hold_with(Dentry& child) {
    if (!child.try_add_reference()) {
        stale_ = true;
        return Failure(Errno::stale);
    }
    const Result<> outcome = hold();
    held_child_ = RefOrNull<Dentry>::adopt(&child);
    return outcome;
}

Result<Path> Walk::result() {
    // A name that ends in a slash, or a caller that wants one: it must be a directory.
    Inode* inode = dentry_->inode();
    const bool refused = directory_required_ && !to_parent_ && !inode->is_directory();
    Mount* mount = mount_;
    Dentry* dentry = dentry_;
    const bool mount_held = !refused && mount->try_add_reference();
    const bool dentry_held = mount_held && dentry->try_add_reference();
    guard_.leave();
    if (refused)
        return Failure(Errno::notdir);
    if (dentry_held)
        return Path::adopt(*mount, *dentry);
    if (mount_held)
        mount->drop_reference();
    stale_ = true;
    return Failure(Errno::stale);
}

// ---- links --------------------------------------------------------------------------------------

Result<> Walk::check_link_protection(const Inode& link) const {
    if (g_protected_links.symlinks.load(std::memory_order_relaxed) == 0)
        return {};
    const Inode& directory = *dentry_->inode();
    constexpr u32 shared_and_sticky = file_mode::sticky | 0002;
    if (link.user() == current_credentials().file_user ||
        (directory.mode() & shared_and_sticky) != shared_and_sticky ||
        directory.user() == link.user())
        return {};
    return Failure(Errno::acces);
}

Result<> Walk::follow_link(Dentry& link, bool last) {
    if (++links_ > link_limit || (flags_ & walk_flag::no_links) ||
        (mount_->flags() & mount_flag::no_symlinks))
        return Failure(Errno::loop);
    Inode& inode = *link.inode();
    if (last)
        TRY(check_link_protection(inode));
    note_access(*mount_, inode);
    if (inode.is_magic_link())
        return follow_magic(link);
    if (inode.cached_target().data())
        return push_frame(inode.cached_target());
    return push_uncached(link);
}

Result<> Walk::follow_magic(Dentry& link) {
    if (flags_ & walk_flag::no_magic_links)
        return Failure(Errno::loop);
    if (flags_ & (walk_flag::beneath | walk_flag::in_root))
        return Failure(Errno::xdev);
    TRY(hold_with(link));
    held_ = TRY(link.inode()->follow_magic_link());
    guard_.enter();
    if ((flags_ & walk_flag::no_mounts) && &held_.mount() != mount_)
        return Failure(Errno::xdev);
    mount_ = &held_.mount();
    dentry_ = &held_.dentry();
    return {};
}

Result<> Walk::push_uncached(Dentry& link) {
    TRY(hold_with(link));
    LinkFrame* buffer = LinkFrame::allocate(LinkTarget::capacity);
    if (!buffer)
        return Failure(Errno::nomem);
    LinkTarget target{{buffer->text, LinkTarget::capacity - 1}};
    Result<> outcome = link.inode()->read_link(target);
    guard_.enter();
    if (outcome)
        outcome = push_frame({buffer->text, target.length});
    ::operator delete(static_cast<void*>(buffer));
    return outcome;
}

Result<> Walk::push_frame(std::string_view target) {
    if (target.empty())
        return Failure(Errno::noent);
    LinkFrame* frame = LinkFrame::allocate(target.size());
    if (!frame)
        return Failure(Errno::nomem);
    __builtin_memcpy(frame->text, target.data(), target.size());
    frame->text[target.size()] = '\0';
    frame->below = frames_;
    frame->rest = next_;
    frames_ = frame;
    if (*next_ != '\0')
        ++pending_;
    next_ = frame->text;
    return target[0] == '/' ? go_to_root() : Result<>();
}

void Walk::pop_frame() {
    LinkFrame* frame = frames_;
    next_ = frame->rest;
    if (*next_ != '\0')
        --pending_;
    frames_ = frame->below;
    ::operator delete(static_cast<void*>(frame));
}

Result<Path> Walk::follow_to_parent(const Path& parent, Dentry& link) {
    const bool slash = last_slash_;
    held_ = parent;
    guard_.enter();
    mount_ = &held_.mount();
    dentry_ = &held_.dentry();
    directory_required_ |= slash;
    kind_ = LastKind::root;
    TRY(follow_link(link, true));
    TRY(advance());
    return result();
}

} // namespace linux

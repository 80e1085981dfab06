// SPDX-License-Identifier: BSD-2-Clause
#include "abi/linux/file.h"
#include "linux/process/credentials.h"
#include "linux/tmpfs/tmpfs.h"
#include "linux/vfs/dentry.h"

namespace linux {

namespace {

constexpr u64 entry_size = 20; // what an entry adds to a directory's st_size, as on Linux

} // namespace

Result<Ref<TmpfsInode>> TmpfsInode::create_inode(TmpfsSuperBlock& super_block,
                                                 const NewNode& node) {
    TRY(super_block.take_inode());
    auto* made = new (base::fallible) TmpfsInode(super_block, super_block.next_number(), node.mode);
    if (!made) {
        super_block.give_inode();
        return Failure(Errno::nomem);
    }
    Ref<TmpfsInode> inode = Ref<TmpfsInode>::adopt(made);
    made->set_kind(memory_content);
    made->set_owner(node.user, node.group);
    made->set_device(node.device);
    made->set_all_times(file_time_now());
    if (made->is_directory())
        made->set_links(2);
    if (made->is_symlink())
        TRY(made->set_target(node.target));
    return inode;
}

TmpfsInode::~TmpfsInode() { ::operator delete(static_cast<void*>(target_)); }

Result<> TmpfsInode::set_target(std::string_view target) {
    target_ = static_cast<char*>(::operator new(target.size() + 1, base::fallible));
    if (!target_)
        return Failure(Errno::nomem);
    __builtin_memcpy(target_, target.data(), target.size());
    set_cached_target({target_, target.size()});
    set_size(target.size());
    return {};
}

void TmpfsInode::evict() {
    Inode::evict();
    recount();
    owner_.give_inode();
}

// ---- entries ------------------------------------------------------------------------------------

void TmpfsInode::entry_added(i64 count) {
    set_size(size() + static_cast<u64>(count) * entry_size);
}

Result<Ref<Inode>> TmpfsInode::create(Dentry& entry, const NewNode& node) {
    Ref<TmpfsInode> made = TRY(create_inode(owner_, node));
    if (made->is_directory()) {
        made->set_dentry(entry);
        set_links(links() + 1);
    }
    entry_added(1);
    return Ref<Inode>(std::move(made));
}

Result<Ref<Inode>> TmpfsInode::create_temporary(const NewNode& node) {
    Ref<TmpfsInode> made = TRY(create_inode(owner_, node));
    made->set_links(0);
    return Ref<Inode>(std::move(made));
}

Result<> TmpfsInode::link(Dentry&, Inode& existing) {
    // Each name counts as an inode, so that names cannot fill memory either.
    if (existing.links() != 0)
        TRY(owner_.take_inode());
    existing.set_links(existing.links() + 1);
    entry_added(1);
    return {};
}

Result<> TmpfsInode::unlink(Dentry& entry) {
    Inode& victim = *entry.inode();
    if (victim.links() > 1)
        owner_.give_inode();
    victim.set_links(victim.links() - 1);
    entry_added(-1);
    return {};
}

Result<> TmpfsInode::remove_directory(Dentry& entry) {
    if (entry.has_positive_children())
        return Failure(Errno::notempty);
    entry.inode()->set_links(0);
    set_links(links() - 1);
    entry_added(-1);
    return {};
}

Result<> TmpfsInode::rename(const RenameRequest& request) {
    if (request.flags & ~(rename_flag::no_replace | rename_flag::exchange))
        return Failure(Errno::inval);
    auto& target_directory = static_cast<TmpfsInode&>(request.new_directory);
    Inode& source = *request.from.inode();
    Inode* replaced = request.to.inode();
    const auto move_link = [](Inode& from, Inode& to, const Inode& moved) {
        if (!moved.is_directory() || &from == &to)
            return;
        from.set_links(from.links() - 1);
        to.set_links(to.links() + 1);
    };
    if (request.flags & rename_flag::exchange) {
        move_link(*this, target_directory, source);
        move_link(target_directory, *this, *replaced);
        return {};
    }
    if (replaced && replaced->is_directory())
        TRY(target_directory.remove_directory(request.to));
    else if (replaced)
        TRY(target_directory.unlink(request.to));
    move_link(*this, target_directory, source);
    entry_added(-1);
    target_directory.entry_added(1);
    return {};
}

Result<> TmpfsInode::read_directory(u64 position, DirectorySink& sink) {
    // Newest first, down to cookie 3; a position is the cookie of the last entry given, 2 before
    // the first.
    u64 before = position <= 2 ? ~u64{0} : position;
    while (Dentry* child = dentry_->next_child(before)) {
        const Inode& inode = *child->inode();
        if (!sink.add(child->name(), inode.number(), inode.mode(), child->cookie()))
            break;
        before = child->cookie();
    }
    return {};
}

// ---- content ------------------------------------------------------------------------------------

Result<Ref<core::PageCache>> TmpfsInode::create_page_cache() {
    return core::PageCache::create(*this, true);
}

// Brings the count of the file system in step with the pages there are.
void TmpfsInode::recount() {
    const core::PageCache* cache = page_cache_if_any();
    const u64 pages = cache ? cache->page_count() : 0;
    const u64 before = counted_pages_.exchange(pages, std::memory_order_relaxed);
    if (pages == before)
        return;
    owner_.count_pages(static_cast<i64>(pages - before));
    blocks.store(pages * (page_size / 512), std::memory_order_relaxed);
}

// Pages that were just put into the cache are among those counted.
Result<> TmpfsInode::charge() {
    recount();
    return owner_.has_room(0) ? Result<>() : Failure(Errno::nospc);
}

Result<> TmpfsInode::read_pages(u64 first, std::span<core::Page* const> pages) {
    const Result<> charged = charge();
    if (!charged) {
        // They must not stay: that would be memory beyond the limit.
        page_cache_if_any()->drop(first, first + pages.size(), true);
        recount();
        return charged;
    }
    for (core::Page* page : pages)
        __builtin_memset(page->bytes(), 0, page_size);
    return {};
}

Result<> TmpfsInode::write_pages(u64, std::span<core::Page* const>) { return Failure(Errno::io); }
Result<> TmpfsInode::prepare_dirty(u64) { return charge(); }

void TmpfsInode::attributes_changed(u32 fields) {
    if (fields & attribute::size)
        recount();
}

Result<> TmpfsInode::resize(u64 size) {
    set_size(size);
    recount();
    return {};
}

Result<> TmpfsInode::reserve_range(u64 first, u64 last) {
    core::PageCache& cache = *TRY(page_cache());
    for (u64 index = first; index < last; ++index) {
        const bool present = static_cast<bool>(cache.try_page(index));
        Result<> made;
        {
            Result<core::PageRef> page = cache.get(index);
            made = page ? cache.make_dirty(**page) : Failure(page.error());
        }
        if (made)
            continue;
        // All or nothing: pages made by this call go again.
        if (!present)
            cache.drop(first, index + 1, true);
        recount();
        return made;
    }
    return {};
}

Result<> TmpfsInode::punch_hole(u64 offset, u64 length) {
    core::PageCache* cache = page_cache_if_any();
    if (!cache)
        return {};
    const u64 end = offset + length;
    const u64 first = (offset + page_size - 1) >> page_shift, last = end >> page_shift;
    const auto clear = [cache](u64 from, u64 to) {
        if (core::PageRef page = cache->try_page(from >> page_shift))
            __builtin_memset(page->bytes() + (from & (page_size - 1)), 0, to - from);
    };
    if (first > last) {
        clear(offset, end);
        return {};
    }
    if (offset & (page_size - 1))
        clear(offset, first << page_shift);
    if (end & (page_size - 1))
        clear(last << page_shift, end);
    if (first < last)
        cache->drop(first, last, true);
    recount();
    return {};
}

Result<> TmpfsInode::allocate(u32 mode, u64 offset, u64 length) {
    if (mode & ~(space_mode::keep_size | space_mode::punch_hole))
        return Failure(Errno::opnotsupp);
    if (mode & space_mode::punch_hole)
        return punch_hole(offset, length);
    const u64 first = offset >> page_shift, last = (offset + length + page_size - 1) >> page_shift;
    const core::PageCache* cache = page_cache_if_any();
    const u64 present = cache ? cache->page_count() : 0;
    if (last - first > present && !owner_.has_room(last - first - present))
        return Failure(Errno::nospc);
    const u64 old_size = size();
    const bool grows = !(mode & space_mode::keep_size) && offset + length > old_size;
    if (grows)
        set_size(offset + length);
    const Result<> reserved = reserve_range(first, last);
    if (!reserved && grows)
        set_size(old_size);
    return reserved;
}

Result<u64> TmpfsInode::seek_data(u64 offset, bool hole) {
    const core::PageCache* cache = page_cache_if_any();
    u64 index = offset >> page_shift;
    if (!hole) {
        index = cache ? cache->next_page(index) : ~u64{0};
        if (index == ~u64{0} || index << page_shift >= size())
            return Failure(Errno::nxio);
        return index << page_shift > offset ? index << page_shift : offset;
    }
    const u64 start = index;
    while (cache && cache->next_page(index) == index && index << page_shift < size())
        ++index;
    if (index == start)
        return offset;
    return index << page_shift < size() ? index << page_shift : size();
}

// ---- extended attributes ------------------------------------------------------------------------

namespace {

// tmpfs keeps security.* and trusted.*; the others answer that they are not supported.
Result<> check_name(std::string_view name) {
    return name.starts_with("security.") || name.starts_with("trusted.")
               ? Result<>()
               : Failure(Errno::opnotsupp);
}

} // namespace

Result<usize> TmpfsInode::get_xattr(std::string_view name, std::span<u8> value) {
    TRY(check_name(name));
    return xattrs_.get(name, value);
}

Result<> TmpfsInode::set_xattr(std::string_view name, std::span<const u8> value, u32 flags) {
    TRY(check_name(name));
    return xattrs_.set(name, value, flags);
}

Result<> TmpfsInode::remove_xattr(std::string_view name) {
    TRY(check_name(name));
    return xattrs_.remove(name);
}

Result<usize> TmpfsInode::list_xattr(std::span<char> names) {
    return xattrs_.list(names, capable(Capability::sys_admin));
}

Result<> TmpfsInode::change_inode_flags(u32) { return Failure(Errno::notty); }

} // namespace linux

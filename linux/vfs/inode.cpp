// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/inode.h"

#include "core/time/clock.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/path.h"
#include "linux/vfs/super_block.h"

namespace linux {

TimeSpec file_time_now() {
    const u64 now = core::wall_now().value;
    const u64 per_second = base::nanos_per_second.value;
    return {static_cast<i64>(now / per_second), static_cast<i64>(now % per_second)};
}

Inode::Inode(SuperBlock& super_block, u64 number, u32 mode)
    : mode_(mode), super_block_(super_block), number_(number) {}

Inode::~Inode() { delete extras_.load(std::memory_order_relaxed); }

bool Inode::try_add_reference() const {
    u32 count = references_.load(std::memory_order_relaxed);
    while (count != 0)
        if (references_.compare_exchange_weak(count, count + 1, std::memory_order_acquire,
                                              std::memory_order_relaxed))
            return true;
    return false;
}

void Inode::destroy(core::Retired& retired) { delete static_cast<Inode*>(&retired); }

void Inode::last_reference_dropped() {
    evict();
    if (is_by_number)
        super_block_.inode_evicted(*this);
    core::retire(*this, destroy);
}

void Inode::evict() {
    if (core::PageCache* cache = cache_.exchange(nullptr, std::memory_order_acq_rel)) {
        cache->set_size(0);
        cache->drop_reference();
    }
}

void Inode::set_size(u64 size) {
    size_.store(size, std::memory_order_release);
    if (core::PageCache* cache = page_cache_if_any())
        if (cache->size() != size)
            cache->set_size(size);
}

void Inode::set_all_times(TimeSpec time) {
    access_time.set(time);
    modify_time.set(time);
    change_time.set(time);
    birth_time.set(time);
}

void Inode::touch_modified() {
    const TimeSpec now = file_time_now();
    modify_time.set(now);
    change_time.set(now);
    attributes_changed(attribute::modify_time | attribute::change_time);
}

void Inode::touch_changed() {
    change_time.set(file_time_now());
    attributes_changed(attribute::change_time);
}

Result<core::PageCache*> Inode::make_page_cache() {
    Ref<core::PageCache> made = TRY(create_page_cache());
    if (made->size() != size())
        made->set_size(size());
    core::PageCache* present = nullptr;
    if (cache_.compare_exchange_strong(present, made.get(), std::memory_order_acq_rel))
        return made.release();
    return present; // another thread was first; ours goes away
}

Result<InodeExtras*> Inode::extras() {
    if (InodeExtras* present = extras_if_any())
        return present;
    auto* made = new (base::fallible) InodeExtras;
    if (!made)
        return Failure(Errno::nomem);
    InodeExtras* present = nullptr;
    if (extras_.compare_exchange_strong(present, made, std::memory_order_acq_rel))
        return made;
    delete made;
    return present;
}

Result<> Inode::get_write_access() {
    i32 writers = writers_.load(std::memory_order_relaxed);
    do {
        if (writers < 0)
            return Failure(Errno::txtbsy);
    } while (!writers_.compare_exchange_weak(writers, writers + 1, std::memory_order_acquire));
    return {};
}

Result<> Inode::deny_write_access() {
    i32 writers = writers_.load(std::memory_order_relaxed);
    do {
        if (writers > 0)
            return Failure(Errno::txtbsy);
    } while (!writers_.compare_exchange_weak(writers, writers - 1, std::memory_order_acquire));
    return {};
}

Result<Attributes> Inode::attributes() {
    Attributes a;
    a.number = number_;
    a.mode = mode();
    a.links = links();
    a.user = user();
    a.group = group();
    a.device = device_;
    a.file_system = super_block_.device();
    a.size = size();
    a.blocks = blocks.load(std::memory_order_relaxed);
    a.block_size = super_block_.block_size;
    a.access = access_time.get();
    a.modify = modify_time.get();
    a.change = change_time.get();
    a.birth = birth_time.get();
    a.has_birth = super_block_.has_birth_times;
    if ((kind_flags_ & dynamic_attributes) != 0)
        TRY(get_attributes(a));
    return a;
}

// ---- defaults: what Linux answers where an operation does not exist -----------------------------

Result<RefOrNull<Inode>> Inode::lookup(Dentry&) { return RefOrNull<Inode>(); }
Result<Ref<Inode>> Inode::create(Dentry&, const NewNode&) { return Failure(Errno::perm); }
Result<Ref<Inode>> Inode::create_temporary(const NewNode&) { return Failure(Errno::opnotsupp); }
Result<> Inode::link(Dentry&, Inode&) { return Failure(Errno::perm); }
Result<> Inode::unlink(Dentry&) { return Failure(Errno::perm); }
Result<> Inode::remove_directory(Dentry&) { return Failure(Errno::perm); }
Result<> Inode::rename(const RenameRequest&) { return Failure(Errno::perm); }
Result<> Inode::read_directory(u64, DirectorySink&) { return Failure(Errno::notdir); }
bool Inode::revalidate(Dentry&) { return true; }

Result<> Inode::read_link(LinkTarget& target) {
    if (!cached_target_.data())
        return Failure(Errno::inval);
    const usize length = cached_target_.size() < target.buffer.size() ? cached_target_.size()
                                                                      : target.buffer.size();
    __builtin_memcpy(target.buffer.data(), cached_target_.data(), length);
    target.length = length;
    return {};
}

Result<Path> Inode::follow_magic_link() { return Failure(Errno::inval); }
Result<> Inode::get_attributes(Attributes&) { return {}; }

Result<> Inode::set_attributes(const AttributeChange& change) {
    if (change.fields & attribute::mode)
        set_mode((mode() & file_mode::type_mask) | (change.mode & 07777));
    set_owner((change.fields & attribute::user) ? change.user : user(),
              (change.fields & attribute::group) ? change.group : group());
    if (change.fields & attribute::access_time)
        access_time.set(change.access);
    if (change.fields & attribute::modify_time)
        modify_time.set(change.modify);
    if (change.fields & attribute::change_time)
        change_time.set(change.change);
    return {};
}

void Inode::attributes_changed(u32) {}
Result<Ref<core::PageCache>> Inode::create_page_cache() { return Failure(Errno::inval); }

Result<> Inode::resize(u64 size) {
    set_size(size);
    return {};
}

Result<> Inode::prepare_write(u64, u64) { return {}; }
Result<> Inode::allocate(u32, u64, u64) { return Failure(Errno::opnotsupp); }
Result<u64> Inode::seek_data(u64 offset, bool hole) { return hole ? size() : offset; }
Result<usize> Inode::direct_read(IoCursor&, u64) { return Failure(Errno::inval); }
Result<usize> Inode::direct_write(IoCursor&, u64) { return Failure(Errno::inval); }

Result<> Inode::sync(bool) {
    core::PageCache* cache = page_cache_if_any();
    return cache && cache->has_dirty_pages() ? cache->write_back() : Result<>();
}

Result<> Inode::make_durable() { return {}; }

Result<usize> Inode::get_xattr(std::string_view, std::span<u8>) {
    return Failure(Errno::opnotsupp);
}
Result<> Inode::set_xattr(std::string_view, std::span<const u8>, u32) {
    return Failure(Errno::opnotsupp);
}
Result<> Inode::remove_xattr(std::string_view) { return Failure(Errno::opnotsupp); }
Result<usize> Inode::list_xattr(std::span<char>) { return usize{0}; }
Result<> Inode::change_inode_flags(u32) { return Failure(Errno::notty); }

} // namespace linux

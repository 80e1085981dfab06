// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/cached_file.h"

#include "abi/linux/file.h"
#include "linux/vfs/access_time.h"
#include "linux/vfs/content.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/notify.h"

namespace linux {

Result<Ref<OpenFile>> CachedFile::create(const Path& path, Inode& content, u32 flags) {
    if ((flags & open_flag::direct) && content.direct_alignment() == 0)
        return Failure(Errno::inval);
    auto* file = new (base::fallible) CachedFile(path, content, flags);
    if (!file)
        return Failure(Errno::nomem);
    return Ref<OpenFile>::adopt(file);
}

CachedFile::~CachedFile() {
    notify_file(path_.dentry(),
                is_writable() ? notify_event::close_write : notify_event::close_no_write);
    if (is_counted_writer())
        drop_writer(path_);
}

Result<usize> CachedFile::read(IoCursor& target, u64 offset, IoFlags) {
    const Result<usize> done = (flags() & open_flag::direct) && content_.direct_alignment() != 0
                                   ? read_direct(target, offset)
                                   : read_content(content_, target, offset);
    if (done && *done != 0) {
        if (!(flags() & open_flag::no_access_time))
            note_access(path_.mount(), path_.inode());
        notify_file(path_.dentry(), notify_event::access);
    }
    return done;
}

Result<usize> CachedFile::read_direct(IoCursor& target, u64 offset) {
    const u64 align = content_.direct_alignment() - 1;
    if ((offset & align) || (target.left() & align))
        return Failure(Errno::inval);
    if (offset >= content_.size())
        return usize{0};
    if (core::PageCache* cache = content_.page_cache_if_any()) {
        const u64 end = offset + target.left();
        TRY(cache->write_back(offset >> page_shift, (end + page_size - 1) >> page_shift));
    }
    return content_.direct_read(target, offset);
}

Result<usize> CachedFile::write(IoCursor& source, u64& offset, IoFlags flags) {
    if (source.empty())
        return usize{0};
    Result<usize> done = usize{0};
    {
        InodeGuard guard(content_.lock(), InodeRole::file);
        if (flags.append)
            offset = content_.size();
        source.limit(TRY(allowed_write(content_, offset, source.left())));
        TRY(remove_privileges(content_));
        content_.touch_modified();
        TRY(content_.prepare_write(offset, source.left()));
        done = (this->flags() & open_flag::direct) && content_.direct_alignment() != 0
                   ? write_direct_locked(source, offset)
                   : write_content_locked(content_, source, offset);
    }
    if (!done)
        return done;
    if (flags.sync || flags.data_sync || (content_.super_block().flags() & 16)) [[unlikely]]
        TRY(write_through(offset, *done, flags));
    notify_file(path_.dentry(), notify_event::modify);
    return done;
}

Result<usize> CachedFile::write_direct_locked(IoCursor& source, u64 offset) {
    const u64 align = content_.direct_alignment() - 1;
    if ((offset & align) || (source.left() & align))
        return Failure(Errno::inval);
    clear_behind_end(content_, offset);
    if (core::PageCache* cache = content_.page_cache_if_any()) {
        const u64 first = offset >> page_shift;
        const u64 last = (offset + source.left() + page_size - 1) >> page_shift;
        TRY(cache->write_back(first, last));
        cache->drop(first, last, false);
    }
    return content_.direct_write(source, offset);
}

Result<> CachedFile::write_through(u64 offset, usize length, IoFlags flags) {
    if (core::PageCache* cache = content_.page_cache_if_any())
        TRY(cache->write_back(offset >> page_shift,
                              (offset + length + page_size - 1) >> page_shift));
    return content_.sync_durably(!flags.sync);
}

Result<u64> seek_position(u64 position, i64 offset, u32 whence, u64 size, u64 maximum) {
    i64 base = 0;
    switch (whence) {
    case seek_from::start: break;
    case seek_from::current: base = static_cast<i64>(position); break;
    case seek_from::end: base = static_cast<i64>(size); break;
    default: return Failure(Errno::inval);
    }
    i64 target;
    if (__builtin_add_overflow(base, offset, &target))
        return Failure(Errno::overflow);
    if (target < 0 || static_cast<u64>(target) > maximum)
        return Failure(Errno::inval);
    return static_cast<u64>(target);
}

Result<u64> CachedFile::seek(i64 offset, u32 whence) {
    if (whence == seek_from::data || whence == seek_from::hole)
        return seek_content(content_, offset, whence == seek_from::hole);
    return seek_position(position, offset, whence, content_.size(),
                         content_.super_block().maximum_size);
}

Result<u64> CachedFile::ioctl(u32 request, u64 argument) {
    if (request != io_control::readable_bytes || !content_.is_regular())
        return Failure(Errno::notty);
    const i64 left = static_cast<i64>(content_.size()) - static_cast<i64>(position);
    TRY(core::UserOut<i32>(argument).write(static_cast<i32>(left)));
    return u64{0};
}

Result<> CachedFile::prepare_map(core::MapRequest& request) {
    using core::Protection;
    if (!is_readable())
        return Failure(Errno::acces);
    const bool wants_write = includes(request.protection, Protection::write);
    Protection maximum = request.maximum;
    const auto forbid = [&maximum](Protection right) {
        maximum = static_cast<Protection>(static_cast<u8>(maximum) & ~static_cast<u8>(right));
    };
    if (request.shared) {
        if (!is_writable()) {
            if (wants_write)
                return Failure(Errno::acces);
            forbid(Protection::write);
        }
        const InodeExtras* extras = content_.extras_if_any();
        const u32 seals = extras ? extras->seals.load(std::memory_order_acquire) : 0;
        if (seals & (seal::write | seal::future_write)) {
            if (wants_write)
                return Failure(Errno::perm);
            forbid(Protection::write);
        }
    }
    if (path_.mount().flags() & mount_flag::no_execute) {
        if (includes(request.protection, Protection::execute))
            return Failure(Errno::perm);
        forbid(Protection::execute);
    }
    request.maximum = maximum;
    request.object = Ref<core::MemoryObject>::share(*TRY(content_.page_cache()));
    request.owner = Ref<core::Object>::share(*this);
    note_access(path_.mount(), path_.inode());
    return {};
}

Result<> CachedFile::sync(bool data_only) { return content_.sync_durably(data_only); }
Result<> CachedFile::truncate(u64 size) { return truncate_content(content_, size); }
Result<> CachedFile::allocate(u32 mode, u64 offset, u64 length) {
    return allocate_content(content_, mode, offset, length);
}

Result<> CachedFile::flags_changed(u32 flags) {
    if ((flags & open_flag::direct) && content_.direct_alignment() == 0)
        return Failure(Errno::inval);
    return {};
}

} // namespace linux

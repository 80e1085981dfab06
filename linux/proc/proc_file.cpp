// SPDX-License-Identifier: BSD-2-Clause
#include "linux/proc/proc_file.h"

#include "linux/vfs/cached_file.h"

namespace linux {

ProcFile::ProcFile(const Path& path, const ProcInode& inode, u32 flags)
    : OpenFile(flags, Positioning::seekable), path_(path), proc_(inode),
      seen_changes_(inode.entry().changes ? inode.entry().changes() : 0) {}

Result<Ref<OpenFile>> ProcFile::create(const Path& path, const ProcInode& inode, u32 flags) {
    auto* made = new (base::fallible) ProcFile(path, inode, flags);
    if (!made)
        return Failure(Errno::nomem);
    return Ref<OpenFile>::adopt(made);
}

Result<usize> ProcFile::read(IoCursor& target, u64 offset, IoFlags) {
    const ProcEntry& entry = proc_.entry();
    if (!entry.show)
        return Failure(Errno::inval);
    core::LockGuard guard(lock_);
    if (offset == 0 || !made_) {
        text_.clear();
        made_ = false;
        TRY(entry.show(proc_.subject(), text_));
        if (text_.failed())
            return Failure(Errno::nomem);
        made_ = true;
    }
    const std::string_view text = text_.view();
    if (offset >= text.size())
        return usize{0};
    return target.copy_to(text.data() + offset, text.size() - offset);
}

Result<usize> ProcFile::write(IoCursor& source, u64&, IoFlags) {
    const ProcEntry& entry = proc_.entry();
    if (!entry.store)
        return Failure(Errno::inval);
    constexpr usize maximum = page_size;
    const usize size = source.left() < maximum ? source.left() : maximum;
    void* memory = ::operator new(size + 1, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    Result<usize> copied = source.copy_from(memory, size);
    if (copied) {
        const Result<> stored =
            entry.store(proc_.subject(), {static_cast<const char*>(memory), *copied});
        if (!stored)
            copied = Failure(stored.error());
    }
    ::operator delete(memory);
    return copied;
}

Result<u64> ProcFile::seek(i64 offset, u32 whence) {
    if (whence > 1)
        return Failure(Errno::inval);
    return seek_position(position, offset, whence, 0, 0x7fff'ffff'ffff'ffff);
}

u32 ProcFile::poll(PollRegistration* registration) {
    const ProcEntry& entry = proc_.entry();
    if (!entry.changes)
        return OpenFile::poll(registration);
    if (registration)
        registration->watch(entry.change_queue());
    const u64 now = entry.changes();
    constexpr u32 always = poll_event::in | poll_event::read_normal;
    return seen_changes_.exchange(now, std::memory_order_relaxed) == now
               ? always
               : always | poll_event::error | poll_event::priority;
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/open_file.h"

#include "linux/process/process.h"
#include "linux/vfs/file_count.h"
#include "linux/vfs/file_owner.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/path.h"

namespace linux {

namespace {

// The access mode as open(2) gives it: 3 means neither, for ioctl only.
constexpr bool mode_reads(u32 flags) {
    return !(flags & open_flag::path) && ((flags + 1) & open_flag::access_mode & 1) != 0;
}
constexpr bool mode_writes(u32 flags) {
    return !(flags & open_flag::path) && ((flags + 1) & open_flag::access_mode & 2) != 0;
}

} // namespace

OpenFile::OpenFile(u32 flags, Positioning positioning, FileFamily family)
    : core::Object(core::ObjectKind::open_file), flags_(flags), readable_(mode_reads(flags)),
      writable_(mode_writes(flags)), positioning_(positioning), family_(family) {
    count_file(1);
}

OpenFile::~OpenFile() {
    if (owns_locks) [[unlikely]]
        release_locks_of(*this);
    delete owner.load(std::memory_order_relaxed);
    count_file(-1);
}

void OpenFile::handle_closed() {
    if (flags() & open_flag::path)
        return;
    if (InodeExtras* extras = inode().extras_if_any())
        if (extras->record_locks) [[unlikely]]
            release_process_locks(inode());
}

Result<usize> OpenFile::read(IoCursor&, u64, IoFlags) { return Failure(Errno::inval); }
Result<usize> OpenFile::write(IoCursor&, u64&, IoFlags) { return Failure(Errno::inval); }
Result<u64> OpenFile::seek(i64, u32) { return Failure(Errno::spipe); }

u32 OpenFile::poll(PollRegistration*) {
    return poll_event::in | poll_event::out | poll_event::read_normal | poll_event::write_normal;
}

Result<u64> OpenFile::ioctl(u32, u64) { return Failure(Errno::notty); }
Result<> OpenFile::prepare_map(core::MapRequest&) { return Failure(Errno::nodev); }
Result<> OpenFile::sync(bool) { return Failure(Errno::inval); }
Result<> OpenFile::truncate(u64) { return Failure(Errno::inval); }
Result<> OpenFile::allocate(u32, u64, u64) { return Failure(Errno::nodev); }
Result<> OpenFile::flags_changed(u32 flags) {
    return flags & open_flag::direct ? Result<>(Failure(Errno::inval)) : Result<>();
}

u64 OpenFile::shown_number() const { return inode().number(); }

void OpenFile::describe(base::FormatSink& sink) const { sink.write("anon_inode:[file]"); }

Result<BorrowedFile> borrow_file(u32 fd, bool even_path) {
    BorrowedFile borrowed;
    borrowed.handle_ = Task::current().files->borrow(fd);
    core::Object* object = borrowed.handle_.get();
    if (!object || object->kind() != core::ObjectKind::open_file) [[unlikely]]
        return Failure(Errno::badf);
    auto* file = static_cast<OpenFile*>(object);
    if ((file->flags() & open_flag::path) && !even_path) [[unlikely]]
        return Failure(Errno::badf);
    borrowed.file_ = file;
    return borrowed;
}

u32 descriptor_limit() {
    const u64 limit = Process::current().limit(Resource::open_files);
    const u64 table = g_file_limits.table_max.load(std::memory_order_relaxed);
    return static_cast<u32>(limit < table ? limit : table);
}

Result<u32> install_file(Ref<OpenFile> file, bool close_on_exec, u32 lowest) {
    return Task::current().files->install(std::move(file), core::Rights::all, close_on_exec,
                                          lowest, descriptor_limit());
}

} // namespace linux

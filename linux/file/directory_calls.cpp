// SPDX-License-Identifier: BSD-2-Clause
// getdents64 and its older form.
#include "abi/linux/file.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/directory_file.h"

namespace linux {

namespace {

// Entries are laid out in a kernel buffer first: the sink is called with the directory locked.
template <bool Old>
class EntrySink final : public DirectorySink {
public:
    explicit EntrySink(std::span<u8> buffer) : buffer_(buffer) {}

    bool add(std::string_view name, u64 number, u32 mode, u64 next_position) override {
        constexpr usize head = Old ? 18 : 19; // the old form has its type behind the name
        const usize needed = (head + name.size() + (Old ? 2 : 1) + 7) & ~usize{7};
        if (needed > buffer_.size() - used_) {
            had_no_room_ = used_ == 0;
            return false;
        }
        u8* at = buffer_.data() + used_;
        const u8 type = static_cast<u8>((mode >> 12) & 15);
        __builtin_memset(at + needed - 8, 0, 8);
        DirectoryEntry64 entry{number, static_cast<i64>(next_position), static_cast<u16>(needed),
                               type};
        __builtin_memcpy(at, &entry, head);
        __builtin_memcpy(at + head, name.data(), name.size());
        at[head + name.size()] = 0;
        if (Old)
            at[needed - 1] = type;
        used_ += needed;
        return true;
    }
    usize used() const { return used_; }
    bool had_no_room() const { return had_no_room_; }

private:
    std::span<u8> buffer_;
    usize used_ = 0;
    bool had_no_room_ = false;
};

constexpr usize stack_buffer = 1024;
constexpr usize heap_buffer = 32768;

template <bool Old>
Result<u64> fill(DirectoryFile& directory, UserVirt target, std::span<u8> buffer) {
    EntrySink<Old> sink(buffer);
    const u64 before = directory.position;
    const Result<> listed = directory.read_entries(sink);
    if (!listed && sink.used() == 0)
        return Failure(listed.error());
    if (sink.used() == 0)
        return sink.had_no_room() ? Result<u64>(Failure(Errno::inval)) : u64{0};
    const Result<> copied = core::copy_to_user(target, buffer.data(), sink.used());
    if (!copied) {
        directory.position = before;
        return Failure(copied.error());
    }
    return u64{sink.used()};
}

template <bool Old>
Result<u64> list(u32 fd, UserVirt target, u32 size) {
    const BorrowedFile file = TRY(borrow_file(fd));
    DirectoryFile* directory = as_directory(*file);
    if (!directory)
        return Failure(Errno::notdir);
    core::LockGuard guard(directory->position_lock());
    if (size <= stack_buffer) {
        u8 buffer[stack_buffer];
        return fill<Old>(*directory, target, {buffer, size});
    }
    const usize wanted = size < heap_buffer ? size : heap_buffer;
    void* memory = ::operator new(wanted, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    const Result<u64> done = fill<Old>(*directory, target, {static_cast<u8*>(memory), wanted});
    ::operator delete(memory);
    return done;
}

} // namespace

Result<u64> sys_getdents64(u32 fd, UserVirt buffer, u32 size) {
    return list<false>(fd, buffer, size);
}
Result<u64> sys_getdents(u32 fd, UserVirt buffer, u32 size) { return list<true>(fd, buffer, size); }

} // namespace linux

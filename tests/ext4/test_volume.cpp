// SPDX-License-Identifier: BSD-2-Clause
#include "tests/ext4/test_volume.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/allocate.h"

namespace base {
[[noreturn]] void panic_at(const char* file, int line, const char* message) {
    std::fprintf(stderr, "panic: %s:%d: %s\n", file, line, message);
    std::abort();
}
} // namespace base

void* operator new(usize size, base::Fallible) noexcept {
    return ::operator new(size, std::nothrow);
}
void* operator new[](usize size, base::Fallible) noexcept {
    return ::operator new[](size, std::nothrow);
}
void* operator new(usize size, std::align_val_t alignment, base::Fallible) noexcept {
    return ::operator new(size, alignment, std::nothrow);
}

namespace ext4_test {

void TestHost::report(const char* text, usize length) {
    messages.emplace_back(text, length);
    if (!quiet)
        std::fprintf(stderr, "    [%.*s]\n", static_cast<int>(length), text);
}

TestVolume::TestVolume(std::vector<u8> image)
    : source(std::move(image)), state(source, host), instance(state), volume(&instance.volume()) {
    instance.commit = [this] { return commit(); };
}

TestVolume::~TestVolume() = default;

Result<u64> TestVolume::request(Operation operation, const FileSystem::Arguments& arguments) {
    RequestBuffer buffer;
    return instance.request(operation, arguments, buffer);
}

Result<u64> TestVolume::request(Operation operation, FileSystem::Arguments arguments,
                                RequestBuffer& buffer, std::string_view first,
                                std::string_view second) {
    if (first.size() + second.size() > sizeof(RequestBuffer) - 1024)
        return Failure(Errno::nametoolong);
    arguments.first_length = static_cast<u16>(first.size());
    arguments.second_length = static_cast<u16>(second.size());
    std::copy(first.begin(), first.end(), buffer.text());
    std::copy(second.begin(), second.end(), buffer.text() + first.size());
    return instance.request(operation, arguments, buffer);
}

Result<FileAttributes> TestVolume::request_attributes(Operation operation,
                                                      const FileSystem::Arguments& arguments,
                                                      RequestBuffer& buffer, std::string_view first,
                                                      std::string_view second) {
    TRY(request(operation, arguments, buffer, first, second));
    return buffer.exchange().attributes;
}

// Requests of commits, with a buffer of their own.
class TestVolume::Scribe final : public core::file::LogScribe {
public:
    explicit Scribe(TestVolume& volume) : volume_(volume) {}
    FileExchange& exchange() override { return buffer_.exchange(); }
    u8* text() override { return buffer_.text(); }
    Result<> run(Operation operation) override {
        TRY(volume_.instance.request(operation, {}, buffer_, core::file::ChangeSet::Shows::logged));
        return {};
    }

private:
    TestVolume& volume_;
    RequestBuffer buffer_;
};

Result<> TestVolume::commit() {
    Scribe scribe(*this);
    return state.journal.is_attached() ? state.journal.commit(scribe) : state.commit_directly();
}

Result<> TestVolume::mount(u32 flags) {
    RequestBuffer buffer;
    TRY(instance.request(Operation::mount, {.flags = flags}, buffer));
    state.mounted(buffer.exchange().volume);
    if (buffer.exchange().volume.read_only)
        return {};
    TRY(instance.request(Operation::begin_writing, {}, buffer));
    if (const component::LogLayout& log = buffer.exchange().log; log.pieces != 0)
        TRY(state.journal.attach(log,
                                 reinterpret_cast<const component::BlockRange*>(buffer.text())));
    TRY(request(Operation::finish_orphans, {}));
    return {};
}

Result<> TestVolume::sync() {
    Result<> outcome;
    for (auto& [inode, unused] : files)
        if (auto result = flush_data(inode); !result)
            outcome = result;
    if (!state.journal.is_attached())
        TRY(request(Operation::sync, {}));
    TRY(commit());
    return outcome;
}

Result<> TestVolume::unmount() {
    for (auto& [inode, count] : held)
        if (count > 0) {
            count = 0;
            TRY(gone(inode));
        }
    TRY(sync());
    TRY(request(Operation::sync, {}));
    Scribe scribe(*this);
    TRY(state.journal.close(scribe));
    TRY(request(Operation::unmount, {}));
    return commit();
}

Result<FileAttributes> TestVolume::lookup(u64 dir, std::string_view name) {
    RequestBuffer buffer;
    return request_attributes(Operation::lookup, {.inode = dir}, buffer, name);
}

Result<u64> TestVolume::walk(std::string_view path) {
    u64 at = root_inode;
    while (!path.empty()) {
        const usize slash = path.find('/');
        const std::string_view name = path.substr(0, slash);
        path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
        if (!name.empty())
            at = TRY(lookup(at, name)).inode;
    }
    return at;
}

Result<FileAttributes> TestVolume::attributes(u64 inode) {
    RequestBuffer buffer;
    return request_attributes(Operation::get_attributes, {.inode = inode}, buffer);
}

Result<FileAttributes> TestVolume::set(u64 inode, const FileAttributes& wanted, u32 mask) {
    RequestBuffer buffer;
    buffer.exchange().attributes = wanted;
    return request_attributes(Operation::set_attributes, {.inode = inode, .flags = mask}, buffer);
}

// The answer says what the directory that took a name has become.
Result<> TestVolume::check_space(u64 dir, RequestBuffer& buffer) {
    const FileAttributes now = TRY(attributes(dir));
    const component::FileSpace& said = buffer.exchange().directory;
    return said == component::FileSpace{now.size, now.sectors} ? Result<>()
                                                               : Failure(Errno::uclean);
}

Result<FileAttributes> TestVolume::create(u64 dir, std::string_view name, u32 mode,
                                          std::string_view target, u32 major, u32 minor) {
    RequestBuffer buffer;
    FileAttributes& wanted = buffer.exchange().attributes;
    wanted.mode = mode;
    wanted.uid = 70000;
    wanted.gid = 100;
    wanted.device_major = major;
    wanted.device_minor = minor;
    const FileAttributes made =
        TRY(request_attributes(Operation::create, {.inode = dir}, buffer, name, target));
    TRY(check_space(dir, buffer));
    return made;
}

Result<FileAttributes> TestVolume::create_temporary(u64 dir, u32 mode) {
    RequestBuffer buffer;
    buffer.exchange().attributes.mode = mode;
    return request_attributes(Operation::create_temporary, {.inode = dir}, buffer);
}

Result<FileAttributes> TestVolume::link(u64 dir, std::string_view name, u64 inode) {
    RequestBuffer buffer;
    const FileAttributes linked =
        TRY(request_attributes(Operation::link, {.inode = dir, .other = inode}, buffer, name));
    TRY(check_space(dir, buffer));
    return linked;
}

Result<> TestVolume::gone(u64 inode) {
    if (held.contains(inode) && held[inode] > 0)
        return {};
    const FileAttributes now = TRY(attributes(inode));
    if (now.links != 0)
        return {};
    if (files.contains(inode)) {
        state.unreserve(files[inode].pages.size());
        files.erase(inode);
    }
    TRY(request(Operation::evict, {.inode = inode}));
    return {};
}

Result<> TestVolume::release(u64 inode) {
    --held[inode];
    return gone(inode);
}

Result<> TestVolume::unlink(u64 dir, std::string_view name) {
    RequestBuffer buffer;
    return gone(TRY(request(Operation::unlink, {.inode = dir}, buffer, name)));
}

Result<> TestVolume::rmdir(u64 dir, std::string_view name) {
    RequestBuffer buffer;
    return gone(TRY(request(Operation::remove_directory, {.inode = dir}, buffer, name)));
}

Result<> TestVolume::rename(u64 from_dir, std::string_view from, u64 to_dir, std::string_view to,
                            component::RenameFlags flags) {
    RequestBuffer buffer;
    const u64 victim = TRY(request(
        Operation::rename, {.inode = from_dir, .other = to_dir, .flags = static_cast<u32>(flags)},
        buffer, from, to));
    TRY(check_space(to_dir, buffer));
    return victim ? gone(victim) : Result<>();
}

Result<std::vector<DirectoryItem>> TestVolume::list(u64 dir, usize buffer_size) {
    std::vector<DirectoryItem> items;
    u64 from = 0;
    for (u64 rounds = 0; rounds < 100'000; ++rounds) {
        RequestBuffer buffer;
        buffer.length = component::exchange_text + buffer_size;
        const u64 used =
            TRY(instance.request(Operation::read_directory, {.inode = dir, .other = from}, buffer));
        if (used == 0)
            return items;
        for (u64 at = 0; at < used;) {
            const auto* record =
                reinterpret_cast<const component::DirectoryRecord*>(buffer.text() + at);
            items.push_back(
                {{record->name, record->name_length}, record->inode, record->type, record->next});
            from = record->next;
            at += record->length;
        }
    }
    return Failure(Errno::loop);
}

Result<std::string> TestVolume::read_link(u64 inode) {
    RequestBuffer buffer;
    const u64 size = TRY(instance.request(Operation::read_link, {.inode = inode}, buffer));
    return std::string(buffer.text(), buffer.text() + size);
}

Result<std::string> TestVolume::get_xattr(u64 inode, std::string_view name) {
    RequestBuffer buffer;
    const u64 size = TRY(request(Operation::get_xattr, {.inode = inode}, buffer, name));
    return std::string(buffer.text() + name.size(), buffer.text() + name.size() + size);
}

Result<> TestVolume::set_xattr(u64 inode, std::string_view name, std::string_view value,
                               XattrMode mode) {
    RequestBuffer buffer;
    TRY(request(Operation::set_xattr, {.inode = inode, .flags = static_cast<u32>(mode)}, buffer,
                name, value));
    return check_attributes(inode, buffer);
}

Result<> TestVolume::remove_xattr(u64 inode, std::string_view name) {
    RequestBuffer buffer;
    TRY(request(Operation::remove_xattr, {.inode = inode}, buffer, name));
    return check_attributes(inode, buffer);
}

// What the answer said of the inode against what it is. Errors: uclean.
Result<> TestVolume::check_attributes(u64 inode, RequestBuffer& answer) {
    return answer.exchange().attributes == TRY(attributes(inode)) ? Result<>()
                                                                  : Failure(Errno::uclean);
}

Result<std::vector<std::string>> TestVolume::list_xattr(u64 inode) {
    RequestBuffer buffer;
    const u64 size = TRY(instance.request(Operation::list_xattr, {.inode = inode}, buffer));
    std::vector<std::string> names;
    for (u64 at = 0; at < size; at += names.back().size() + 1)
        names.emplace_back(reinterpret_cast<const char*>(buffer.text() + at));
    return names;
}

Result<FileExtent> TestVolume::map(u64 inode, u64 logical) {
    RequestBuffer buffer;
    TRY(instance.request(Operation::map, {.inode = inode, .other = logical}, buffer));
    return buffer.exchange().extent;
}

Result<FileExtent> TestVolume::grant(u64 inode, u64 logical, u32 count, u64 size) {
    RequestBuffer buffer;
    buffer.exchange().attributes.size = size;
    TRY(instance.request(Operation::grant, {.inode = inode, .other = logical, .flags = count},
                         buffer));
    return buffer.exchange().extent;
}

TestVolume::File& TestVolume::file(u64 inode) {
    File& entry = files[inode];
    if (!entry.size_known) {
        auto now = attributes(inode);
        entry.size = now ? now->size : 0;
        entry.size_known = true;
    }
    return entry;
}

u64 TestVolume::size_of(u64 inode) { return file(inode).size; }

Result<std::vector<u8>> TestVolume::read_block(u64 inode, u64 logical) {
    const u32 size = volume->block_size;
    std::vector<u8> page(size);
    if (auto found = file(inode).pages.find(logical); found != file(inode).pages.end())
        return found->second;
    const FileExtent extent = TRY(map(inode, logical));
    if (extent.kind == FileExtent::Kind::mapped)
        TRY(source.read(extent.physical * size, page));
    return page;
}

Result<> TestVolume::write(u64 inode, u64 offset, std::string_view data) {
    const u32 block_size = volume->block_size;
    File& entry = file(inode);
    while (!data.empty()) {
        const u64 logical = offset / block_size;
        const u64 inside = offset % block_size;
        const usize count = std::min<usize>(data.size(), block_size - inside);
        if (!entry.pages.contains(logical)) {
            std::vector<u8> page = TRY(read_block(inode, logical));
            // Bytes past the end of the file on disk are nobody's.
            if (entry.size / block_size == logical)
                std::fill(page.begin() + static_cast<long>(entry.size % block_size), page.end(), 0);
            if (!state.reserve(1)) {
                // Promises are more than what is used in the end: keep them, then ask again.
                for (auto& [other, unused] : files)
                    TRY(flush_data(other));
                TRY(commit());
                TRY(state.reserve(1));
            }
            entry.pages[logical] = std::move(page);
        }
        std::memcpy(entry.pages[logical].data() + inside, data.data(), count);
        data.remove_prefix(count);
        offset += count;
        entry.size = std::max(entry.size, offset);
    }
    return {};
}

Result<std::string> TestVolume::read(u64 inode, u64 offset, u64 length) {
    const u32 block_size = volume->block_size;
    const u64 size = file(inode).size;
    std::string result;
    while (length > 0 && offset < size) {
        const u64 inside = offset % block_size;
        const u64 count = std::min({length, block_size - inside, size - offset});
        const std::vector<u8> page = TRY(read_block(inode, offset / block_size));
        result.append(reinterpret_cast<const char*>(page.data()) + inside, count);
        offset += count;
        length -= count;
    }
    return result;
}

Result<std::string> TestVolume::read_all(u64 inode) { return read(inode, 0, size_of(inode)); }

Result<> TestVolume::flush_data(u64 inode) {
    File& entry = file(inode);
    const u32 size = volume->block_size;
    while (!entry.pages.empty()) {
        const u64 first = entry.pages.begin()->first;
        u32 count = 0;
        while (entry.pages.contains(first + count) && count < 4096)
            ++count;
        auto granted = grant(inode, first, count, entry.size);
        if (!granted && granted.error() == Errno::nospc) {
            // Blocks freed lately are available after a commit.
            TRY(commit());
            granted = grant(inode, first, count, entry.size);
        }
        const FileExtent extent = TRY(std::move(granted));
        const u64 begun_in = state.data_begun();
        if (extent.kind != FileExtent::Kind::mapped || extent.logical != first)
            return Failure(Errno::proto);
        for (u32 i = 0; i < extent.length; ++i) {
            TRY(source.write((extent.physical + i) * size, entry.pages[first + i]));
            entry.pages.erase(first + i);
        }
        state.data_done(begun_in);
        state.unreserve(extent.length);
    }
    const FileAttributes now = TRY(attributes(inode));
    if (now.size < entry.size) {
        FileAttributes wanted;
        wanted.size = entry.size;
        TRY(set(inode, wanted, component::attribute::grow_size));
    }
    return {};
}

Result<> TestVolume::truncate(u64 inode, u64 size) {
    const u32 block_size = volume->block_size;
    File& entry = file(inode);
    if (size < entry.size) {
        const u64 keep = (size + block_size - 1) / block_size;
        while (!entry.pages.empty() && entry.pages.rbegin()->first >= keep) {
            entry.pages.erase(entry.pages.rbegin()->first);
            state.unreserve(1);
        }
        // The tail of the last page reads as zeros when the file grows again.
        if (size % block_size) {
            const u64 logical = size / block_size;
            std::vector<u8> page = TRY(read_block(inode, logical));
            std::fill(page.begin() + static_cast<long>(size % block_size), page.end(), 0);
            if (!entry.pages.contains(logical)) {
                const FileExtent extent = TRY(map(inode, logical));
                if (extent.kind == FileExtent::Kind::mapped)
                    TRY(source.write(extent.physical * block_size, page));
            } else {
                entry.pages[logical] = page;
            }
        }
    }
    FileAttributes wanted;
    wanted.size = size;
    TRY(set(inode, wanted, component::attribute::size));
    entry.size = size;
    return {};
}

Result<> TestVolume::allocate(u64 inode, u64 from, u64 length, bool keep_size) {
    const u32 block_size = volume->block_size;
    TRY(flush_data(inode));
    const u64 end = from + length;
    const u64 size = keep_size ? 0 : end;
    RequestBuffer buffer;
    buffer.exchange().extent.logical = from / block_size;
    buffer.exchange().extent.physical = (end + block_size - 1) / block_size;
    buffer.exchange().attributes.size = size;
    TRY(instance.request(Operation::preallocate, {.inode = inode}, buffer));
    file(inode).size = std::max(file(inode).size, size);
    return {};
}

Result<> TestVolume::punch(u64 inode, u64 from, u64 length) {
    const u32 block_size = volume->block_size;
    TRY(flush_data(inode));
    const u64 first = (from + block_size - 1) / block_size;
    const u64 last = (from + length) / block_size;
    if (first >= last)
        return {};
    RequestBuffer buffer;
    buffer.exchange().extent.logical = first;
    buffer.exchange().extent.physical = last;
    TRY(instance.request(Operation::punch, {.inode = inode}, buffer));
    return {};
}

Result<std::vector<FileExtent>> TestVolume::extents(u64 inode) {
    std::vector<FileExtent> result;
    const u64 end = (size_of(inode) + volume->block_size - 1) / volume->block_size;
    for (u64 at = 0; at < end;) {
        const FileExtent extent = TRY(map(inode, at));
        if (extent.kind != FileExtent::Kind::hole)
            result.push_back(extent);
        at += extent.length;
    }
    return result;
}

} // namespace ext4_test

// SPDX-License-Identifier: BSD-2-Clause
#include "tests/ext4/test_volume.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
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

std::vector<u8> ImageSource::load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void ImageSource::save(const std::string& path) const {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
}

Result<> ImageSource::read(u64 offset, std::span<u8> to) {
    if (on_read)
        on_read();
    ++reads;
    if (offset > bytes.size() || to.size() > bytes.size() - offset)
        return Failure(Errno::io);
    std::memcpy(to.data(), bytes.data() + offset, to.size());
    return {};
}

Result<> ImageSource::write(u64 offset, std::span<const u8> from) {
    ++writes;
    if (offset > bytes.size() || from.size() > bytes.size() - offset)
        return Failure(Errno::io);
    std::memcpy(bytes.data() + offset, from.data(), from.size());
    return {};
}

void TestHost::report(const char* text, usize length) {
    messages.emplace_back(text, length);
    if (!quiet)
        std::fprintf(stderr, "    [%.*s]\n", static_cast<int>(length), text);
}

TestVolume::TestVolume(std::vector<u8> image)
    : source(std::move(image)), state(source, host),
      volume(static_cast<Volume*>(std::calloc(1, sizeof(Volume)))) {}

TestVolume::~TestVolume() { std::free(volume); }

Result<> TestVolume::mount(Access access) {
    TRY(run([&](Attempt& a) { return mount_volume(a, access); }));
    state.free_blocks = static_cast<i64>(volume->free_blocks);
    state.free_inodes = volume->free_inodes;
    state.delay_overhead = volume_info(*volume).delay_overhead;
    state.mount_state = component::volume_state::of(volume_info(*volume));
    return {};
}

Result<> TestVolume::sync_metadata(SyncKind kind) {
    if (!volume->read_only || volume->damaged)
        TRY(run([&](Attempt& a) { return sync_superblock(a, kind); }));
    return state.commit();
}

Result<> TestVolume::sync() {
    Result<> outcome;
    for (auto& [inode, unused] : files)
        if (auto result = flush_data(inode); !result)
            outcome = result;
    TRY(sync_metadata(SyncKind::in_use));
    return outcome;
}

Result<> TestVolume::unmount() {
    for (auto& [inode, count] : held)
        if (count > 0) {
            count = 0;
            TRY(gone(inode));
        }
    TRY(sync());
    return sync_metadata(SyncKind::done);
}

Result<FileAttributes> TestVolume::lookup(u64 dir, std::string_view name) {
    return run([&](Attempt& a) { return ext4::lookup(a, dir, name); });
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
    return run([&](Attempt& a) { return get_attributes(a, inode); });
}

Result<FileAttributes> TestVolume::set(u64 inode, const FileAttributes& wanted, u32 mask) {
    return run([&](Attempt& a) { return set_attributes(a, inode, wanted, mask); });
}

Result<FileAttributes> TestVolume::create(u64 dir, std::string_view name, u32 mode,
                                          std::string_view target, u32 major, u32 minor) {
    NewNode node;
    node.attributes.mode = mode;
    node.attributes.uid = 70000;
    node.attributes.gid = 100;
    node.attributes.device_major = major;
    node.attributes.device_minor = minor;
    node.target = target;
    return run([&](Attempt& a) { return ext4::create(a, dir, name, node); });
}

Result<FileAttributes> TestVolume::create_temporary(u64 dir, u32 mode) {
    NewNode node;
    node.attributes.mode = mode;
    return run([&](Attempt& a) { return ext4::create_temporary(a, dir, node); });
}

Result<FileAttributes> TestVolume::link(u64 dir, std::string_view name, u64 inode) {
    return run([&](Attempt& a) { return ext4::link(a, dir, name, inode); });
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
    return run([&](Attempt& a) { return evict(a, inode); });
}

Result<> TestVolume::release(u64 inode) {
    --held[inode];
    return gone(inode);
}

Result<> TestVolume::unlink(u64 dir, std::string_view name) {
    return gone(TRY(run([&](Attempt& a) { return ext4::unlink(a, dir, name); })));
}

Result<> TestVolume::rmdir(u64 dir, std::string_view name) {
    return gone(TRY(run([&](Attempt& a) { return remove_directory(a, dir, name); })));
}

Result<> TestVolume::rename(u64 from_dir, std::string_view from, u64 to_dir, std::string_view to,
                            component::RenameFlags flags) {
    const u64 victim =
        TRY(run([&](Attempt& a) { return ext4::rename(a, {from_dir, from, to_dir, to, flags}); }));
    return victim ? gone(victim) : Result<>();
}

Result<std::vector<DirectoryItem>> TestVolume::list(u64 dir, usize buffer_size) {
    std::vector<DirectoryItem> items;
    u64 from = 0;
    for (u64 rounds = 0; rounds < 100'000; ++rounds) {
        std::vector<u64> buffer(buffer_size / 8);
        const std::span<u8> bytes(reinterpret_cast<u8*>(buffer.data()), buffer.size() * 8);
        const usize used =
            TRY(run([&](Attempt& a) { return list_directory(a, dir, from, bytes); }));
        if (used == 0)
            return items;
        for (usize at = 0; at < used;) {
            const auto* record =
                reinterpret_cast<const component::DirectoryRecord*>(bytes.data() + at);
            items.push_back(
                {{record->name, record->name_length}, record->inode, record->type, record->next});
            from = record->next;
            at += record->length;
        }
    }
    return Failure(Errno::loop);
}

Result<std::string> TestVolume::read_link(u64 inode) {
    std::vector<u8> buffer(4096);
    const usize size = TRY(run([&](Attempt& a) { return ext4::read_link(a, inode, buffer); }));
    return std::string(buffer.begin(), buffer.begin() + static_cast<long>(size));
}

Result<std::string> TestVolume::get_xattr(u64 inode, std::string_view name) {
    std::vector<u8> buffer(65536);
    const usize size =
        TRY(run([&](Attempt& a) { return ext4::get_xattr(a, inode, name, buffer); }));
    return std::string(buffer.begin(), buffer.begin() + static_cast<long>(size));
}

Result<> TestVolume::set_xattr(u64 inode, std::string_view name, std::string_view value,
                               XattrMode mode) {
    const std::span<const u8> bytes(reinterpret_cast<const u8*>(value.data()), value.size());
    return run([&](Attempt& a) { return ext4::set_xattr(a, inode, name, bytes, mode); });
}

Result<> TestVolume::remove_xattr(u64 inode, std::string_view name) {
    return run([&](Attempt& a) { return ext4::remove_xattr(a, inode, name); });
}

Result<std::vector<std::string>> TestVolume::list_xattr(u64 inode) {
    std::vector<u8> buffer(65536);
    const usize size = TRY(run([&](Attempt& a) { return ext4::list_xattr(a, inode, buffer); }));
    std::vector<std::string> names;
    for (usize at = 0; at < size; at += names.back().size() + 1)
        names.emplace_back(reinterpret_cast<const char*>(buffer.data() + at));
    return names;
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
    const FileExtent extent = TRY(run([&](Attempt& a) { return map_file(a, inode, logical); }));
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
                TRY(state.commit());
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
        auto ask = [&] {
            return run([&](Attempt& a) { return grant(a, inode, {first, count, entry.size}); });
        };
        auto granted = ask();
        if (!granted && granted.error() == Errno::nospc) {
            // Blocks freed lately are available after a commit.
            TRY(state.commit());
            granted = ask();
        }
        const FileExtent extent = TRY(std::move(granted));
        state.data_begun();
        if (extent.kind != FileExtent::Kind::mapped || extent.logical != first)
            return Failure(Errno::proto);
        for (u32 i = 0; i < extent.length; ++i) {
            TRY(source.write((extent.physical + i) * size, entry.pages[first + i]));
            entry.pages.erase(first + i);
        }
        state.data_done();
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
                const FileExtent extent =
                    TRY(run([&](Attempt& a) { return map_file(a, inode, logical); }));
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
    TRY(run([&](Attempt& a) {
        const u64 last = (end + block_size - 1) / block_size;
        return preallocate(a, inode, from / block_size, last, size);
    }));
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
    return run([&](Attempt& a) { return ext4::punch(a, inode, first, last); });
}

Result<std::vector<FileExtent>> TestVolume::extents(u64 inode) {
    std::vector<FileExtent> result;
    const u64 end = (size_of(inode) + volume->block_size - 1) / volume->block_size;
    for (u64 at = 0; at < end;) {
        const FileExtent extent = TRY(run([&](Attempt& a) { return map_file(a, inode, at); }));
        if (extent.kind != FileExtent::Kind::hole)
            result.push_back(extent);
        at += extent.length;
    }
    return result;
}

int shell(const std::string& command, std::string* output) {
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    char buffer[4096];
    std::string text;
    while (usize count = std::fread(buffer, 1, sizeof buffer, pipe))
        text.append(buffer, count);
    const int status = pclose(pipe);
    if (output)
        *output = text;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

std::string scratch_path(const std::string& name) {
    const char* base = std::getenv("TEST_TMPDIR");
    return std::string(base ? base : "/tmp") + "/pith-ext4-" + std::to_string(getpid()) + "-" +
           name;
}

std::vector<u8> make_image(const std::string& options, u32 megabytes,
                           const std::string& directory) {
    const std::string path = scratch_path("make.img");
    std::remove(path.c_str());
    std::string output;
    const std::string from = directory.empty() ? "" : " -d " + directory;
    if (shell("/sbin/mke2fs -F -q " + options + from + " " + path + " " +
                  std::to_string(megabytes) + "M",
              &output) != 0)
        std::fprintf(stderr, "mke2fs: %s\n", output.c_str());
    std::vector<u8> bytes = ImageSource::load(path);
    std::remove(path.c_str());
    return bytes;
}

std::string check_image(const ImageSource& source) {
    const std::string path = scratch_path("check.img");
    source.save(path);
    std::string output;
    const int status = shell("/sbin/e2fsck -fn " + path, &output);
    if (status == 0 && !std::getenv("KEEP_IMAGE"))
        std::remove(path.c_str());
    if (output.size() > 3000)
        output.resize(3000);
    return status == 0 ? "" : output + "(image kept: " + path + ")";
}

} // namespace ext4_test

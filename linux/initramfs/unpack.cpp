// SPDX-License-Identifier: BSD-2-Clause
#include "linux/initramfs/unpack.h"

#include "core/observe/log.h"
#include "linux/initramfs/archive.h"
#include "linux/initramfs/gzip.h"
#include "linux/vfs/entries.h"
#include "linux/vfs/open.h"

namespace linux {
namespace {

// Names of files with several links, by number, until the archive ends: the first name has the
// content.
struct HardLinks {
    static constexpr usize capacity = 64;
    struct Seen {
        u32 number;
        std::string_view name;
    };
    Seen seen[capacity];
    usize count = 0;

    std::string_view find(u32 number) const {
        for (usize i = 0; i < count; ++i) {
            if (seen[i].number == number)
                return seen[i].name;
        }
        return {};
    }
    void remember(u32 number, std::string_view name) {
        if (count < capacity)
            seen[count++] = {number, name};
    }
};

Result<> set_attributes(Inode& inode, const ArchiveEntry& entry) {
    AttributeChange change;
    change.fields = attribute::mode | attribute::user | attribute::group | attribute::modify_time |
                    attribute::access_time | attribute::change_time;
    change.mode = entry.mode & 07777;
    change.user = entry.user;
    change.group = entry.group;
    change.modify = change.access = {entry.modified, 0};
    change.change = file_time_now();
    return inode.set_attributes(change);
}

// Makes the name's node and gives its attributes. Errors: exist, and those of making files.
Result<> make_new_node(const PathName& name, const NewNode& node, const ArchiveEntry& entry) {
    const bool directory = (entry.mode & file_mode::type_mask) == file_mode::directory;
    Walk walk(nullptr, name, 0);
    NewEntry made =
        TRY(NewEntry::prepare(TRY(walk.run_to_parent()), walk,
                              directory ? NewEntry::Wanted::directory : NewEntry::Wanted::other));
    TRY(made.make(node));
    return set_attributes(made.path().inode(), entry);
}

// A node without content. A directory that is there already gets the archive's attributes; anything
// else is replaced.
Result<> make_node(const PathName& name, const ArchiveEntry& entry) {
    NewNode node;
    node.mode = entry.mode;
    node.user = entry.user;
    node.group = entry.group;
    node.device = {entry.device_major, entry.device_minor};
    if ((entry.mode & file_mode::type_mask) == file_mode::symlink)
        node.target = {reinterpret_cast<const char*>(entry.content.data()), entry.content.size()};
    const Result<> made = make_new_node(name, node, entry);
    if (made || made.error() != Errno::exist)
        return made;
    if ((entry.mode & file_mode::type_mask) == file_mode::directory) {
        const Path existing = TRY(resolve(name.view(), walk_flag::follow | walk_flag::directory));
        return set_attributes(existing.inode(), entry);
    }
    Walk walk(nullptr, name, 0);
    TRY(remove_file(TRY(walk.run_to_parent()), walk));
    return make_new_node(name, node, entry);
}

Result<> make_link(const PathName& name, std::string_view existing) {
    const Path target = TRY(resolve(existing, 0));
    Walk walk(nullptr, name, 0);
    NewEntry entry =
        TRY(NewEntry::prepare(TRY(walk.run_to_parent()), walk, NewEntry::Wanted::other));
    return entry.link(target.inode());
}

Result<> make_file(const PathName& name, const ArchiveEntry& entry) {
    Ref<OpenFile> file = TRY(open_path(
        name.view(), open_flag::create | open_flag::write_only | open_flag::truncate, 0600));
    usize done = 0;
    while (done < entry.content.size()) {
        IoCursor source(entry.content.subspan(done));
        u64 offset = done;
        const usize written = TRY(file->write(source, offset, {}));
        if (written == 0)
            return Failure(Errno::io);
        done += written;
    }
    return set_attributes(file->inode(), entry);
}

Result<> unpack_entry(const ArchiveEntry& entry, HardLinks& links) {
    if (entry.name.empty())
        return {}; // the root itself
    const PathName name = TRY(PathName::from_kernel(entry.name));
    if ((entry.mode & file_mode::type_mask) != file_mode::regular)
        return make_node(name, entry);
    if (entry.links > 1) {
        // Writers of archives put the content at the last name or at the first: a name without
        // content joins the one before, a name with it fills the file both share.
        if (const std::string_view first = links.find(entry.number); !first.empty()) {
            TRY(make_link(name, first));
            if (entry.content.empty())
                return {};
        } else {
            links.remember(entry.number, entry.name);
        }
    }
    return make_file(name, entry);
}

// Unpacks one archive at the front; gives what follows it.
Result<std::span<const u8>> unpack_archive(std::span<const u8> archive) {
    ArchiveReader reader(archive);
    HardLinks links;
    ArchiveEntry entry;
    while (TRY(reader.next(entry))) {
        const Result<> made = unpack_entry(entry, links);
        if (!made) {
            LOG_ERROR("initramfs: {}: {}", entry.name, made.error());
            return Failure(made.error());
        }
    }
    return reader.rest();
}

bool starts_with(std::span<const u8> bytes, std::string_view magic) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())
        .starts_with(magic);
}

Result<std::span<const u8>> unpack_compressed(std::span<const u8> image) {
    ByteBuffer plain;
    const usize consumed = TRY(unpack_gzip(image, plain));
    std::span<const u8> rest = plain.bytes();
    while (starts_with(rest, "0707"))
        rest = TRY(unpack_archive(rest));
    return image.subspan(consumed);
}

} // namespace

Result<> unpack_initramfs(std::span<const u8> image) {
    while (!image.empty()) {
        if (image[0] == 0) {
            image = image.subspan(1);
        } else if (starts_with(image, "0707")) {
            image = TRY(unpack_archive(image));
        } else if (starts_with(image, "\x1f\x8b")) {
            image = TRY(unpack_compressed(image));
        } else {
            LOG_ERROR("initramfs: neither a cpio archive nor a known compression ({:02x} {:02x})",
                      image[0], image.size() > 1 ? image[1] : 0);
            return Failure(Errno::opnotsupp);
        }
    }
    return {};
}

} // namespace linux

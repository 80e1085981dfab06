// SPDX-License-Identifier: BSD-2-Clause
// Names and extended attributes of file systems in components.
#include "linux/vfs/component_file_system.h"
#include "linux/vfs/dentry.h"

namespace linux {

using component::FileAttributes;
using core::file::VolumeCall;
using Operation = core::file::FileSystem::Operation;

Result<RefOrNull<Inode>> DiskInode::lookup(Dentry& entry) {
    VolumeCall call(volume());
    call.arguments = about();
    TRY(call.put(entry.name()));
    const Result<u64> found = call.run(Operation::lookup);
    if (!found) {
        if (found.error() == Errno::noent)
            return RefOrNull<Inode>();
        return Failure(found.error());
    }
    return RefOrNull<Inode>(TRY(owner_.inode_of(call.exchange().attributes)));
}

Result<Ref<Inode>> DiskInode::make(Dentry* entry, const NewNode& node) {
    VolumeCall call(volume());
    call.arguments = about();
    TRY(call.put(entry ? entry->name() : std::string_view(), node.target));
    FileAttributes& wanted = call.exchange().attributes;
    wanted.mode = node.mode;
    wanted.uid = static_cast<u32>(node.user);
    wanted.gid = static_cast<u32>(node.group);
    wanted.device_major = node.device.major;
    wanted.device_minor = node.device.minor;
    TRY(call.run(entry ? Operation::create : Operation::create_temporary));
    if (entry)
        take_space(call.exchange().directory);
    return owner_.inode_of(call.exchange().attributes);
}

Result<Ref<Inode>> DiskInode::create(Dentry& entry, const NewNode& node) {
    Ref<Inode> made = TRY(make(&entry, node));
    if (made->is_directory())
        set_links(links() + 1);
    return made;
}

Result<Ref<Inode>> DiskInode::create_temporary(const NewNode& node) { return make(nullptr, node); }

Result<> DiskInode::link(Dentry& entry, Inode& existing) {
    VolumeCall call(volume());
    call.arguments = about();
    call.arguments.other = existing.number();
    TRY(call.put(entry.name()));
    TRY(call.run(Operation::link));
    take_space(call.exchange().directory);
    existing.set_links(existing.links() + 1);
    return {};
}

Result<> DiskInode::remove_name(Dentry& entry, Operation operation) {
    VolumeCall call(volume());
    call.arguments = about();
    TRY(call.put(entry.name()));
    TRY(call.run(operation));
    return {};
}

Result<> DiskInode::unlink(Dentry& entry) {
    TRY(remove_name(entry, Operation::unlink));
    Inode& inode = *entry.inode();
    if (inode.links() > 0)
        inode.set_links(inode.links() - 1);
    return {};
}

Result<> DiskInode::remove_directory(Dentry& entry) {
    TRY(remove_name(entry, Operation::remove_directory));
    entry.inode()->set_links(0);
    if (links() > 2)
        set_links(links() - 1);
    return {};
}

Result<> DiskInode::rename(const RenameRequest& request) {
    if (request.flags & ~(rename_flag::no_replace | rename_flag::exchange))
        return Failure(Errno::inval);
    Inode& source = *request.from.inode();
    Inode* target = request.to.inode();
    const bool exchange = request.flags & rename_flag::exchange;
    {
        VolumeCall call(volume());
        call.arguments = about();
        call.arguments.other = request.new_directory.number();
        call.arguments.flags = request.flags;
        TRY(call.put(request.from.name(), request.to.name()));
        TRY(call.run(Operation::rename));
        static_cast<DiskInode&>(request.new_directory).take_space(call.exchange().directory);
    }
    if (target == &source)
        return {};
    auto moves = [](Inode& from, Inode& to) {
        if (from.links() > 2)
            from.set_links(from.links() - 1);
        to.set_links(to.links() + 1);
    };
    if (source.is_directory())
        moves(*this, request.new_directory);
    if (!target)
        return {};
    if (exchange) {
        if (target->is_directory())
            moves(request.new_directory, *this);
        return {};
    }
    if (target->is_directory()) {
        target->set_links(0);
        request.new_directory.set_links(request.new_directory.links() - 1);
    } else if (target->links() > 0) {
        target->set_links(target->links() - 1);
    }
    return {};
}

namespace {

// Type bits of a mode for DT_*.
u32 mode_of(u8 type) { return u32{type} << 12; }

} // namespace

Result<> DiskInode::read_directory(u64 position, DirectorySink& sink) {
    VolumeCall call(volume());
    for (u64 from = position; from < component::directory_end;) {
        call.arguments = about();
        call.arguments.other = from;
        const u64 used = TRY(call.run(Operation::read_directory));
        if (used == 0)
            return {};
        for (u64 at = 0; at < used;) {
            const auto* record =
                reinterpret_cast<const component::DirectoryRecord*>(call.text().data() + at);
            const std::string_view name(record->name, record->name_length);
            if (name != "." && name != ".." &&
                !sink.add(name, record->inode, mode_of(record->type), record->next))
                return {};
            from = record->next;
            at += record->length;
        }
    }
    return {};
}

Result<> DiskInode::read_link(LinkTarget& target) {
    if (!is_symlink())
        return Failure(Errno::inval);
    VolumeCall call(volume());
    call.arguments = about();
    const u64 length = TRY(call.run(Operation::read_link));
    const usize room =
        target.buffer.size() < call.text().size() ? target.buffer.size() : call.text().size();
    if (length > room)
        return Failure(Errno::nametoolong);
    __builtin_memcpy(target.buffer.data(), call.text().data(), length);
    target.length = length;
    return {};
}

// ---- extended attributes
// --------------------------------------------------------------------------------

Result<usize> DiskInode::get_xattr(std::string_view name, std::span<u8> value) {
    VolumeCall call(volume());
    call.arguments = about();
    TRY(call.put(name));
    const u64 length = TRY(call.run(Operation::get_xattr));
    if (value.empty())
        return static_cast<usize>(length);
    if (length > value.size())
        return Failure(Errno::range);
    __builtin_memcpy(value.data(), call.text().data() + name.size(), length);
    return static_cast<usize>(length);
}

Result<> DiskInode::set_xattr(std::string_view name, std::span<const u8> value, u32 flags) {
    VolumeCall call(volume());
    call.arguments = about();
    call.arguments.flags = flags;
    if (value.size() > block_size())
        return Failure(Errno::nospc);
    TRY(call.put(name, {reinterpret_cast<const char*>(value.data()), value.size()}));
    TRY(call.run(Operation::set_xattr));
    blocks.store(call.exchange().attributes.sectors, std::memory_order_relaxed);
    return {};
}

Result<> DiskInode::remove_xattr(std::string_view name) {
    VolumeCall call(volume());
    call.arguments = about();
    TRY(call.put(name));
    TRY(call.run(Operation::remove_xattr));
    blocks.store(call.exchange().attributes.sectors, std::memory_order_relaxed);
    return {};
}

Result<usize> DiskInode::list_xattr(std::span<char> names) {
    VolumeCall call(volume());
    call.arguments = about();
    const u64 length = TRY(call.run(Operation::list_xattr));
    if (names.empty())
        return static_cast<usize>(length);
    if (length > names.size())
        return Failure(Errno::range);
    __builtin_memcpy(names.data(), call.text().data(), length);
    return static_cast<usize>(length);
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
#include "linux/socket/local_name.h"

#include <algorithm>
#include <cstring>

#include "linux/socket/local_endpoint.h"
#include "linux/vfs/entries.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

constexpr u32 bucket_count = 256;
struct NameBucket {
    core::Lock<core::lock_class::socket_names> lock;
    LocalName* first = nullptr; // guarded by lock
};
constinit NameBucket g_names[bucket_count];
using NamesGuard = core::LockGuard<core::lock_class::socket_names>;

NameBucket& bucket_of(const SocketAddress& address, i32 type) {
    u32 hash = static_cast<u32>(type);
    for (u32 index = local_path_offset; index < address.length; ++index)
        hash = hash * 31 + address.bytes[index];
    return g_names[(hash ^ hash >> 8) % bucket_count];
}

bool equal(const SocketAddress& a, const SocketAddress& b) {
    return a.length == b.length && std::equal(a.bytes, a.bytes + a.length, b.bytes);
}

std::string_view path_of(const SocketAddress& address) {
    // The form it is kept in counts the NUL.
    return {reinterpret_cast<const char*>(address.bytes) + local_path_offset,
            address.length - local_path_offset - 1};
}

} // namespace

Result<Ref<LocalName>> LocalName::create(const SocketAddress& address, i32 type,
                                         const Path* path) {
    return Ref<LocalName>::create(address, type, path);
}

Result<> AbstractNames::enter(LocalName& name, LocalEndpoint& endpoint) {
    NameBucket& bucket = bucket_of(name.address_, name.type_);
    NamesGuard guard(bucket.lock);
    for (const LocalName* other = bucket.first; other; other = other->next_)
        if (other->type_ == name.type_ && equal(other->address_, name.address_))
            return Failure(Errno::addrinuse);
    name.endpoint_ = &endpoint;
    name.next_ = bucket.first;
    bucket.first = &name;
    return {};
}

void AbstractNames::leave(LocalName& name, const LocalEndpoint& endpoint) {
    if (name.endpoint_ != &endpoint)
        return;
    NameBucket& bucket = bucket_of(name.address_, name.type_);
    NamesGuard guard(bucket.lock);
    for (LocalName** link = &bucket.first; *link; link = &(*link)->next_)
        if (*link == &name) {
            *link = name.next_;
            break;
        }
}

RefOrNull<LocalEndpoint> AbstractNames::find(const SocketAddress& address, i32 type) {
    NameBucket& bucket = bucket_of(address, type);
    NamesGuard guard(bucket.lock);
    for (const LocalName* name = bucket.first; name; name = name->next_)
        if (name->type_ == type && equal(name->address_, address) &&
            name->endpoint_->try_add_reference())
            return RefOrNull<LocalEndpoint>::adopt(name->endpoint_);
    return nullptr;
}

bool is_abstract(const SocketAddress& address) { return address.bytes[local_path_offset] == 0; }

Result<SocketAddress> normalise_local(const SocketAddress& address) {
    if (address.length <= local_path_offset || address.length > local_address_size ||
        address.family() != socket_family::local)
        return Failure(Errno::inval);
    SocketAddress name = address;
    if (!is_abstract(name)) {
        // The path ends at its NUL, or where the program's length ends.
        const u8* path = name.bytes + local_path_offset;
        const u8* end = std::find<const u8*>(path, name.bytes + name.length, u8{0});
        name.length = static_cast<u32>(end - name.bytes) + 1;
        name.bytes[name.length - 1] = 0;
    }
    return name;
}

Result<Path> create_socket_node(std::string_view path, u32 mode) {
    const PathName name = TRY(PathName::from_kernel(path));
    Walk walk(nullptr, name, 0);
    auto parent = TRY(walk.run_to_parent());
    auto entry = NewEntry::prepare(std::move(parent), walk, NewEntry::Wanted::other);
    if (!entry)
        return Failure(entry.error() == Errno::exist ? Errno::addrinuse : entry.error());
    NewNode node;
    node.mode = file_mode::socket | apply_umask(mode);
    TRY(entry->make(node));
    return entry->path();
}

Result<Ref<LocalEndpoint>> find_local(const SocketAddress& address, i32 type) {
    if (is_abstract(address)) {
        const auto found = AbstractNames::find(address, type);
        if (!found)
            return Failure(Errno::connrefused);
        return found.to_ref();
    }
    const Path path = TRY(resolve(path_of(address), walk_flag::follow));
    Inode& inode = path.inode();
    TRY(check_permission(inode, may::write));
    InodeExtras* extras = inode.extras_if_any();
    if (inode.type() != file_mode::socket || !extras)
        return Failure(Errno::connrefused);
    RefOrNull<LocalEndpoint> found;
    {
        InodeGuard guard(inode.lock(), InodeRole::file);
        found = RefOrNull<LocalEndpoint>::share(
            static_cast<LocalEndpoint*>(extras->attachment.get()));
    }
    if (!found)
        return Failure(Errno::connrefused);
    if (found->type != type)
        return Failure(Errno::prototype);
    return found.to_ref();
}

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// Names of AF_UNIX sockets: a path (a socket node in a file system) or bytes of the abstract name
// space.
#pragma once

#include "linux/socket/socket.h"
#include "linux/vfs/path.h"

namespace linux {

class LocalEndpoint;

// The name a socket is bound to. Immutable.
class LocalName : public RefCounted<LocalName> {
public:
    // Errors: nomem.
    static Result<Ref<LocalName>> create(const SocketAddress& address, i32 type, const Path* path);
    ~LocalName() = default;

    const SocketAddress& address() const { return address_; }
    const Path& path() const { return path_; } // empty for an abstract name
    bool is_abstract() const { return !path_; }

private:
    friend class Ref<LocalName>;
    friend class AbstractNames;
    LocalName(const SocketAddress& address, i32 type, const Path* path)
        : address_(address), path_(path ? *path : Path()), type_(type) {}

    const SocketAddress address_;
    const Path path_;
    const i32 type_;
    // In the table of abstract names; guarded by its lock.
    LocalName* next_ = nullptr;
    LocalEndpoint* endpoint_ = nullptr;
};

// The abstract names in use.
class AbstractNames {
public:
    // Errors: addrinuse.
    static Result<> enter(LocalName& name, LocalEndpoint& endpoint);
    // If it is that endpoint's own: accepted connections share their listener's.
    static void leave(LocalName& name, const LocalEndpoint& endpoint);
    // Null if there is none.
    static RefOrNull<LocalEndpoint> find(const SocketAddress& address, i32 type);
};

// Checks a program's address and brings it into the form it is kept in (a path gets its NUL
// counted). Errors: inval.
Result<SocketAddress> normalise_local(const SocketAddress& address);
bool is_abstract(const SocketAddress& address);

// Makes the socket node of a path. Errors: addrinuse, and those of mknod(2).
Result<Path> create_socket_node(std::string_view path, u32 mode);
// The endpoint an address leads to; a path needs write permission. Errors: connrefused, noent,
// acces, ….
Result<Ref<LocalEndpoint>> find_local(const SocketAddress& address, i32 type);

} // namespace linux

// SPDX-License-Identifier: BSD-2-Clause
// Inodes without a name, so that fstat(2) works on pipes, sockets and anonymous files. Process
// context.
#pragma once

#include "base/ref.h"
#include "linux/vfs/inode.h"

namespace linux {

// At start, before any of the others; a second call does nothing. Errors: nomem.
Result<> initialise_nameless_inodes();

// A fresh one, owned by the current task. Errors: nomem.
Result<Ref<Inode>> create_pipe_inode();
Result<Ref<Inode>> create_socket_inode();

// The one all anonymous files (eventfd, epoll, timerfd, …) share.
Inode& anonymous_inode();

} // namespace linux

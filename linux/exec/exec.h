// SPDX-License-Identifier: BSD-2-Clause
// Replacing the current process's program.
#pragma once

#include "linux/exec/loader.h"

namespace linux {

struct ExecRequest {
    OpenProgram program;
    ProgramArguments arguments;
};
// On success the frame of the current thread starts the new program. Errors: as execve(2); the old
// program goes on.
Result<> execute(ExecRequest& request);

// linux/exec/identity.cpp: the credentials of the new program, by set-id bits and capabilities.
struct ExecIdentity {
    Ref<Credentials> credentials;
    bool secure;
};
Result<ExecIdentity> identity_for(OpenFile& file);

// linux/exec/single.cpp: makes the current task the only one of its process, and its leader.
// Errors: again (another exec or an exit is under way).
Result<> become_single();

} // namespace linux

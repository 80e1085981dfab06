// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace linux {

// exec: a new program starts with no segment bases but what it sets. Current thread.
void clear_user_segments();

} // namespace linux

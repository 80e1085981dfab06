// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace arch {

// Does what other CPUs asked of this one's translation cache. In the call interrupt.
void answer_flush_requests();

} // namespace arch

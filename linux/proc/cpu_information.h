// SPDX-License-Identifier: BSD-2-Clause
// /proc/cpuinfo: the architecture's own words.
#pragma once

#include "base/format.h"
#include "base/result.h"

namespace linux {

Result<> write_cpu_information(base::FormatSink& sink);

} // namespace linux

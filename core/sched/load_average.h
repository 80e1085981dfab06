// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace core {

void start_load_average();

} // namespace core

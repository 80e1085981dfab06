// SPDX-License-Identifier: BSD-2-Clause
// What tests may set in the pretended core.
#pragma once

#include <string>

namespace host_test {

void set_boot_option(const std::string& name, const std::string& value);

} // namespace host_test

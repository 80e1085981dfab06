// SPDX-License-Identifier: BSD-2-Clause
// Kinds of access and the rights of a mapping, under the core's names.
#pragma once

#include "base/protection.h"

namespace core {

using base::Access;
using base::includes;
using base::Protection;

} // namespace core

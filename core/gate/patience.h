// SPDX-License-Identifier: BSD-2-Clause
// How long a handler may run on before it counts as hung, in whichever placement. A healthy one is
// done after a million instructions; how long those take depends on the machine, so its speed is
// measured once.
//
// What runs on is looked at again and again by a timer. A look counts when it comes on time: while
// a virtual processor is not run by its host, time passes and looks come late.
#pragma once

#include "base/units.h"

namespace core {

// Of looks on time. The first call measures, with some ten thousand instructions. Any context.
Nanos hang_limit();

} // namespace core

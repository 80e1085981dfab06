// SPDX-License-Identifier: BSD-2-Clause
#include "core/init/power.h"

#include "arch/api/cpu.h"
#include "arch/api/interrupts.h"
#include "arch/api/power.h"
#include "core/observe/log.h"

namespace core {

void power_off() {
    LOG_INFO("power: off");
    arch::power_off();
}
void restart() {
    LOG_INFO("power: restart");
    arch::restart();
}
void halt() {
    LOG_INFO("power: halted");
    arch::disable_interrupts();
    arch::stop_other_cpus();
    arch::stop_this_cpu();
}

} // namespace core

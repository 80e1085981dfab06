// SPDX-License-Identifier: BSD-2-Clause
// Commits the crime that the command line names (pith.crime=NAME, or list).
#include "core/debug/crime.h"

#ifdef PITH_DEBUG

#include <string_view>

#include "arch/api/backtrace.h"
#include "core/init/command_line.h"
#include "core/init/power.h"
#include "core/init/task.h"
#include "core/observe/log.h"

namespace core {
namespace {

struct Crime {
    std::string_view name;
    void (*commit)();
};
constexpr Crime crimes[] = {
#define CRIME(name, report) {#name, &crime::name},
#include "core/debug/crimes.def"
#undef CRIME
};

void commit_crime() {
    const auto wanted = boot_option("pith.crime");
    if (!wanted)
        return;
    arch::retake_early_console();
    for (const Crime& crime : crimes) {
        if (*wanted == "list") {
            LOG_INFO("crime: {}", crime.name);
        } else if (*wanted == crime.name) {
            LOG_INFO("crime: {} is committed", crime.name);
            crime.commit();
            LOG_INFO("crime: {} succeeded", crime.name);
        }
    }
    LOG_INFO("crime: over");
    power_off();
}

INIT_TASK(crimes, "crimes", "memory watchdog", &commit_crime);

} // namespace
} // namespace core

#endif

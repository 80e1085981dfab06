// SPDX-License-Identifier: BSD-2-Clause
// What core/component and core/device need besides memory and threads, for tests in a Linux
// process.
#include <map>
#include <string>
#include <utility>

#include "arch/api/ports.h"
#include "core/component/embedded.h"
#include "core/init/command_line.h"
#include "core/time/timer.h"
#include "host/test/core_port.h"

extern "C" {
const EmbeddedObject embedded_objects[] = {{"", "", nullptr, nullptr}};
const usize embedded_object_count = 0;
}

namespace arch {

u64 hardware_random() { return 0x0123'4567'89ab'cdef; }
u32 read_port(u16, u32) { return ~u32{0}; }
void write_port(u16, u32, u32) {}

} // namespace arch

namespace {

std::map<std::string, std::string>& options() {
    static std::map<std::string, std::string> map;
    return map;
}

} // namespace

namespace host_test {

void set_boot_option(const std::string& name, const std::string& value) { options()[name] = value; }

} // namespace host_test

namespace core {

std::optional<std::string_view> boot_option(std::string_view name) {
    const auto found = options().find(std::string(name));
    if (found == options().end())
        return {};
    return found->second;
}

u64 boot_option_number(std::string_view name, u64 otherwise) {
    const auto found = boot_option(name);
    return found ? std::strtoull(std::string(*found).c_str(), nullptr, 0) : otherwise;
}

void for_each_boot_word(void (*visit)(std::string_view, bool, void*), void* argument) {
    for (const auto& [name, value] : options())
        visit(name + "=" + value, false, argument);
}

} // namespace core

// SPDX-License-Identifier: BSD-2-Clause
// /dev/console (the last console= on the command line) and /dev/tty (the controlling terminal).
#include "linux/tty/console.h"

#include "core/init/command_line.h"
#include "core/observe/log.h"
#include "linux/devfs/device_registry.h"
#include "linux/process/process_table.h"
#include "linux/tty/device_terminal.h"
#include "linux/tty/port.h"
#include "linux/tty/pty.h"
#include "linux/tty/terminal_file.h"

namespace linux {

namespace {

Result<Ref<OpenFile>> open_controlling(const DeviceNode&, const Path& path, u32 flags) {
    RefOrNull<ControllingTerminal> terminal;
    {
        ProcessTableGuard guard(ProcessTable::lock());
        terminal = Process::current().terminal;
    }
    if (!terminal)
        return Failure(Errno::nxio);
    // Terminal is the only kind of controlling terminal there is.
    auto& found = static_cast<Terminal&>(*terminal);
    return TerminalFile::open(Ref<Terminal>::share(found), path, flags | open_flag::no_tty,
                              TerminalFile::Kind::plain);
}

// The last console= that names a terminal we have; without any, the first terminal.
DeviceTerminal* console_terminal() {
    DeviceTerminal* found = nullptr;
    core::for_each_boot_word(
        [](std::string_view word, bool after_dashes, void* argument) {
            constexpr std::string_view prefix = "console=";
            if (after_dashes || !word.starts_with(prefix))
                return;
            word.remove_prefix(prefix.size());
            const auto comma = word.find(',');
            const std::string_view name(word.data(), comma < word.size() ? comma : word.size());
            if (DeviceTerminal* terminal = find_device_terminal(name))
                *static_cast<DeviceTerminal**>(argument) = terminal;
        },
        &found);
    return found ? found : first_device_terminal();
}

Result<Ref<OpenFile>> open_console(const DeviceNode&, const Path& path, u32 flags) {
    DeviceTerminal* console = console_terminal();
    if (!console)
        return Failure(Errno::nodev);
    return TerminalFile::open(Ref<Terminal>::share(console->terminal()), path,
                              flags | open_flag::no_tty, TerminalFile::Kind::console);
}

void stream_changed(core::ByteStreamDevice& device, bool present) {
    if (!present) {
        if (device.kind() == component::StreamKind::port)
            remove_port(device);
        return;
    }
    const Result<> made = device.kind() == component::StreamKind::port
                              ? create_port(device)
                              : DeviceTerminal::create(device);
    if (!made)
        LOG_ERROR("tty: no terminal for {}: {}", device.name(), made.error());
}

} // namespace

Result<> start_terminals() {
    constexpr u32 auxiliary_major = 5;
    TRY(start_terminal_thread());
    TRY(initialise_devpts());
    TRY(register_device_node("tty", DeviceType::character, auxiliary_major, 0, 0666,
                             open_controlling));
    TRY(register_device_node("console", DeviceType::character, auxiliary_major, 1, 0600,
                             open_console));
    name_device_major(DeviceType::character, 4, "ttyS");
    name_device_major(DeviceType::character, auxiliary_major, "/dev/tty");
    name_device_major(DeviceType::character, 229, "hvc");
    core::set_byte_stream_listener(&stream_changed); // told of those there are, too
    return {};
}

} // namespace linux

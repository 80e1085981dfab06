// SPDX-License-Identifier: BSD-2-Clause
#include "linux/tty/terminal_thread.h"

#include <charconv>

#include "base/immortal.h"
#include "core/gate/waiting.h"
#include "core/init/command_line.h"
#include "core/observe/log.h"
#include "core/task/thread.h"
#include "core/time/clock.h"
#include "linux/tty/console.h"
#include "linux/tty/device_terminal.h"

namespace linux {

namespace {

// All terminals of devices; they are never taken away.
struct Terminals {
    core::Lock<core::lock_class::tty_devices> lock;
    List<DeviceTerminal, &DeviceTerminal::link> list; // guarded by lock
    core::WaitQueue work;
    std::atomic<bool> wanted{false};
};
constinit Immortal<Terminals> g_terminals;
using ListGuard = core::LockGuard<core::lock_class::tty_devices>;

// Whether `word` is console=NAME or console=NAME,OPTIONS of that name; gives the options.
bool names_console(std::string_view word, std::string_view name, std::string_view& options) {
    constexpr std::string_view prefix = "console=";
    if (!word.starts_with(prefix))
        return false;
    word.remove_prefix(prefix.size());
    if (!word.starts_with(name))
        return false;
    word.remove_prefix(name.size());
    if (!word.empty() && word[0] != ',')
        return false;
    if (!word.empty())
        word.remove_prefix(1);
    options = word;
    return true;
}

struct ConsoleQuery {
    std::string_view name;
    bool found = false;
    bool any = false; // there is a console= at all
    std::string_view options{};
};

void visit_word(std::string_view word, bool after_dashes, void* argument) {
    auto& query = *static_cast<ConsoleQuery*>(argument);
    if (after_dashes)
        return;
    query.any = query.any || word.starts_with("console=");
    query.found = names_console(word, query.name, query.options) || query.found;
}

ConsoleQuery query_console(std::string_view name) {
    ConsoleQuery query{.name = name};
    core::for_each_boot_word(visit_word, &query);
    return query;
}

// Shows the log's next records on a console. False once the device has no room.
bool show_log(DeviceTerminal& console) {
    core::LogRecord record;
    while (core::read_log(console.log_position, record)) {
        if (console.log_position != record.sequence) {
            console.log_position = record.sequence; // some were lost
            console.log_offset = 0;
        }
        const u64 micros = record.time.value / 1000;
        const base::Text<320> line("[{:5}.{:06}] {}\r\n", micros / 1'000'000, micros % 1'000'000,
                                   std::string_view(record.text, record.length));
        if (static_cast<u8>(record.level) < core::console_level()) {
            const std::string_view text = line.view();
            while (console.log_offset < text.size()) {
                const u32 sent = console.terminal().write_kernel_text(
                    {reinterpret_cast<const u8*>(text.data()) + console.log_offset,
                     text.size() - console.log_offset});
                if (sent == 0)
                    return false;
                console.log_offset += sent;
            }
        }
        console.log_offset = 0;
        ++console.log_position;
    }
    core::log_was_shown(console.log_position);
    return true;
}

void run_terminals(void*) {
    while (true) {
        (void)g_terminals->work.wait(
            [] { return g_terminals->wanted.load(std::memory_order_relaxed); },
            core::Sleep::uninterruptible);
        g_terminals->wanted.store(false);
        ListGuard guard(g_terminals->lock);
        for (DeviceTerminal& terminal : g_terminals->list) {
            if (terminal.is_log_console)
                show_log(terminal);
            terminal.work();
        }
    }
}

void log_line_ready() { wake_terminal_thread(); }

bool is_drained(DeviceTerminal& terminal) {
    const bool shown = !terminal.is_log_console || terminal.log_position >= core::log_end();
    return shown && terminal.terminal().output_count() == 0 && terminal.unsent() == 0;
}

bool all_are_drained() {
    ListGuard guard(g_terminals->lock);
    for (DeviceTerminal& terminal : g_terminals->list) {
        if (!is_drained(terminal))
            return false;
    }
    return true;
}

} // namespace

void drain_device_terminals(Nanos limit) {
    const Nanos end = core::now() + limit;
    // Nobody tells when a device has sent its last byte: look again now and then.
    while (!all_are_drained() && core::now() < end)
        core::wait_until(core::now() + base::milliseconds(1));
}

void wake_terminal_thread() {
    if (!g_terminals->wanted.exchange(true))
        g_terminals->work.wake_all();
}

Result<> start_terminal_thread() {
    auto thread = TRY(core::Thread::create_kernel("terminals", &run_terminals, nullptr));
    thread->start();
    return {};
}

void enlist_device_terminal(DeviceTerminal& terminal) {
    const ConsoleQuery query = query_console(terminal.name());
    const bool first = first_device_terminal() == nullptr;
    terminal.is_log_console = query.found || (!query.any && first);
    if (terminal.is_log_console)
        terminal.log_position = core::hand_console_over(&log_line_ready);
    ListGuard guard(g_terminals->lock);
    g_terminals->list.push_back(terminal);
}

u32 console_speed(std::string_view name) {
    const ConsoleQuery query = query_console(name);
    u32 speed = 0;
    const std::string_view text = query.options;
    std::from_chars(text.data(), text.data() + text.size(), speed);
    return speed != 0 ? speed : 9600;
}

DeviceTerminal* find_device_terminal(std::string_view name) {
    ListGuard guard(g_terminals->lock);
    for (DeviceTerminal& terminal : g_terminals->list)
        if (terminal.name() == name)
            return &terminal;
    return nullptr;
}

DeviceTerminal* first_device_terminal() {
    ListGuard guard(g_terminals->lock);
    return g_terminals->list.empty() ? nullptr : &g_terminals->list.front();
}

} // namespace linux

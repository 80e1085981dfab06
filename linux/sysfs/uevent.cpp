// SPDX-License-Identifier: BSD-2-Clause
#include "linux/sysfs/uevent.h"

#include "linux/socket/uevent_socket.h"

namespace linux {

namespace {

constinit std::atomic<u64> g_sequence{0};

constexpr std::string_view actions[] = {"add",    "remove",  "change", "move",
                                        "online", "offline", "bind",   "unbind"};

// Variables end with `end`: a newline in the file, NUL in an event.
class EndingSink final : public base::FormatSink {
public:
    EndingSink(base::FormatSink& sink, char end) : sink_(sink), end_(end) {}
    void write(std::string_view text) override {
        while (!text.empty()) {
            const usize line = text.find('\n');
            sink_.write(text.substr(0, line));
            if (line == text.npos)
                return;
            sink_.write({&end_, 1});
            text.remove_prefix(line + 1);
        }
    }

private:
    base::FormatSink& sink_;
    const char end_;
};

// What the file and the events have in common.
void write_variables(const SysNode& node, base::FormatSink& sink) {
    const SysNode::Facts& facts = node.facts();
    if (facts.has_number)
        base::format(sink, "MAJOR={}\nMINOR={}\n", facts.number.major, facts.number.minor);
    if (facts.device_name[0])
        base::format(sink, "DEVNAME={}\n", std::string_view(facts.device_name));
    if (facts.device_type)
        base::format(sink, "DEVTYPE={}\n", std::string_view(facts.device_type));
    if (facts.describe)
        facts.describe(node, sink);
}

} // namespace

u64 last_uevent() { return g_sequence.load(std::memory_order_relaxed); }

void send_uevent(const SysNode& node, std::string_view action, std::string_view extra) {
    const SysNode::Facts& facts = node.facts();
    if (!facts.subsystem)
        return;
    const u64 sequence = g_sequence.fetch_add(1, std::memory_order_relaxed) + 1;
    if (!UeventSockets::has_listeners())
        return;
    ProcText text;
    EndingSink sink(text, '\0');
    base::format(sink, "{}@", action);
    node.write_path(sink);
    base::format(sink, "\nACTION={}\nDEVPATH=", action);
    node.write_path(sink);
    base::format(sink, "\nSUBSYSTEM={}\n", std::string_view(facts.subsystem));
    if (!extra.empty())
        base::format(sink, "{}\n", extra);
    write_variables(node, sink);
    base::format(sink, "SEQNUM={}\n", sequence);
    if (!text.failed())
        UeventSockets::broadcast(text.view());
}

Result<> show_uevent(const ProcSubject& subject, base::FormatSink& sink) {
    write_variables(*TRY(node_of(subject)), sink);
    return {};
}

// "ACTION", or "ACTION UUID" (Documentation/ABI/testing/sysfs-uevent).
Result<> store_uevent(const ProcSubject& subject, std::string_view text) {
    const Ref<SysNode> node = TRY(node_of(subject));
    text = trim(text);
    const usize space = text.find(' ');
    const std::string_view action = text.substr(0, space);
    bool known = false;
    for (const std::string_view each : actions)
        known = known || each == action;
    const std::string_view uuid =
        space == text.npos ? std::string_view("0") : text.substr(space + 1);
    if (!known || uuid.size() > 36 || uuid.find(' ') != uuid.npos)
        return Failure(Errno::inval);
    const base::Text<64> extra("SYNTH_UUID={}", uuid);
    send_uevent(*node, action, extra.view());
    return {};
}

} // namespace linux

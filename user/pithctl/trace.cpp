// SPDX-License-Identifier: BSD-2-Clause
// pithctl trace: has the kernel trace for a while, and prints what it recorded as a Chrome trace
// ("Trace Event Format"), which chrome://tracing, Perfetto and speedscope open: a lane for each CPU
// with who ran there, a lane for each instance with its requests, and marks for the rest.
#include "user/pithctl/facts.h"

namespace pithctl {
namespace {

using runtime::Call;
using runtime::File;

constexpr const char* enable_file = "/sys/pith/trace/enable";
constexpr const char* records_file = "/sys/pith/trace/records";
constexpr u32 maximum_cpus = 64;
constexpr u64 cpu_lanes = 1, request_lanes = 2; // Chrome's process numbers

// Takes the first word off the text.
std::string_view next_word(std::string_view& text) {
    const usize start = text.find_first_not_of(' ');
    text = start == text.npos ? std::string_view() : text.substr(start);
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

u64 decimal(std::string_view text) {
    u64 value = 0;
    for (const char c : text)
        value = c >= '0' && c <= '9' ? value * 10 + static_cast<u64>(c - '0') : value;
    return value;
}

// "name=value" of that name in the rest of a line.
std::string_view value_of(std::string_view rest, std::string_view name) {
    while (true) {
        const std::string_view word = next_word(rest);
        if (word.empty())
            return {};
        if (word.starts_with(name) && word.substr(name.size()).starts_with("="))
            return word.substr(name.size() + 1);
    }
}

struct Line {
    u64 time, cpu;
    std::string_view thread, event, rest;
};

// Nanoseconds as the microseconds that the format wants.
struct Micros {
    u64 nanos;
    void print(Output& out) const {
        const u64 part = nanos % 1000;
        out.print("{}.{}{}{}", nanos / 1000, part / 100, part / 10 % 10, part % 10);
    }
};

class ChromeTrace {
public:
    explicit ChromeTrace(Output& out) : out_(out) {
        out_.print("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
                   "{{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":{},\"args\":{{\"name\":"
                   "\"CPUs\"}}}},\n{{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":{},"
                   "\"args\":{{\"name\":\"components\"}}}}",
                   cpu_lanes, request_lanes);
    }
    ~ChromeTrace() { out_.print("\n]}}\n"); }

    void add(const Line& line) {
        if (line.cpu >= maximum_cpus)
            return;
        if (line.event == "thread_switch")
            add_switch(line);
        else if (line.event == "request_begin" || line.event == "request_end")
            add_request(line);
        else
            add_mark(line);
    }

private:
    struct Running {
        u64 since = 0;
        char thread[24] = {};
        usize length = 0;
        std::string_view name() const { return {thread, length}; }
    };

    void begin(std::string_view phase, std::string_view name, u64 time) {
        out_.print(",\n{{\"ph\":\"{}\",\"name\":\"", phase);
        for (const char c : name) // nothing that JSON would want escaped
            out_.write(c == '"' || c == '\\' ? "_" : std::string_view(&c, 1));
        out_.print("\",\"ts\":");
        Micros(time).print(out_);
    }

    // The thread that ran until now is a box from its beginning to here.
    void add_switch(const Line& line) {
        Running& running = running_[line.cpu];
        if (running.since != 0) {
            begin("X", running.name(), running.since);
            out_.print(",\"dur\":");
            Micros(line.time - running.since).print(out_);
            out_.print(",\"pid\":{},\"tid\":{}}}", cpu_lanes, line.cpu);
        }
        running.since = line.time;
        running.length = line.thread.copy(running.thread, sizeof running.thread);
    }

    void add_request(const Line& line) {
        const std::string_view instance = value_of(line.rest, "instance");
        const base::Text<64> name("{} {}", instance, value_of(line.rest, "operation"));
        begin(line.event == "request_begin" ? "b" : "e", name.view(), line.time);
        out_.print(",\"cat\":\"{}\",\"id\":\"{}/{}\",\"pid\":{},\"tid\":{}}}", instance, instance,
                   value_of(line.rest, "id"), request_lanes, line.cpu);
    }

    void add_mark(const Line& line) {
        begin("i", line.event, line.time);
        out_.print(",\"s\":\"t\",\"pid\":{},\"tid\":{},\"args\":{{\"thread\":\"{}\"", cpu_lanes,
                   line.cpu, line.thread);
        for (std::string_view rest = line.rest, word; !(word = next_word(rest)).empty();) {
            const usize equals = word.find('=');
            if (equals != word.npos)
                out_.print(",\"{}\":\"{}\"", word.substr(0, equals), word.substr(equals + 1));
        }
        out_.print("}}}}");
    }

    Output& out_;
    Running running_[maximum_cpus];
};

// Feeds the lines of the records to `trace`.
Result<> convert(ChromeTrace& trace) {
    const File records = TRY(File::open(records_file, File::Mode::read));
    char buffer[4096];
    usize held = 0;
    while (true) {
        const u64 length = TRY(records.read(std::span(buffer).subspan(held)));
        if (length == 0)
            return {};
        held += length;
        std::string_view text(buffer, held);
        for (usize end = text.find('\n'); end != text.npos; end = text.find('\n')) {
            std::string_view line = text.substr(0, end);
            text.remove_prefix(end + 1);
            const u64 time = decimal(next_word(line)), cpu = decimal(next_word(line));
            const std::string_view thread = next_word(line), event = next_word(line);
            trace.add({time, cpu, thread, event, line});
        }
        held = text.size() == sizeof buffer ? 0 : text.size(); // no line is as long as that
        text.copy(buffer, held);
    }
}

Result<> switch_tracing(std::string_view to) {
    const File enable = TRY(File::open(enable_file, File::Mode::write));
    return enable.write(to);
}

} // namespace

i32 trace(Words words, Output& out) {
    const u64 seconds = words.empty() ? 1 : decimal(words[0]);
    if (words.size() > 1 || seconds == 0 || seconds > 3600)
        return show_usage();
    if (const Result<> started = switch_tracing("1"); !started)
        return complain(enable_file, started.error());
    const u64 time[2] = {seconds, 0};
    runtime::raw_call(Call::nanosleep, runtime::address_of(time), 0);
    Result<> done = switch_tracing("0");
    ChromeTrace chrome(out);
    if (done)
        done = convert(chrome);
    return done ? success : complain(records_file, done.error());
}

} // namespace pithctl

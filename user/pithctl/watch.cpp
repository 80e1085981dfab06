// SPDX-License-Identifier: BSD-2-Clause
// pithctl top and log.
#include "user/pithctl/facts.h"

namespace pithctl {
namespace {

using runtime::Call;
using runtime::File;

struct Sample {
    char name[40];
    u8 length = 0;
    u64 answered = 0;
    std::string_view view() const { return {name, length}; }
};

class Samples {
public:
    // What was answered since the last look; all of it at the first.
    u64 exchange(std::string_view name, u64 answered) {
        for (usize i = 0; i < count_; ++i) {
            if (samples_[i].view() == name) {
                const u64 before = std::exchange(samples_[i].answered, answered);
                return answered >= before ? answered - before : answered;
            }
        }
        if (count_ == Names::capacity)
            return 0;
        Sample& sample = samples_[count_++];
        sample.length = static_cast<u8>(name.copy(sample.name, sizeof sample.name));
        sample.answered = answered;
        return answered;
    }

private:
    Sample samples_[Names::capacity];
    usize count_ = 0;
};

void sleep_a_second() {
    const u64 second[2] = {1, 0};
    runtime::raw_call(Call::nanosleep, runtime::address_of(second), 0);
}

void show_round(Output& out, const Names& names, Samples& samples) {
    out.print("{:<18}{:<9}{:<9}{:>9} {:>9} {:>7} {:>8} {:>6} {:>11}\n", "INSTANCE", "PLACED",
              "STATE", "REQ/S", "IN FLIGHT", "QUEUED", "RESTARTS", "MOVES", "PAUSE (us)");
    for (usize i = 0; i < names.count(); ++i) {
        const auto placement = Fact::read(instances, names[i], "placement");
        const auto state = Fact::read(instances, names[i], "state");
        const auto statistics = Fact::read(instances, names[i], "statistics");
        if (!placement || !state || !statistics)
            continue; // it ended meanwhile
        out.print("{:<18}{:<9}{:<9}{:>9} {:>9} {:>7} {:>8} {:>6} {:>11}\n", names[i],
                  placement->text(), state->text(),
                  samples.exchange(names[i], statistics->number("answered")),
                  statistics->number("in_flight"), statistics->number("queued"),
                  statistics->number("restarts"), statistics->number("moves"),
                  statistics->number("longest_pause_ns") / 1000);
    }
    out.flush();
}

// 0 for no number.
u64 number_of(std::string_view text) {
    u64 value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9' || value > 1'000'000)
            return 0;
        value = value * 10 + static_cast<u64>(c - '0');
    }
    return value;
}

bool is_about(std::string_view line, std::string_view name) {
    return line.starts_with(name) && line.substr(name.size()).starts_with(":");
}

bool is_about_any(std::string_view line, const Names& names) {
    if (line.starts_with("component "))
        return true;
    for (usize i = 0; i < names.count(); ++i) {
        if (is_about(line, names[i]))
            return true;
    }
    return false;
}

} // namespace

i32 top(Words words, Output& out) {
    u64 rounds = 0; // for ever
    if (!words.empty()) {
        rounds = words.size() == 2 && std::string_view(words[0]) == "-n" ? number_of(words[1]) : 0;
        if (rounds == 0)
            return show_usage();
    }
    static Samples samples;
    for (u64 round = 0; rounds == 0 || round < rounds; ++round) {
        if (round != 0)
            sleep_a_second();
        Names names;
        if (const Result<> read = names.read(instances); !read)
            return complain(instances, read.error());
        if (rounds == 0)
            out.print("\x1b[H\x1b[J"); // the whole screen
        show_round(out, names, samples);
    }
    return success;
}

i32 log(Words words, Output& out) {
    if (words.size() > 1)
        return show_usage();
    const auto messages = File::open("/dev/kmsg", File::Mode::read_without_waiting);
    if (!messages)
        return complain("/dev/kmsg", messages.error());
    Names names;
    if (words.empty())
        (void)names.read(instances);
    char record[1024];
    while (true) {
        // A record a read: "level,sequence,microseconds,flag;text\n".
        const auto length = messages->read(record);
        if (!length && length.error() == Errno::pipe)
            continue; // records were overwritten meanwhile
        if (!length || *length == 0)
            return success;
        std::string_view line(record, *length);
        const usize text = line.find(';');
        line = line.substr(text == line.npos ? 0 : text + 1);
        line = line.substr(0, line.find('\n'));
        if (words.empty() ? is_about_any(line, names) : is_about(line, words[0]))
            out.print("{}\n", line);
    }
}

} // namespace pithctl

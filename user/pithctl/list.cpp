// SPDX-License-Identifier: BSD-2-Clause
// pithctl list: a table for people, or JSON for programs.
#include "user/pithctl/facts.h"

namespace pithctl {
namespace {

struct Options {
    bool hash = false;
    bool json = false;
    bool objects = false;
};

std::string_view text_of(const Result<Fact>& fact) {
    return fact ? fact->text() : std::string_view("?");
}

void list_instance(Output& out, std::string_view name, const Options& options) {
    const auto component = Fact::read(instances, name, "component");
    const auto state = Fact::read(instances, name, "state");
    const auto placement = Fact::read(instances, name, "placement");
    const auto device = Fact::read(instances, name, "device");
    const auto statistics = Fact::read(instances, name, "statistics");
    if (!statistics)
        return; // it ended meanwhile
    out.print("{:<18}{:<16}{:<9}{:<9}{:<16}{:>9} {:>8} {:>6}\n", name, text_of(component),
              text_of(placement), text_of(state), text_of(device), statistics->number("answered"),
              statistics->number("restarts"), statistics->number("moves"));
    if (!options.hash)
        return;
    const auto hash = Fact::read(instances, name, "hash");
    out.print("  object {}\n  text   {}\n", hash ? hash->word("object") : text_of(hash),
              hash ? hash->word("text") : text_of(hash));
}

// Facts are words of letters, digits and few signs: nothing needs escaping.
void list_instance_as_json(Output& out, std::string_view name, const Options& options) {
    const auto statistics = Fact::read(instances, name, "statistics");
    if (!statistics)
        return;
    out.print("{c}\"name\": \"{}\"", '{', name);
    for (const std::string_view file : {"component", "state", "placement", "device"})
        out.print(", \"{}\": \"{}\"", file, text_of(Fact::read(instances, name, file)));
    for (const std::string_view key :
         {"answered", "in_flight", "queued", "repeated", "convicted", "restarts", "kills", "moves",
          "last_pause_ns", "longest_pause_ns", "last_recovery_ns"})
        out.print(", \"{}\": {}", key, statistics->number(key));
    if (options.hash) {
        const auto hash = Fact::read(instances, name, "hash");
        if (hash)
            out.print(", \"object\": \"{}\", \"text\": \"{}\"", hash->word("object"),
                      hash->word("text"));
    }
    out.print("{c}", '}');
}

i32 list_objects(Output& out, const Options& options) {
    Names names;
    if (const Result<> read = names.read(objects); !read)
        return complain(objects, read.error());
    if (!options.json)
        out.print("{:<18}{:<9}{:<9}{:>9} {:<14}\n", "OBJECT", "VERSION", "PLACED", "BYTES", "FROM");
    for (usize i = 0; i < names.count(); ++i) {
        const auto version = Fact::read(objects, names[i], "version");
        const auto placement = Fact::read(objects, names[i], "placement");
        const auto size = Fact::read(objects, names[i], "size");
        const auto origin = Fact::read(objects, names[i], "origin");
        const auto hash = options.hash ? Fact::read(objects, names[i], "hash") : Fact();
        if (!options.json) {
            out.print("{:<18}{:<9}{:<9}{:>9} {:<14}\n", names[i], text_of(version),
                      text_of(placement), text_of(size), text_of(origin));
            if (options.hash)
                out.print("  object {}\n", text_of(hash));
            continue;
        }
        out.print("{}{c}\"name\": \"{}\", \"version\": \"{}\", \"placement\": \"{}\", \"size\": "
                  "{}, \"origin\": \"{}\"",
                  i ? ",\n " : "[", '{', names[i], text_of(version), text_of(placement),
                  text_of(size), text_of(origin));
        if (options.hash)
            out.print(", \"object\": \"{}\"", text_of(hash));
        out.print("{c}", '}');
    }
    if (options.json)
        out.print("{}]\n", names.count() ? "" : "[");
    return success;
}

} // namespace

i32 list(Words words, Output& out) {
    Options options;
    for (const std::string_view word : words) {
        options.hash |= word == "--hash";
        options.json |= word == "--json";
        options.objects |= word == "--objects";
        if (word != "--hash" && word != "--json" && word != "--objects")
            return show_usage();
    }
    if (options.objects)
        return list_objects(out, options);
    Names names;
    if (const Result<> read = names.read(instances); !read)
        return complain(instances, read.error());
    if (!options.json)
        out.print("{:<18}{:<16}{:<9}{:<9}{:<16}{:>9} {:>8} {:>6}\n", "INSTANCE", "COMPONENT",
                  "PLACED", "STATE", "DEVICE", "ANSWERED", "RESTARTS", "MOVES");
    for (usize i = 0; i < names.count(); ++i) {
        if (!options.json) {
            list_instance(out, names[i], options);
            continue;
        }
        out.print(i ? ",\n " : "[");
        list_instance_as_json(out, names[i], options);
    }
    if (options.json)
        out.print("{}]\n", names.count() ? "" : "[");
    return success;
}

} // namespace pithctl

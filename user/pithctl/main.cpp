// SPDX-License-Identifier: BSD-2-Clause
#include "user/pithctl/pithctl.h"

namespace pithctl {
namespace {

struct Command {
    std::string_view name;
    i32 (*run)(Words words, Output& out);
    std::string_view arguments;
    std::string_view summary;
};
constexpr Command commands[] = {
    {"list", list, "[--hash] [--json] [--objects]", "instances, or the objects they are made of"},
    {"move", move, "INSTANCE builtin|module|server", "goes on there; programs see a pause"},
    {"kill", control, "INSTANCE", "ends it at once; a fresh life follows"},
    {"restart", control, "INSTANCE", "a fresh life, also for one that was given up"},
    {"inject", inject, "INSTANCE KIND [--seed N]", "makes a fault in it; if the kernel allows"},
    {"load", load, "FILE", "adds a component's object; devices nobody drives are offered to it"},
    {"swap", swap, "INSTANCE FILE", "goes on with another version; programs see a pause"},
    {"unload", unload, "OBJECT", "forgets a loaded object; its instances end, unless one is used"},
    {"top", top, "[-n ROUNDS]", "what each instance does, every second"},
    {"trace", trace, "[SECONDS]", "what CPUs and instances do, for chrome://tracing or Perfetto"},
    {"log", log, "[INSTANCE]", "the kernel's words about components"},
};

std::string_view text_of(Errno error) {
    switch (error) {
#define PITH_ERRNO(name, value, text)                                                              \
    case Errno::name: return text;
#include "base/errno.def"
#undef PITH_ERRNO
    }
    return "unknown error";
}

} // namespace

i32 complain(std::string_view subject, std::string_view why) {
    Output(2).print("pithctl: {}: {}\n", subject, why);
    return failure;
}

i32 complain(std::string_view subject, Errno error) { return complain(subject, text_of(error)); }

i32 show_usage() {
    Output error(2);
    error.print("usage: pithctl COMMAND\n\n");
    for (const Command& command : commands)
        error.print("  {:<8}{:<34}{}\n", command.name, command.arguments, command.summary);
    return usage_error;
}

} // namespace pithctl

i32 runtime::run_program(std::span<const char* const> arguments) {
    using namespace pithctl;
    if (arguments.empty())
        return show_usage();
    for (const Command& command : commands) {
        if (command.name != std::string_view(arguments[0]))
            continue;
        Output out(1);
        // kill and restart share a function, which wants to know the verb.
        return command.run(command.run == control ? arguments : arguments.subspan(1), out);
    }
    return show_usage();
}

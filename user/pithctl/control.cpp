// SPDX-License-Identifier: BSD-2-Clause
// pithctl move, kill, restart, load, unload: each one write or call, and words for its errors.
#include "user/pithctl/facts.h"

namespace pithctl {
namespace {

using runtime::Call;
using runtime::File;

i32 complain_of_instance(std::string_view name, Errno error) {
    switch (error) {
    case Errno::noent: return complain(name, "there is no such instance (see `pithctl list`)");
    case Errno::acces:
    case Errno::perm: return complain(name, "only root may do that");
    case Errno::busy: return complain(name, "it does not run now");
    case Errno::opnotsupp: return complain(name, "it cannot live there");
    case Errno::inval: return complain(name, "it knows no such placement or verb");
    case Errno::nodev: return complain(name, "its device is gone");
    default: return complain(name, error);
    }
}

} // namespace

i32 move(Words words, Output&) {
    if (words.size() != 2 || !*words[1]) // nothing written would be nothing refused
        return show_usage();
    const Result<> moved = write_fact(words[0], "placement", words[1]);
    return moved ? success : complain_of_instance(words[0], moved.error());
}

i32 control(Words words, Output&) {
    if (words.size() != 2)
        return show_usage();
    const Result<> done = write_fact(words[1], "control", words[0]);
    return done ? success : complain_of_instance(words[1], done.error());
}

i32 inject(Words words, Output&) {
    const bool has_seed = words.size() == 4 && std::string_view(words[2]) == "--seed";
    if (words.size() != 2 && !has_seed)
        return show_usage();
    const base::Text<96> order("{} {}", words[1], has_seed ? words[3] : "0");
    const Result<> done = write_fact(words[0], "inject", order.view());
    if (done)
        return success;
    switch (done.error()) {
    case Errno::opnotsupp:
        return complain(words[0], "this kernel takes no faults (a debug kernel does, and one "
                                  "started with pith.inject)");
    case Errno::inval: {
        const auto kinds = Fact::read(instances, words[0], "inject");
        complain(words[1], "no such kind, or no number behind --seed; the kinds are");
        Output(2).print("{}\n", kinds ? kinds->text() : std::string_view());
        return failure;
    }
    case Errno::nodev: return complain(words[0], "it has no interrupts");
    case Errno::noent:
        return complain(words[0], "there is no such instance, or no such instruction in it");
    default: return complain_of_instance(words[0], done.error());
    }
}

i32 swap(Words words, Output&) {
    if (words.size() != 2)
        return show_usage();
    const auto file = File::open(words[1], File::Mode::read);
    if (!file)
        return complain(words[1], file.error());
    const base::Text<64> order("swap={}{}", words[0], '\0');
    const auto done = runtime::checked(runtime::raw_call(
        Call::finit_module, file->number(), runtime::address_of(order.view().data()), 0));
    if (done)
        return success;
    switch (done.error()) {
    case Errno::inval: return complain(words[1], "the object of another component");
    case Errno::noexec: return complain(words[1], "no component for this kernel; the log says why");
    case Errno::protonosupport:
        return complain(words[1], "it waits or calls others differently, so it cannot take over");
    case Errno::opnotsupp: return complain(words[1], "it cannot migrate the state of this version");
    case Errno::io: return complain(words[0], "it ended on the way; a fresh life follows");
    case Errno::nosys: return complain(words[1], "this kernel loads no components");
    default: return complain_of_instance(words[0], done.error());
    }
}

i32 load(Words words, Output&) {
    if (words.size() != 1)
        return show_usage();
    const auto file = File::open(words[0], File::Mode::read);
    if (!file)
        return complain(words[0], file.error());
    const auto loaded = runtime::checked(
        runtime::raw_call(Call::finit_module, file->number(), runtime::address_of(""), 0));
    if (loaded)
        return success;
    switch (loaded.error()) {
    case Errno::exist: return complain(words[0], "there is a component of that name");
    case Errno::noexec: return complain(words[0], "no component for this kernel; the log says why");
    case Errno::perm: return complain(words[0], "only root may do that");
    case Errno::nosys: return complain(words[0], "this kernel loads no components");
    default: return complain(words[0], loaded.error());
    }
}

i32 unload(Words words, Output&) {
    if (words.size() != 1)
        return show_usage();
    const auto gone =
        runtime::checked(runtime::raw_call(Call::delete_module, runtime::address_of(words[0]), 0));
    if (gone)
        return success;
    switch (gone.error()) {
    case Errno::noent: return complain(words[0], "there is no such object");
    case Errno::busy: return complain(words[0], "it is in use, or part of the kernel image");
    case Errno::perm: return complain(words[0], "only root may do that");
    default: return complain(words[0], gone.error());
    }
}

} // namespace pithctl

// SPDX-License-Identifier: BSD-2-Clause
// /sys/pith: components and their instances, to be seen and to be told what to do. A file holds one
// fact; `placement` takes a new one, `control` takes a verb. docs/components.md lists them.
#include "core/component/manager.h"
#include "core/init/command_line.h"
#include "linux/proc/component_objects.h"
#include "linux/proc/tables.h"

namespace linux {

namespace {

using core::ComponentObject;
using core::Home;
using core::Instance;

constexpr ProcEntry end_of_table{.name = nullptr, .mode = 0};

// --- one instance

Result<Ref<Instance>> instance_of(const ProcSubject& subject) {
    auto found = core::find_instance(subject.index);
    if (!found)
        return Failure(Errno::nodev);
    return found;
}

bool instance_is_current(const ProcSubject& subject) {
    return core::find_instance(subject.index).has_value();
}

std::string_view state_name(core::InstanceState state) {
    constexpr std::string_view names[] = {"starting", "running", "crashed", "failed", "stopped"};
    return names[static_cast<u32>(state)];
}

void write_hash(base::FormatSink& sink, const base::Sha256Digest& digest) {
    for (const u8 byte : digest)
        base::format(sink, "{:02x}", byte);
}

Result<> show_component(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", TRY(instance_of(subject))->object().name());
    return {};
}

// Of the code that runs, and of the layout of its state.
Result<> show_version(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<Instance> instance = TRY(instance_of(subject));
    const component::Descriptor& descriptor = instance->object().descriptor();
    const component::Version version = descriptor.version;
    base::format(sink, "version {}.{}.{}\nlayout {}\n", version.major, version.minor,
                 version.patch, descriptor.state_layout);
    return {};
}

Result<> show_state(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", state_name(TRY(instance_of(subject))->state()));
    return {};
}

Result<> show_placement(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", core::placement_name(TRY(instance_of(subject))->placement()));
    return {};
}

Result<> store_placement(const ProcSubject& subject, std::string_view text) {
    const auto wanted = core::parse_placement(trim(text));
    if (!wanted)
        return Failure(Errno::inval);
    return TRY(instance_of(subject))->move(*wanted);
}

Result<> store_control(const ProcSubject& subject, std::string_view text) {
    const Ref<Instance> instance = TRY(instance_of(subject));
    const std::string_view verb = trim(text);
    if (verb == "kill")
        return instance->kill();
    if (verb == "restart")
        return instance->restart();
    return Failure(Errno::inval);
}

// The kinds there are. A write is "KIND SEED"; without a seed it is 0.
Result<> show_inject(const ProcSubject&, base::FormatSink& sink) {
    for (u32 i = 0; i < core::fault_kind_count; ++i)
        base::format(sink, "{}\n", core::fault_kind_name(static_cast<core::FaultKind>(i)));
    return {};
}

Result<> store_inject(const ProcSubject& subject, std::string_view text) {
    const std::string_view words = trim(text);
    const usize space = words.find(' ');
    const auto kind = core::parse_fault_kind(words.substr(0, space));
    u64 seed = 0;
    if (space != words.npos) {
        const auto number = core::parse_number(words.substr(space + 1));
        if (!number)
            return Failure(Errno::inval);
        seed = *number;
    }
    if (!kind)
        return Failure(Errno::inval);
    return TRY(instance_of(subject))->inject(*kind, seed);
}

Result<> show_device(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<Instance> instance = TRY(instance_of(subject));
    const core::Device* device = instance->device();
    base::format(sink, "{}\n", device ? device->name() : std::string_view("none"));
    return {};
}

Result<> show_hash(const ProcSubject& subject, base::FormatSink& sink) {
    const Home::Facts facts = TRY(TRY(instance_of(subject))->home_facts());
    sink.write("object ");
    write_hash(sink, facts.object_hash);
    sink.write("\ntext ");
    write_hash(sink, facts.text_hash);
    sink.write("\n");
    return {};
}

Result<> show_statistics(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<Instance> instance = TRY(instance_of(subject));
    const core::Strand& strand = instance->strand();
    const Instance::Figures& figures = instance->figures();
    base::format(sink, "answered {}\nin_flight {}\nqueued {}\nrepeated {}\nconvicted {}\n",
                 strand.answered(), strand.in_flight(), strand.queued(), strand.repeated(),
                 strand.convicted());
    base::format(sink, "orphaned {}\n", strand.orphaned());
    base::format(sink, "restarts {}\nkills {}\nmoves {}\nswaps {}\nroll_backs {}\n",
                 figures.restarts, figures.kills, figures.moves, figures.swaps,
                 figures.roll_backs);
    const core::Injection& injection = instance->injection();
    base::format(sink, "strays {}\n", instance->strays());
    base::format(sink, "injected {}\nactivated {}\n", injection.injected(), injection.activated());
    base::format(sink, "last_pause_ns {}\nlongest_pause_ns {}\nlast_pause_busy_ns {}\n",
                 figures.last_pause.value, figures.longest_pause.value,
                 figures.last_pause_busy.value);
    base::format(sink, "last_recovery_ns {}\n", figures.last_recovery.value);
    return {};
}

// What the component itself counts.
Result<> show_counters(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<Instance> instance = TRY(instance_of(subject));
    const component::Descriptor& descriptor = instance->object().descriptor();
    for (u32 i = 0; i < descriptor.counter_count; ++i)
        base::format(sink, "{} {}\n", std::string_view(descriptor.counters[i]),
                     instance->counter(i));
    return {};
}

constexpr ProcEntry fact(const char* name,
                         Result<> (*show)(const ProcSubject&, base::FormatSink&)) {
    return {.name = name,
            .mode = file_mode::regular | 0444,
            .show = show,
            .is_current = instance_is_current};
}

constexpr ProcEntry instance_entries[] = {
    fact("component", show_component),
    {.name = "control",
     .mode = file_mode::regular | 0200,
     .store = store_control,
     .is_current = instance_is_current},
    fact("counters", show_counters),
    fact("device", show_device),
    fact("hash", show_hash),
    {.name = "inject",
     .mode = file_mode::regular | 0600,
     .show = show_inject,
     .store = store_inject,
     .is_current = instance_is_current},
    {.name = "placement",
     .mode = file_mode::regular | 0644,
     .show = show_placement,
     .store = store_placement,
     .is_current = instance_is_current},
    fact("state", show_state),
    fact("statistics", show_statistics),
    fact("version", show_version),
    end_of_table,
};

constexpr ProcEntry instance_directory{.name = "",
                                       .mode = file_mode::directory | 0755,
                                       .children = instance_entries,
                                       .is_current = instance_is_current};

Result<RefOrNull<Inode>> find_instance_entry(ProcInode& directory, std::string_view name) {
    const auto found = core::find_instance(name);
    if (!found)
        return RefOrNull<Inode>();
    const ProcSubject subject{.index = (*found)->number()};
    return RefOrNull<Inode>(
        TRY(ProcInode::create_inode(directory.super_block(), instance_directory, subject)));
}

Result<> list_instances(ProcInode& directory, u64 position, DirectorySink& sink) {
    u32 from = static_cast<u32>(position - first_dynamic_position);
    while (auto found = core::next_instance(from)) {
        const u32 number = (*found)->number();
        const u64 inode = 0x8000'0000 + (directory.number() << 8) + number;
        if (!sink.add((*found)->name(), inode, file_mode::directory,
                      first_dynamic_position + number + 1))
            break;
        from = number + 1;
    }
    return {};
}

// --- one object

Result<> show_object_hash(const ProcSubject& subject, base::FormatSink& sink) {
    write_hash(sink, base::sha256(TRY(object_of(subject))->bytes()));
    sink.write("\n");
    return {};
}

Result<> show_object_size(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", TRY(object_of(subject))->bytes().size());
    return {};
}

Result<> show_object_origin(const ProcSubject& subject, base::FormatSink& sink) {
    sink.write(TRY(object_of(subject))->is_embedded() ? "kernel image\n" : "loaded\n");
    return {};
}

Result<> show_object_placement(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", core::placement_name(TRY(object_of(subject))->placement()));
    return {};
}

constexpr ProcEntry object_entries[] = {
    object_fact("hash", show_object_hash),           object_fact("origin", show_object_origin),
    object_fact("placement", show_object_placement), object_fact("size", show_object_size),
    object_fact("version", show_object_version),     end_of_table,
};

constexpr ProcEntry object_directory = object_directory_of(object_entries);

Result<RefOrNull<Inode>> find_object_entry(ProcInode& directory, std::string_view name) {
    const auto found = core::find_component(name);
    if (!found)
        return RefOrNull<Inode>();
    const ProcSubject subject{.index = (*found)->number()};
    return RefOrNull<Inode>(
        TRY(ProcInode::create_inode(directory.super_block(), object_directory, subject)));
}

} // namespace

// --- component_objects.h

Result<Ref<ComponentObject>> object_of(const ProcSubject& subject) {
    for (u32 i = 0;; ++i) {
        auto found = core::component_at(i);
        if (!found)
            return Failure(Errno::nodev);
        if ((*found)->number() == subject.index)
            return found;
    }
}

bool object_is_current(const ProcSubject& subject) { return object_of(subject).has_value(); }

Result<> show_object_version(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<ComponentObject> object = TRY(object_of(subject));
    const component::Version version = object->descriptor().version;
    base::format(sink, "{}.{}.{}\n", version.major, version.minor, version.patch);
    return {};
}

Result<> list_objects(ProcInode& directory, u64 position, DirectorySink& sink) {
    for (u64 i = position - first_dynamic_position;; ++i) {
        const auto found = core::component_at(static_cast<u32>(i));
        if (!found)
            return {};
        const u64 inode = 0x8000'0000 + (directory.number() << 8) + (*found)->number();
        if (!sink.add((*found)->name(), inode, file_mode::directory,
                      first_dynamic_position + i + 1))
            return {};
    }
}

constexpr ProcEntry pith_entries[] = {
    {.name = "components",
     .mode = file_mode::directory | 0755,
     .find = find_instance_entry,
     .list = list_instances},
    {.name = "objects",
     .mode = file_mode::directory | 0755,
     .find = find_object_entry,
     .list = list_objects},
    {.name = "trace", .mode = file_mode::directory | 0700, .children = trace_entries},
    end_of_table,
};

} // namespace linux

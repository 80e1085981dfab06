// SPDX-License-Identifier: BSD-2-Clause
// /proc/modules and /sys/module, as kmod's programs read them. An object that came at run time is a
// module that is loaded; one of the kernel image is a module that is built in, which is in
// /sys/module alone and has no state there (Documentation/ABI/testing/sysfs-module).
#include "core/component/manager.h"
#include "linux/proc/tables.h"

namespace linux {

namespace {

using core::ComponentObject;

constexpr ProcEntry end_of_table{.name = nullptr, .mode = 0};

Result<Ref<ComponentObject>> object_of(const ProcSubject& subject) {
    for (u32 i = 0;; ++i) {
        auto found = core::component_at(i);
        if (!found)
            return Failure(Errno::nodev);
        if ((*found)->number() == subject.index)
            return found;
    }
}

bool is_current(const ProcSubject& subject) { return object_of(subject).has_value(); }

Result<> show_size(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", TRY(object_of(subject))->memory_size());
    return {};
}

Result<> show_initial_size(const ProcSubject&, base::FormatSink& sink) {
    sink.write("0\n");
    return {};
}

Result<> show_state(const ProcSubject&, base::FormatSink& sink) {
    sink.write("live\n");
    return {};
}

Result<> show_users(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", core::instances_of(*TRY(object_of(subject))));
    return {};
}

Result<> show_version(const ProcSubject& subject, base::FormatSink& sink) {
    const component::Version version = TRY(object_of(subject))->descriptor().version;
    base::format(sink, "{}.{}.{}\n", version.major, version.minor, version.patch);
    return {};
}

constexpr ProcEntry fact(const char* name,
                         Result<> (*show)(const ProcSubject&, base::FormatSink&)) {
    return {.name = name,
            .mode = file_mode::regular | 0444,
            .show = show,
            .is_current = is_current};
}

constexpr ProcEntry loaded_entries[] = {
    fact("coresize", show_size),
    {.name = "holders", .mode = file_mode::directory | 0755, .is_current = is_current},
    fact("initsize", show_initial_size),
    fact("initstate", show_state),
    fact("refcnt", show_users),
    fact("version", show_version),
    end_of_table,
};
constexpr ProcEntry built_in_entries[] = {fact("version", show_version), end_of_table};

constexpr ProcEntry loaded_directory{.name = "",
                                     .mode = file_mode::directory | 0755,
                                     .children = loaded_entries,
                                     .is_current = is_current};
constexpr ProcEntry built_in_directory{.name = "",
                                       .mode = file_mode::directory | 0755,
                                       .children = built_in_entries,
                                       .is_current = is_current};

} // namespace

Result<RefOrNull<Inode>> find_module(ProcInode& directory, std::string_view name) {
    const auto found = core::find_component(name);
    if (!found)
        return RefOrNull<Inode>();
    return RefOrNull<Inode>(TRY(ProcInode::create_inode(
        directory.super_block(),
        (*found)->is_embedded() ? built_in_directory : loaded_directory,
        ProcSubject{.index = (*found)->number()})));
}

Result<> list_modules(ProcInode& directory, u64 position, DirectorySink& sink) {
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

// Addresses are for nobody: kptr_restrict's answer.
Result<> show_modules(const ProcSubject&, base::FormatSink& sink) {
    for (u32 i = 0;; ++i) {
        const auto found = core::component_at(i);
        if (!found)
            return {};
        const ComponentObject& object = **found;
        if (!object.is_embedded())
            base::format(sink, "{} {} {} - Live 0x0000000000000000\n", object.name(),
                         object.memory_size(), core::instances_of(object));
    }
}

} // namespace linux

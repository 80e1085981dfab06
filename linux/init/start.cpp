// SPDX-License-Identifier: BSD-2-Clause
// From the core's start to the first program: file systems, devices, then process 1, which unpacks
// the initramfs or mounts the root device and executes init. The conventions are Linux's
// (Documentation/admin-guide/kernel-parameters.txt: root=, rootfstype=, rootflags=, rootwait, ro,
// rw, init=, rdinit=; bare words and "x=y" nobody knows go to init).
#include "core/init/start.h"
#include "abi/linux/types.h"
#include "base/memory_functions.h"
#include "core/init/command_line.h"
#include "core/init/task.h"
#include "core/memory/kernel_map.h"
#include "core/memory/physical.h"
#include "core/observe/log.h"
#include "core/vm/reclaim.h"
#include "linux/devfs/device_file.h"
#include "linux/devfs/devtmpfs.h"
#include "linux/init/root_device.h"
#include "linux/init/start.h"
#include "linux/initramfs/unpack.h"
#include "linux/process/init.h"
#include "linux/process/oom.h"
#include "linux/process/task.h"
#include "linux/loop/loop_device.h"
#include "linux/socket/socket.h"
#include "linux/socket/uevent_socket.h"
#include "linux/sysfs/device_nodes.h"
#include "linux/tmpfs/tmpfs.h"
#include "linux/tty/console.h"
#include "linux/vfs/component_file_system.h"
#include "linux/vfs/entries.h"
#include "linux/vfs/open.h"

namespace linux {
namespace {

constexpr usize maximum_words = 32;

// Words of the command line that are init's, in memory that stays.
struct InitWords {
    const char* arguments[maximum_words + 2] = {"init"};
    const char* environment[maximum_words + 3] = {"HOME=/", "TERM=linux"};
    usize argument_count = 1, environment_count = 2;
    char text[boot::command_line_size] = {};
    usize text_used = 0;

    const char* keep(std::string_view word) {
        if (word.size() + 1 > sizeof text - text_used)
            return nullptr;
        char* place = text + text_used;
        memcpy(place, word.data(), word.size());
        text_used += word.size() + 1;
        return place;
    }
    void add_argument(std::string_view word) {
        if (argument_count <= maximum_words)
            if (const char* kept = keep(word))
                arguments[argument_count++] = kept;
    }
    void add_environment(std::string_view word) {
        if (environment_count <= maximum_words + 1)
            if (const char* kept = keep(word))
                environment[environment_count++] = kept;
    }
};
constinit InitWords g_words{};

constexpr u32 program_capacity = 5;
constinit FirstProgram g_programs[program_capacity]{};
constinit FirstProcess g_first{};

bool is_kernel_option(std::string_view word) {
    static constexpr std::string_view names[] = {"root",
                                                 "rootfstype",
                                                 "rootflags",
                                                 "rootwait",
                                                 "rootdelay",
                                                 "ro",
                                                 "rw",
                                                 "init",
                                                 "rdinit",
                                                 "console",
                                                 "quiet",
                                                 "debug",
                                                 "loglevel",
                                                 "ignore_loglevel",
                                                 "panic",
                                                 "reboot",
                                                 "nomodule",
                                                 "maxcpus",
                                                 "nosmp",
                                                 "mem",
                                                 "memmap",
                                                 "nokaslr",
                                                 "pci",
                                                 "ip",
                                                 "hostname",
                                                 "mitigations",
                                                 "earlyprintk",
                                                 "earlycon",
                                                 "BOOT_IMAGE",
                                                 "initrd",
                                                 "virtio_mmio.device",
                                                 "acpi",
                                                 "noapic",
                                                 "nolapic"};
    const std::string_view name = word.substr(0, word.find('='));
    if (name.find('.') != std::string_view::npos)
        return true; // a module's parameter
    for (const std::string_view known : names) {
        if (name == known)
            return true;
    }
    return false;
}

void take_word(std::string_view word, bool after_dashes, void*) {
    if (after_dashes)
        g_words.add_argument(word);
    else if (is_kernel_option(word))
        return;
    else if (word.find('=') != std::string_view::npos)
        g_words.add_environment(word);
    else
        g_words.add_argument(word);
}

void add_program(std::string_view path) {
    if (g_first.program_count == program_capacity)
        return;
    const char* kept = g_words.keep(path);
    if (!kept)
        return;
    g_programs[g_first.program_count++] = {kept, g_words.arguments, g_words.environment};
}

bool exists(std::string_view path) { return resolve(path, walk_flag::follow).has_value(); }

// The few entries a root file system without an archive needs (as Linux's built-in initramfs).
void make_first_entries() {
    struct Entry {
        std::string_view name;
        u32 mode;
        DeviceNumber device;
    };
    static constexpr Entry entries[] = {
        {"/dev", file_mode::directory | 0755, {}},
        {"/dev/console", file_mode::character_device | 0600, {5, 1}},
        {"/dev/kmsg", file_mode::character_device | 0600, {1, 11}},
                                        {"/root", file_mode::directory | 0700, {}}};
    for (const Entry& entry : entries) {
        const auto name = PathName::from_kernel(entry.name);
        if (!name)
            continue;
        Walk walk(nullptr, *name, 0);
        auto parent = walk.run_to_parent();
        if (!parent)
            continue;
        const bool directory = (entry.mode & file_mode::type_mask) == file_mode::directory;
        auto made =
            NewEntry::prepare(std::move(*parent), walk,
                              directory ? NewEntry::Wanted::directory : NewEntry::Wanted::other);
        NewNode node;
        node.mode = entry.mode;
        node.device = entry.device;
        if (made)
            (void)made->make(node);
    }
}

void unpack_boot_archive() {
    const boot::BootInfo& info = core::boot_info();
    if (info.initrd_size == 0)
        return;
    const PhysAddr start(info.initrd_start);
    const Result<> unpacked =
        unpack_initramfs({core::physical_view(start), static_cast<usize>(info.initrd_size)});
    if (!unpacked)
        LOG_ERROR("initramfs: unpacking stopped: {}", unpacked.error());
    core::release_boot_memory(start, info.initrd_size);
}

// Standard files of process 1. Without a console its words go to the kernel log rather than
// nowhere.
void open_console() {
    auto console = open_path("/dev/console", open_flag::read_write);
    if (!console) {
        LOG_WARNING("Warning: unable to open an initial console ({}).", console.error());
        console = open_path("/dev/kmsg", open_flag::read_write);
    }
    if (!console)
        return;
    for (int i = 0; i < 3; ++i)
        (void)install_file(*console, false);
}

// Runs in process 1: afterwards the root is the one init lives in.
void prepare_first_process() {
    make_first_entries();
    unpack_boot_archive();
    const std::string_view early = core::boot_option("rdinit").value_or("/init");
    open_console();
    if (exists(early)) {
        add_program(early);
        return;
    }
    mount_root_device(); // says what there is and panics when it cannot
    if (const auto init = core::boot_option("init"); init && !init->empty()) {
        add_program(*init);
    } else {
        for (std::string_view path : {"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"})
            add_program(path);
    }
}

void start_linux() {
    MUST(start_device_nodes(), "boot has memory");
    register_tmpfs();
    MUST(mount_root_tmpfs(), "boot has memory");
    MUST(start_devtmpfs(), "boot has memory");
    MUST(register_memory_devices(), "boot has memory");
    MUST(start_service_devices(), "boot has memory");
    start_block_nodes();
    MUST(start_loop_devices(), "boot has memory");
    register_local_sockets();
    register_netlink_sockets();
    register_pseudo_file_systems();
    register_component_file_systems();
    MUST(start_terminals(), "boot has memory");
    core::set_out_of_memory_hook(&out_of_memory);
    core::for_each_boot_word(&take_word, nullptr);
    g_first.programs = g_programs;
    g_first.ready = &prepare_first_process;
    MUST(start_init(g_first), "boot has memory");
}

INIT_TASK(linux, "linux", "memory devices", &start_linux);

} // namespace
} // namespace linux

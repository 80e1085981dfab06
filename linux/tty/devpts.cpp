// SPDX-License-Identifier: BSD-2-Clause
// The devpts file system: "ptmx" and a node for each pty whose master is open. There is one
// instance: every mount shows the same; the options of the last mount count for new nodes.
#include <algorithm>
#include <charconv>

#include "linux/devfs/device_registry.h"
#include "linux/tty/pty.h"
#include "linux/tty/terminal_file.h"
#include "linux/vfs/dentry.h"
#include "linux/vfs/super_block.h"

namespace linux {

namespace {

constexpr DeviceNumber ptmx_number{5, 2};
constexpr u64 root_inode = 1, ptmx_inode = 2, first_node_inode = 3;

struct DevptsOptions {
    bool has_user = false, has_group = false;
    UserId user = 0;
    GroupId group = 0;
    u32 mode = 0600;
    u32 ptmx_mode = 0;
    u32 maximum = Pty::maximum;
};

Result<u32> parse_number(std::string_view text, int base) {
    u32 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size())
        return Failure(Errno::inval);
    return value;
}

// Errors: inval.
Result<> parse_option(std::string_view option, DevptsOptions& options) {
    const auto equals = option.find('=');
    const std::string_view key(option.data(), std::min(equals, option.size()));
    if (key.empty() || key == "newinstance")
        return {};
    if (equals == option.npos)
        return Failure(Errno::inval);
    std::string_view value = option;
    value.remove_prefix(equals + 1);
    if (key == "uid") {
        options.user = TRY(parse_number(value, 10));
        options.has_user = true;
    } else if (key == "gid") {
        options.group = TRY(parse_number(value, 10));
        options.has_group = true;
    } else if (key == "mode") {
        options.mode = TRY(parse_number(value, 8)) & 07777;
    } else if (key == "ptmxmode") {
        options.ptmx_mode = TRY(parse_number(value, 8)) & 07777;
    } else if (key == "max") {
        options.maximum = TRY(parse_number(value, 10));
    } else {
        return Failure(Errno::inval);
    }
    return {};
}

Result<DevptsOptions> parse_options(std::string_view text) {
    DevptsOptions options;
    while (!text.empty()) {
        const auto length = std::min(text.find(','), text.size());
        TRY(parse_option({text.data(), length}, options));
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    return options;
}

// A node of one pty, or ptmx.
class DevptsNode final : public Inode {
public:
    DevptsNode(SuperBlock& super_block, u64 number, u32 mode, DeviceNumber device)
        : Inode(super_block, number, mode) {
        set_device(device);
        set_all_times(file_time_now());
    }

    Result<Ref<OpenFile>> open(const Path& path, u32 flags) override {
        if (number() == ptmx_inode)
            return PtyMasterFile::open(path, flags);
        auto terminal = Pty::find(static_cast<u32>(number() - first_node_inode));
        if (!terminal)
            return Failure(Errno::io);
        return TerminalFile::open(terminal.to_ref(), path, flags, TerminalFile::Kind::plain);
    }
};

class DevptsRoot final : public Inode {
public:
    explicit DevptsRoot(SuperBlock& super_block)
        : Inode(super_block, root_inode, file_mode::directory | 0755) {
        set_links(2);
        set_all_times(file_time_now());
    }
    Result<RefOrNull<Inode>> lookup(Dentry& entry) override;
    bool revalidate(Dentry& entry) override;
    Result<> read_directory(u64 position, DirectorySink& sink) override;
};

class DevptsSuperBlock final : public SuperBlock {
public:
    explicit DevptsSuperBlock(const FileSystemType& type)
        : SuperBlock(type, Caching::revalidate) {
        magic = 0x1cd1; // linux/magic.h
    }
    Result<> statistics(FileSystemStatistics& statistics) override {
        statistics.magic = magic;
        return {};
    }
    Result<> remount(const MountRequest& request) override {
        return set_options(request.options);
    }
    Result<> set_options(std::string_view text);
    void describe_options(base::FormatSink& sink) const override;

    // The node of a pty, made when its master was opened; null when there is none.
    RefOrNull<Inode> node(u64 number);
    Result<> add_node(Terminal& terminal);
    void remove_node(u32 index);

private:
    using TableGuard = core::LockGuard<core::lock_class::pty_table>;

    mutable core::Lock<core::lock_class::pty_table> lock_;
    DevptsOptions options_;       // guarded by lock_
    RefOrNull<Inode> ptmx_;       // guarded by lock_
    RefOrNull<Inode> nodes_[Pty::maximum]; // guarded by lock_
};

// Set once at start, for ever.
constinit DevptsSuperBlock* g_devpts = nullptr;

Result<> DevptsSuperBlock::set_options(std::string_view text) {
    const DevptsOptions options = TRY(parse_options(text));
    TableGuard guard(lock_);
    options_ = options;
    if (!ptmx_) {
        auto* made = new (base::fallible)
            DevptsNode(*this, ptmx_inode, file_mode::character_device, ptmx_number);
        if (!made)
            return Failure(Errno::nomem);
        ptmx_ = RefOrNull<Inode>::adopt(made);
    }
    ptmx_->set_mode(file_mode::character_device | options.ptmx_mode);
    return {};
}

void DevptsSuperBlock::describe_options(base::FormatSink& sink) const {
    TableGuard guard(lock_);
    if (options_.has_user)
        base::format(sink, ",uid={}", options_.user);
    if (options_.has_group)
        base::format(sink, ",gid={}", options_.group);
    const auto octal = [&sink](std::string_view key, u32 mode) {
        const char digits[4] = {static_cast<char>('0' + (mode >> 9)),
                                static_cast<char>('0' + ((mode >> 6) & 7)),
                                static_cast<char>('0' + ((mode >> 3) & 7)),
                                static_cast<char>('0' + (mode & 7))};
        const bool short_form = mode < 01000;
        base::format(sink, ",{}={}", key, std::string_view(digits + short_form, 4u - short_form));
    };
    octal("mode", options_.mode);
    octal("ptmxmode", options_.ptmx_mode);
    if (options_.maximum < Pty::maximum)
        base::format(sink, ",max={}", options_.maximum);
}

RefOrNull<Inode> DevptsSuperBlock::node(u64 number) {
    TableGuard guard(lock_);
    if (number == ptmx_inode)
        return ptmx_;
    const u64 index = number - first_node_inode;
    return index < Pty::maximum ? nodes_[index] : RefOrNull<Inode>();
}

Result<> DevptsSuperBlock::add_node(Terminal& terminal) {
    const u32 index = Pty::of(terminal).index();
    const Credentials& credentials = current_credentials();
    RefOrNull<Inode> old; // dropped after the lock
    TableGuard guard(lock_);
    if (index >= options_.maximum)
        return Failure(Errno::nospc);
    auto* made = new (base::fallible)
        DevptsNode(*this, index + first_node_inode, file_mode::character_device | options_.mode,
                   terminal.number());
    if (!made)
        return Failure(Errno::nomem);
    made->set_owner(options_.has_user ? options_.user : credentials.file_user,
                    options_.has_group ? options_.group : credentials.file_group);
    old = std::exchange(nodes_[index], RefOrNull<Inode>::adopt(made));
    return {};
}

void DevptsSuperBlock::remove_node(u32 index) {
    RefOrNull<Inode> old;
    TableGuard guard(lock_);
    old = std::exchange(nodes_[index], RefOrNull<Inode>());
    if (old)
        old->set_links(0);
}

// The inode number a name stands for; 0 for none.
u64 number_of_name(std::string_view name) {
    if (name == "ptmx")
        return ptmx_inode;
    const auto index = parse_number(name, 10);
    if (!index || (name.size() > 1 && name[0] == '0'))
        return 0;
    return u64{*index} + first_node_inode;
}

Result<RefOrNull<Inode>> DevptsRoot::lookup(Dentry& entry) {
    const u64 number = number_of_name(entry.name());
    return number == 0 ? RefOrNull<Inode>() : g_devpts->node(number);
}

bool DevptsRoot::revalidate(Dentry& entry) {
    const u64 number = number_of_name(entry.name());
    return number != 0 && g_devpts->node(number).get() == entry.inode();
}

Result<> DevptsRoot::read_directory(u64 position, DirectorySink& sink) {
    if (position <= 2) {
        if (!sink.add("ptmx", ptmx_inode, file_mode::character_device, 3))
            return {};
        position = 3;
    }
    for (u64 index = position - first_node_inode; index < Pty::maximum; ++index) {
        if (!g_devpts->node(index + first_node_inode))
            continue;
        const base::Text<12> name("{}", index);
        if (!sink.add(name.view(), index + first_node_inode, file_mode::character_device,
                      index + first_node_inode + 1))
            break;
    }
    return {};
}

class DevptsType final : public FileSystemType {
public:
    constexpr DevptsType() : FileSystemType("devpts", false) {}
    Result<Ref<SuperBlock>> mount(const MountRequest& request) const override {
        TRY(g_devpts->set_options(request.options));
        return Ref<SuperBlock>::share(*g_devpts);
    }
};
constinit DevptsType g_type;

Result<Ref<OpenFile>> open_ptmx(const DeviceNode&, const Path& path, u32 flags) {
    return PtyMasterFile::open(path, flags);
}

} // namespace

Result<> add_pty_node(Terminal& terminal) { return g_devpts->add_node(terminal); }
void remove_pty_node(u32 index) { g_devpts->remove_node(index); }

Result<> initialise_devpts() {
    g_devpts = new (base::fallible) DevptsSuperBlock(g_type);
    auto* root = g_devpts ? new (base::fallible) DevptsRoot(*g_devpts) : nullptr;
    if (!root)
        return Failure(Errno::nomem);
    TRY(g_devpts->attach_root(Ref<Inode>::adopt(root)));
    TRY(g_devpts->set_options(""));
    register_file_system(g_type);
    name_device_major(DeviceType::character, Pty::slave_major, "pts");
    return register_device_node("ptmx", DeviceType::character, ptmx_number.major,
                                ptmx_number.minor, 0666, open_ptmx);
}

} // namespace linux

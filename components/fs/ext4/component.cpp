// SPDX-License-Identifier: BSD-2-Clause
// The component: takes requests apart, runs each as attempts until nobody interfered, answers.
#include "abi/component/component.h"
#include "components/fs/ext4/files.h"
#include "components/fs/ext4/journal/writer.h"
#include "components/fs/ext4/links.h"
#include "components/fs/ext4/mount.h"
#include "components/fs/ext4/names.h"
#include "components/fs/ext4/orphans.h"
#include "components/fs/ext4/xattr.h"

namespace ext4 {

namespace {

using component::Answer;
using component::Env;
using component::FileExchange;
using component::FileSystem;
using component::InterfaceId;
using component::LogRecord;
using component::Request;
using Operation = FileSystem::Operation;

// One request's arguments and buffer.
struct Call {
    FileSystem::Arguments arguments;
    FileExchange& exchange;
    std::span<u8> text;

    std::string_view first() const {
        return {reinterpret_cast<const char*>(text.data()), arguments.first_length};
    }
    std::span<u8> after_first() const { return text.subspan(arguments.first_length); }
    std::string_view second() const {
        return {reinterpret_cast<const char*>(text.data()) + arguments.first_length,
                arguments.second_length};
    }
    Result<u64> put(const Result<FileAttributes>& attributes) const {
        if (!attributes)
            return Failure(attributes.error());
        exchange.attributes = *attributes;
        return attributes->inode;
    }
    Result<u64> put(const Result<NamedInode>& named) const {
        if (!named)
            return Failure(named.error());
        exchange.directory = named->directory;
        return put(Result<FileAttributes>(named->attributes));
    }
    Result<u64> put(const Result<Renamed>& renamed) const {
        if (!renamed)
            return Failure(renamed.error());
        exchange.directory = renamed->to_directory;
        return renamed->replaced;
    }
    Result<u64> put(const Result<FileExtent>& extent) const {
        if (!extent)
            return Failure(extent.error());
        exchange.extent = *extent;
        return extent->physical;
    }
};

Result<u64> nothing(const Result<>& result) {
    if (!result)
        return Failure(result.error());
    return u64{0};
}

Result<u64> run_volume(Attempt& attempt, Operation operation, const Call& call) {
    Volume& volume = attempt.volume();
    switch (operation) {
    case Operation::mount: TRY(mount_volume(attempt, call.arguments.flags)); break;
    case Operation::begin_writing:
        call.exchange.log =
            TRY(begin_writing(attempt, {reinterpret_cast<BlockRange*>(call.text.data()),
                                        call.text.size() / sizeof(BlockRange)}));
        break;
    case Operation::finish_orphans: TRY(release_orphans(attempt)); break;
    case Operation::sync:
    case Operation::unmount:
        if (!volume.read_only || volume.damaged)
            TRY(sync_superblock(attempt, operation == Operation::unmount ? SyncKind::done
                                                                         : SyncKind::in_use));
        volume.read_only |= operation == Operation::unmount;
        break;
    default: break;
    }
    call.exchange.volume = volume_info(volume);
    return u64{0};
}

Result<u64> run_names(Attempt& attempt, Operation operation, const Call& call) {
    const FileSystem::Arguments& a = call.arguments;
    switch (operation) {
    case Operation::lookup: return call.put(lookup(attempt, a.inode, call.first()));
    case Operation::parent: return parent_of(attempt, a.inode);
    case Operation::create:
        return call.put(
            create(attempt, a.inode, call.first(), {call.exchange.attributes, call.second()}));
    case Operation::create_temporary:
        return call.put(create_temporary(attempt, a.inode, {call.exchange.attributes, {}}));
    case Operation::link: return call.put(link(attempt, a.inode, call.first(), a.other));
    case Operation::unlink: return unlink(attempt, a.inode, call.first());
    case Operation::remove_directory: return remove_directory(attempt, a.inode, call.first());
    case Operation::rename:
        return call.put(rename(attempt, {a.inode, call.first(), a.other, call.second(),
                                         static_cast<component::RenameFlags>(a.flags)}));
    case Operation::read_directory: return list_directory(attempt, a.inode, a.other, call.text);
    case Operation::read_link: return read_link(attempt, a.inode, call.text);
    default: return Failure(Errno::nosys);
    }
}

Result<u64> run_files(Attempt& attempt, Operation operation, const Call& call) {
    const FileSystem::Arguments& a = call.arguments;
    const FileExtent& extent = call.exchange.extent;
    const u64 size = call.exchange.attributes.size;
    switch (operation) {
    case Operation::get_attributes: return call.put(get_attributes(attempt, a.inode));
    case Operation::set_attributes:
        return call.put(set_attributes(attempt, a.inode, call.exchange.attributes, a.flags));
    case Operation::evict: return nothing(evict(attempt, a.inode));
    case Operation::map: return call.put(map_file(attempt, a.inode, a.other));
    case Operation::grant: return call.put(grant(attempt, a.inode, {a.other, a.flags, size}));
    case Operation::mark_written: return nothing(mark_written(attempt, a.inode, a.other, a.flags));
    case Operation::preallocate:
        return nothing(preallocate(attempt, a.inode, extent.logical, extent.physical, size));
    case Operation::punch: return nothing(punch(attempt, a.inode, extent.logical, extent.physical));
    case Operation::get_xattr: return get_xattr(attempt, a.inode, call.first(), call.after_first());
    case Operation::list_xattr: return list_xattr(attempt, a.inode, call.text);
    case Operation::set_xattr:
        return call.put(set_xattr(attempt, a.inode, call.first(),
                                  call.after_first().first(a.second_length),
                                  static_cast<XattrMode>(a.flags)));
    case Operation::remove_xattr: return call.put(remove_xattr(attempt, a.inode, call.first()));
    default: return Failure(Errno::nosys);
    }
}

Result<u64> run_once(Attempt& attempt, Operation operation, const Call& call) {
    switch (operation) {
    case Operation::mount:
    case Operation::unmount:
    case Operation::begin_writing:
    case Operation::finish_orphans:
    case Operation::sync:
    case Operation::statistics: return run_volume(attempt, operation, call);
    case Operation::lookup:
    case Operation::parent:
    case Operation::create:
    case Operation::create_temporary:
    case Operation::link:
    case Operation::unlink:
    case Operation::remove_directory:
    case Operation::rename:
    case Operation::read_directory:
    case Operation::read_link: return run_names(attempt, operation, call);
    default: return run_files(attempt, operation, call);
    }
}

// The answer to a request whose effect is published, but whose handler died before it could give
// it: `result` is what it published, the rest is as the volume has it.
Result<u64> answer_again(Attempt& attempt, Operation operation, const Call& call, u64 result) {
    const FileSystem::Arguments& a = call.arguments;
    switch (operation) {
    case Operation::create:
    case Operation::link:
        call.exchange.directory = TRY(space_of(attempt, TRY(live_inode(attempt, a.inode))));
        return call.put(get_attributes(attempt, result));
    case Operation::rename:
        call.exchange.directory = TRY(space_of(attempt, TRY(live_inode(attempt, a.other))));
        return result;
    case Operation::create_temporary: return call.put(get_attributes(attempt, result));
    case Operation::set_attributes:
    case Operation::set_xattr:
    case Operation::remove_xattr: return call.put(get_attributes(attempt, a.inode));
    case Operation::grant: return call.put(granted(attempt, a.inode, a.other, a.flags));
    default: return result;
    }
}

// Mounting and its kin begin anew: they are made of several requests' worth of change sets.
bool is_about_volume(Operation operation) {
    return operation == Operation::mount || operation == Operation::unmount ||
           operation == Operation::begin_writing || operation == Operation::finish_orphans ||
           operation == Operation::sync || operation == Operation::statistics;
}

// Records of the log. They need nothing of the arena, which another life may have left empty.
Result<u64> make_record(const VolumeServices& services, Operation operation, const Call& call) {
    LogRecord& record = call.exchange.record;
    const u32 most = operation == Operation::log_describe ? component::log_record_copies
                                                          : component::log_record_blocks;
    if (record.count > most ||
        call.text.size() < component::log_record_text + services.block_size)
        return Failure(Errno::inval);
    const std::span<const u64> numbers(reinterpret_cast<const u64*>(call.text.data()),
                                       record.count);
    const std::span<u8> block = call.text.subspan(component::log_record_text, services.block_size);
    switch (operation) {
    case Operation::log_describe:
        return nothing(journal::describe(services, record, numbers, block));
    case Operation::log_revoke: return nothing(journal::revoke(record, numbers, block));
    case Operation::log_commit: return nothing(journal::commit(record, block));
    default: return nothing(journal::mark(record, block));
    }
}

bool is_record(Operation operation) {
    return operation == Operation::log_describe || operation == Operation::log_revoke ||
           operation == Operation::log_commit || operation == Operation::log_superblock;
}

Result<u64> run(Env& env, const Request& request) {
    const VolumeServices& services = *TRY(env.request_services<VolumeServices>(request));
    const std::span<u8> buffer = TRY(env.buffer_view(request, 0));
    if (buffer.size() < component::exchange_text)
        return Failure(Errno::inval);
    const auto arguments = request.payload<FileSystem::Arguments>();
    const Call call{arguments, *reinterpret_cast<FileExchange*>(buffer.data()),
                    buffer.subspan(component::exchange_text)};
    if (u32{arguments.first_length} + arguments.second_length > call.text.size())
        return Failure(Errno::inval);
    const auto operation = static_cast<Operation>(request.operation);
    u64 published = 0;
    const bool done = services.begin(services.home, &published) != 0;
    if (is_record(operation))
        return make_record(services, operation, call);
    // What an attempt has seen stays cached for the next one, so a few are always enough.
    constexpr u32 most_attempts = 100;
    for (u32 i = 0; i < most_attempts; ++i) {
        Attempt attempt(env.arena<Volume>(), services);
        Result<u64> result = nothing(ensure_loaded(attempt));
        if (result && attempt.volume().groups == 0 && operation != Operation::mount)
            result = Failure(Errno::inval); // not mounted
        if (result && done && !is_about_volume(operation))
            return answer_again(attempt, operation, call, published);
        if (result)
            result = run_once(attempt, operation, call);
        if (!result)
            attempt.discard();
        if (result || result.error() != Errno::again)
            return result;
    }
    return Failure(Errno::busy);
}

Result<> start(Env& env) {
    TRY(env.offer<FileSystem>("ext4", {}));
    return {};
}

// Nothing in the arena depends on where it is mapped.
Result<> resume(Env&) { return {}; }
Result<> quiesce(Env&) { return {}; }

Answer submit(Env& env, const Request& request) {
    const Result<u64> result = run(env, request);
    return result ? Answer::done(*result) : Answer::failed(result.error());
}

constexpr InterfaceId offers[] = {InterfaceId::file_system};

consteval component::Descriptor make_descriptor() {
    return component::describe<Volume>(
               "ext4", {1, 0, 0}, component::Traits::on_demand,
               {.start = start, .resume = resume, .quiesce = quiesce, .submit = submit})
        .offering(offers);
}

} // namespace

} // namespace ext4

COMPONENT_DESCRIPTOR(ext4) = ext4::make_descriptor();

// SPDX-License-Identifier: BSD-2-Clause
// init_module, finit_module, delete_module: component objects come and go by the calls that Linux
// has for its modules, so insmod and rmmod work on them.
#include "core/component/manager.h"
#include "core/memory/kernel_map.h"
#include "linux/exec/loader.h"
#include "linux/process/credentials.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/inode.h"

namespace linux {

namespace {

constexpr u64 size_limit = core::ComponentObject::size_limit;
constexpr usize name_limit = 56; // MODULE_NAME_LEN

// Room for an object while it is checked. Errors: noexec, fbig, nomem.
Result<core::KernelMapping> make_room(u64 size) {
    if (size == 0)
        return Failure(Errno::noexec);
    if (size > size_limit)
        return Failure(Errno::fbig);
    return core::KernelMapping::allocate(Bytes(size), core::KernelProtection::read_write);
}

// Components have no parameters but one, which is the kernel's: `swap=INSTANCE`, the object is
// another version for that instance. What configures them are boot options.
class Parameters {
public:
    static Result<Parameters> read(UserString from) {
        constexpr std::string_view swap = "swap=";
        Parameters parameters;
        const auto text = from.read(parameters.text_);
        if (!text)
            return Failure(text.error() == Errno::nametoolong ? Errno::inval : text.error());
        if (!text->empty() && (!text->starts_with(swap) || text->size() == swap.size()))
            return Failure(Errno::inval);
        parameters.begin_ = text->empty() ? 0 : swap.size();
        parameters.end_ = text->size();
        return parameters;
    }
    // Empty: the object is a new component.
    std::string_view instance() const { return {text_ + begin_, end_ - begin_}; }

private:
    char text_[48] = {};
    usize begin_ = 0, end_ = 0;
};

Result<u64> load(const core::KernelMapping& room, u64 size, const Parameters& parameters) {
    const std::span<const u8> bytes(room.as<u8>(), static_cast<usize>(size));
    TRY(parameters.instance().empty() ? core::load_component(bytes)
                                      : core::swap_component(parameters.instance(), bytes));
    return u64{0};
}

} // namespace

Result<u64> sys_init_module(UserVirt image, u64 size, UserString parameters) {
    if (!capable(Capability::sys_module))
        return Failure(Errno::perm);
    const Parameters wanted = TRY(Parameters::read(parameters));
    const core::KernelMapping room = TRY(make_room(size));
    TRY(core::copy_from_user(room.as<u8>(), image, size));
    return load(room, size, wanted);
}

Result<u64> sys_finit_module(u32 fd, UserString parameters, u32 flags) {
    if (!capable(Capability::sys_module))
        return Failure(Errno::perm);
    if (flags != 0) // forced or compressed ones are not taken
        return Failure(Errno::inval);
    const Parameters wanted = TRY(Parameters::read(parameters));
    const BorrowedFile file = TRY(borrow_file(fd));
    if (!file->is_readable())
        return Failure(Errno::badf);
    if (!file->inode().is_regular())
        return Failure(Errno::inval);
    const u64 size = file->inode().size();
    const core::KernelMapping room = TRY(make_room(size));
    TRY(read_exactly(*file, 0, room.as<u8>(), size));
    return load(room, size, wanted);
}

Result<u64> sys_delete_module(UserString name, u32) {
    if (!capable(Capability::sys_module))
        return Failure(Errno::perm);
    char text[name_limit];
    const std::string_view wanted = TRY(name.read(text));
    TRY(core::unload_component(wanted));
    return u64{0};
}

} // namespace linux

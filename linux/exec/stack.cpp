// SPDX-License-Identifier: BSD-2-Clause
// From the top down: 8 zero bytes, the program's name, environment and argument strings, the
// platform's name, 16 random bytes; then the auxiliary vector, the two lists of pointers and the
// count.
#include "linux/exec/stack.h"

#include "abi/linux/time.h"
#include "base/bits.h"
#include "linux/system/random.h"

namespace linux {

namespace {

constexpr std::string_view platform = "x86_64";
constexpr u64 spare_stack = 128 * 1024; // mapped from the start beside what is used

struct Places {
    u64 name, environment, arguments, platform, random, end; // `end` is the lowest
};

Places place_strings(const Loading& loading, u64 top) {
    Places places;
    u64 at = top - 8;
    places.name = at -= loading.name.size() + 1;
    places.environment = at -= loading.arguments.environment.bytes();
    places.arguments = at -= loading.arguments.arguments.bytes();
    if (loading.randomize)
        at -= random_u64() % 8192;
    at = base::align_down<u64>(at, 16);
    places.platform = at -= platform.size() + 1;
    places.random = at -= 16;
    places.end = base::align_down<u64>(at, 16);
    return places;
}

class AuxiliaryVector {
public:
    explicit AuxiliaryVector(ProgramImage& image) : image_(image) {}
    void add(u64 key, u64 value) {
        image_.auxiliary[image_.auxiliary_words++] = key;
        image_.auxiliary[image_.auxiliary_words++] = value;
    }

private:
    ProgramImage& image_;
};

void fill_auxiliary(ProgramImage& image, const Loading& loading, const StackRequest& request,
                    const Places& places) {
    AuxiliaryVector vector(image);
    const HardwareWords hardware = hardware_words();
    const Credentials& credentials = *loading.credentials;
    if (image.vdso != 0)
        vector.add(auxiliary::sysinfo_image, image.vdso);
    vector.add(auxiliary::minimum_signal_stack, hardware.signal_stack);
    vector.add(auxiliary::hardware, hardware.features);
    vector.add(auxiliary::page_size, page_size);
    vector.add(auxiliary::clock_ticks, ticks_per_second);
    vector.add(auxiliary::program_headers, request.program_headers);
    vector.add(auxiliary::header_size, sizeof(elf::Segment));
    vector.add(auxiliary::header_count, request.program_header_count);
    vector.add(auxiliary::interpreter_base, request.interpreter_base);
    vector.add(auxiliary::flags, 0);
    vector.add(auxiliary::entry, request.entry);
    vector.add(auxiliary::uid, credentials.real_user);
    vector.add(auxiliary::euid, credentials.effective_user);
    vector.add(auxiliary::gid, credentials.real_group);
    vector.add(auxiliary::egid, credentials.effective_group);
    vector.add(auxiliary::secure, loading.secure ? 1 : 0);
    vector.add(auxiliary::random, places.random);
    vector.add(auxiliary::hardware2, hardware.features2);
    vector.add(auxiliary::executable_name, places.name);
    vector.add(auxiliary::platform, places.platform);
    vector.add(auxiliary::null, 0);
}

// Writes words upward through a small buffer.
class WordWriter {
public:
    WordWriter(core::AddressSpace& space, u64 target) : space_(space), target_(target) {}
    void put(u64 word) {
        buffer_[used_++] = word;
        if (used_ == capacity)
            flush();
    }
    void flush() {
        if (used_ == 0 || !result_)
            return;
        result_ = space_.write_memory(
            UserVirt(target_), {reinterpret_cast<const u8*>(buffer_), used_ * 8}, true);
        target_ += used_ * 8;
        used_ = 0;
    }
    Result<> finish() {
        flush();
        return result_;
    }

private:
    static constexpr usize capacity = 64;
    core::AddressSpace& space_;
    u64 target_;
    u64 buffer_[capacity];
    usize used_ = 0;
    Result<> result_;
};

Result<> write_words(core::AddressSpace& space, u64 pointer, const Loading& loading,
                     const Places& places, const ProgramImage& image) {
    WordWriter writer(space, pointer);
    writer.put(loading.arguments.arguments.count());
    loading.arguments.arguments.for_each_offset(
        [&](u64 offset) { writer.put(places.arguments + offset); });
    writer.put(0);
    loading.arguments.environment.for_each_offset(
        [&](u64 offset) { writer.put(places.environment + offset); });
    writer.put(0);
    for (u32 i = 0; i < image.auxiliary_words; ++i)
        writer.put(image.auxiliary[i]);
    return writer.finish();
}

Result<> write_text(core::AddressSpace& space, u64 target, std::string_view text) {
    return space.write_memory(UserVirt(target),
                              {reinterpret_cast<const u8*>(text.data()), text.size()}, true);
}

Result<> map_stack(core::AddressSpace& space, u64 lowest, const StackRequest& request) {
    core::MapRequest map;
    map.address = UserVirt(base::align_down(lowest, page_size) - spare_stack);
    map.length = Bytes(request.top - map.address.value);
    map.protection = core::Protection::read | core::Protection::write;
    if (request.executable)
        map.protection = map.protection | core::Protection::execute;
    map.placement = core::MapRequest::Placement::fixed_no_replace;
    map.grows_down = true;
    map.label = "[stack]";
    TRY(space.map(map));
    return {};
}

} // namespace

Result<u64> build_stack(ProgramImage& image, const Loading& loading, const StackRequest& request) {
    core::AddressSpace& space = *image.space;
    const Places places = place_strings(loading, request.top);
    fill_auxiliary(image, loading, request, places);
    const StringBlock& arguments = loading.arguments.arguments;
    const StringBlock& environment = loading.arguments.environment;
    const u64 words = 1 + arguments.count() + 1 + environment.count() + 1 + image.auxiliary_words;
    const u64 pointer = base::align_down<u64>(places.end - words * 8, 16);
    TRY(map_stack(space, pointer, request));

    u64 random[2] = {random_u64(), random_u64()};
    TRY(space.write_memory(UserVirt(places.random),
                           {reinterpret_cast<const u8*>(random), sizeof(random)}, true));
    TRY(write_text(space, places.platform, platform));
    TRY(write_text(space, places.name, loading.name));
    TRY(arguments.write_to(space, places.arguments));
    TRY(environment.write_to(space, places.environment));
    TRY(write_words(space, pointer, loading, places, image));

    image.stack_start = pointer;
    image.arguments_start = places.arguments;
    image.arguments_end = image.environment_start = places.environment;
    image.environment_end = places.name;
    return pointer;
}

} // namespace linux

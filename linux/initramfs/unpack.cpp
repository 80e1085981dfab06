// SPDX-License-Identifier: BSD-2-Clause
#include "linux/initramfs/unpack.h"

#include "base/bits.h"
#include "base/compression/gzip.h"
#include "base/compression/lz4.h"
#include "base/compression/xz/xz.h"
#include "base/compression/zstd/zstd.h"
#include "core/memory/frames.h"
#include "core/memory/kernel_map.h"
#include "core/observe/log.h"
#include "linux/initramfs/entry_writer.h"

namespace linux {
namespace {

using base::compression::Output;

struct Format {
    std::string_view magic;
    std::string_view name;
    Result<usize> (*unpack)(std::span<const u8> input, Output& output); // null: not had
};

using namespace std::string_view_literals;
constexpr Format formats[] = {
    {"\x1f\x8b"sv, "gzip", &base::compression::unpack_gzip},
    {"\x28\xb5\x2f\xfd"sv, "zstd", &base::compression::unpack_zstd},
    {"\xfd"
     "7zXZ\0"sv,
     "xz", &base::compression::unpack_xz},
    {"\x02\x21\x4c\x18"sv, "lz4", &base::compression::unpack_lz4_legacy},
    {"\x04\x22\x4d\x18"sv, "lz4", &base::compression::unpack_lz4},
    {"BZh"sv, "bzip2", nullptr},
    {"\x5d\0\0"sv, "lzma", nullptr},
    {"\x89LZO\0"sv, "lzo", nullptr},
};
constexpr std::string_view skippable = "\x2a\x4d\x18"; // behind 0x50 to 0x5f: a frame of zstd
constexpr Format zstd_skippable{{}, "zstd", &base::compression::unpack_zstd};

std::string_view text_of(std::span<const u8> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const Format* find_format(std::span<const u8> image) {
    const std::string_view text = text_of(image);
    for (const Format& format : formats) {
        if (text.starts_with(format.magic))
            return &format;
    }
    const bool skips = (image[0] & 0xf0) == 0x50 && text.substr(1).starts_with(skippable);
    return skips ? &zstd_skippable : nullptr;
}

// Windows: mappings of frames, which need not be contiguous. Half of what is free is left for the
// files.
class WindowMemory final : public base::compression::Memory {
public:
    Result<std::span<u8>> allocate(usize size) override {
        if (whole_pages(size).value / page_size >= core::frame_counts().free / 2)
            return Failure(Errno::nomem);
        auto mapping = TRY(
            core::KernelMapping::allocate(whole_pages(size), core::KernelProtection::read_write));
        const std::span<u8> block(mapping.as<u8>(), size);
        mapping.forget();
        return block;
    }
    void release(std::span<u8> block) override {
        core::KernelMapping::adopt(KernelVirt(block.data()), whole_pages(block.size()));
    }

private:
    static Bytes whole_pages(usize size) { return Bytes(base::align_up<u64>(size, page_size)); }
};

class Unpacker final : public base::compression::Consumer {
public:
    Result<> run(std::span<const u8> image) {
        const usize size = image.size();
        while (!image.empty()) {
            at_ = size - image.size();
            if (image[0] == 0)
                image = image.subspan(1); // padding
            else if (const Format* format = find_format(image))
                image = TRY(unpack(image, *format));
            else
                image = TRY(read(image));
        }
        return check_whole();
    }

    // What was unpacked, in pieces.
    Result<> take(std::span<const u8> bytes) override {
        const usize used = TRY(parser_.parse(bytes));
        if (used == bytes.size())
            return {};
        junk_ = true;
        return Failure(Errno::badmsg);
    }

private:
    Result<std::span<const u8>> unpack(std::span<const u8> image, const Format& format) {
        if (!format.unpack) {
            LOG_ERROR("initramfs: byte {}: packed with {}, which Pith does not unpack: use gzip, "
                      "zstd, xz or lz4",
                      at_, format.name);
            return Failure(Errno::opnotsupp);
        }
        Output output(memory_, *this);
        const Result<usize> used = format.unpack(image, output);
        if (used)
            return image.subspan(*used);
        if (!output.complaint().empty())
            LOG_ERROR("initramfs: {} data at byte {}: {}", format.name, at_, output.complaint());
        else if (junk_)
            LOG_ERROR("initramfs: {} data at byte {}: what is in it is no cpio archive",
                      format.name, at_);
        else
            say_parser(used.error());
        return Failure(used.error());
    }

    Result<> check_whole() {
        if (parser_.between_entries())
            return {};
        LOG_ERROR("initramfs: the archive is cut short before byte {}", at_);
        return Failure(Errno::badmsg);
    }

    // An archive that is not compressed.
    Result<std::span<const u8>> read(std::span<const u8> image) {
        TRY(check_whole());
        const Result<usize> used = parser_.parse(image);
        if (!used) {
            say_parser(used.error());
            return Failure(used.error());
        }
        if (*used > 0)
            return image.subspan(*used);
        LOG_ERROR("initramfs: byte {}: neither a cpio archive nor a known compression "
                  "({:02x} {:02x})",
                  at_, image[0], image.size() > 1 ? image[1] : 0);
        return Failure(Errno::opnotsupp);
    }

    void say_parser(Errno error) {
        if (error == Errno::badmsg && !parser_.complaint().empty())
            LOG_ERROR("initramfs: archive {} entries on: {}", writer_.made(), parser_.complaint());
    }

    WindowMemory memory_;
    EntryWriter writer_;
    ArchiveParser parser_{writer_};
    usize at_ = 0; // byte of the image
    bool junk_ = false;
};

} // namespace

Result<> unpack_initramfs(std::span<const u8> image) {
    auto unpacker = TRY(Box<Unpacker>::create());
    return unpacker->run(image);
}

} // namespace linux

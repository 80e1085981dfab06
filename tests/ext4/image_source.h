// SPDX-License-Identifier: BSD-2-Clause
// A disk for tests: an image in memory. Also what makes and checks images: e2fsprogs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/file/block_source.h"

namespace ext4_test {

class ImageSource : public core::file::BlockSource {
public:
    explicit ImageSource(std::vector<u8> bytes) : bytes(std::move(bytes)) {}
    virtual ~ImageSource() = default;
    static std::vector<u8> load(const std::string& path);
    void save(const std::string& path) const;

    Result<> read(u64 offset, std::span<u8> to) override;
    Result<> write(u64 offset, std::span<const u8> from) override;
    Result<> write_through(u64 offset, std::span<const u8> from) override;
    Result<> flush() override;
    u64 size() const override { return bytes.size(); }

    std::vector<u8> bytes;
    // Called at each read, when set: the chance for another request to come in between.
    std::function<void()> on_read;
    // Told of each write and flush that succeeds.
    std::function<void(u64 offset, std::span<const u8> bytes, bool through)> on_write;
    std::function<void()> on_flush;
    u64 reads = 0, writes = 0;
    u64 writes_left = ~u64{0}; // then they fail

private:
    Result<> put(u64 offset, std::span<const u8> from, bool through);
};

// Runs a program, answers its exit status; its output is in `output`.
int shell(const std::string& command, std::string* output = nullptr);
// A fresh image of `megabytes` made by mke2fs with these options.
std::vector<u8> make_image(const std::string& options, u32 megabytes,
                           const std::string& directory = {});
// Empty if e2fsck -fn is content, else what it says.
std::string check_image(const ImageSource& source);
std::string scratch_path(const std::string& name);

} // namespace ext4_test

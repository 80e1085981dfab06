// SPDX-License-Identifier: BSD-2-Clause
#include "tests/ext4/image_source.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace ext4_test {

std::vector<u8> ImageSource::load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void ImageSource::save(const std::string& path) const {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
}

Result<> ImageSource::read(u64 offset, std::span<u8> to) {
    if (on_read)
        on_read();
    ++reads;
    if (offset > bytes.size() || to.size() > bytes.size() - offset)
        return Failure(Errno::io);
    std::memcpy(to.data(), bytes.data() + offset, to.size());
    return {};
}

Result<> ImageSource::put(u64 offset, std::span<const u8> from, bool through) {
    if (writes_left == 0)
        return Failure(Errno::io);
    --writes_left;
    ++writes;
    if (offset > bytes.size() || from.size() > bytes.size() - offset)
        return Failure(Errno::io);
    std::memcpy(bytes.data() + offset, from.data(), from.size());
    if (on_write)
        on_write(offset, from, through);
    return {};
}

Result<> ImageSource::write(u64 offset, std::span<const u8> from) {
    return put(offset, from, false);
}

Result<> ImageSource::write_through(u64 offset, std::span<const u8> from) {
    return put(offset, from, true);
}

Result<> ImageSource::flush() {
    if (on_flush)
        on_flush();
    return {};
}

int shell(const std::string& command, std::string* output) {
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    char buffer[4096];
    std::string text;
    while (usize count = std::fread(buffer, 1, sizeof buffer, pipe))
        text.append(buffer, count);
    const int status = pclose(pipe);
    if (output)
        *output = text;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

std::string scratch_path(const std::string& name) {
    const char* base = std::getenv("TEST_TMPDIR");
    return std::string(base ? base : "/tmp") + "/pith-ext4-" + std::to_string(getpid()) + "-" +
           name;
}

std::vector<u8> make_image(const std::string& options, u32 megabytes,
                           const std::string& directory) {
    const std::string path = scratch_path("make.img");
    std::remove(path.c_str());
    std::string output;
    const std::string from = directory.empty() ? "" : " -d " + directory;
    if (shell("/sbin/mke2fs -F -q " + options + from + " " + path + " " +
                  std::to_string(megabytes) + "M",
              &output) != 0)
        std::fprintf(stderr, "mke2fs: %s\n", output.c_str());
    std::vector<u8> bytes = ImageSource::load(path);
    std::remove(path.c_str());
    return bytes;
}

std::string check_image(const ImageSource& source) {
    const std::string path = scratch_path("check.img");
    source.save(path);
    std::string output;
    const int status = shell("/sbin/e2fsck -fn " + path, &output);
    if (status == 0 && !std::getenv("KEEP_IMAGE"))
        std::remove(path.c_str());
    if (output.size() > 3000)
        output.resize(3000);
    return status == 0 ? "" : output + "(image kept: " + path + ")";
}

} // namespace ext4_test

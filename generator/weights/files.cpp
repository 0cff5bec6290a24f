#include "generator/weights/files.hpp"

#include "config/descriptor.hpp"
#include "generator/errc.hpp"
#include "generator/mistaken.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace generator {
namespace {

config::Error unreadable(const std::string& path) {
    return config::fail(Errc::missing_file, path + " (" + std::strerror(errno) + ")");
}

class Folder final : public Files {
public:
    explicit Folder(std::string folder) : folder_(std::move(folder)) {}

    const std::string& where() const override { return folder_; }

    bool has(const std::string& name) const override {
        std::error_code ignored;
        return stays_inside(name) && std::filesystem::is_regular_file(path(name), ignored);
    }

    config::Result<Bytes> open(const std::string& name) const override {
        if (!stays_inside(name)) {
            return config::fail(Errc::bad_checkpoint, "'" + name + "' leads out of " + folder_);
        }
        const std::string file = path(name);
        // A pipe in place of a file would block for ever.
        const auto descriptor = config::open_file(file, O_RDONLY | O_NONBLOCK);
        if (!descriptor) return unreadable(file);
        struct stat status {};
        if (::fstat(descriptor.get(), &status) != 0) return unreadable(file);
        if (!S_ISREG(status.st_mode))
            return config::fail(Errc::missing_file, file + " (no regular file)");
        const auto size = std::size_t(status.st_size);
        if (size == 0) return Bytes{};
        void* begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
        if (begin == MAP_FAILED) return unreadable(file);
        std::shared_ptr<const void> owner(begin,
                                          [size](void* address) { ::munmap(address, size); });
        if (const auto what = mistaken_for({static_cast<const std::uint8_t*>(begin), size});
            !what.empty())
            return config::fail(Errc::bad_checkpoint, file + ": " + what);
        return Bytes{{static_cast<const std::byte*>(begin), size}, std::move(owner)};
    }

private:
    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::string folder_;
};

}  // namespace

bool stays_inside(std::string_view name) {
    if (name.empty() || name.size() > 512 || name.front() == '/') return false;
    if (std::any_of(name.begin(), name.end(),
                    [](char c) { return c == '\\' || (unsigned char)c < 32; })) {
        return false;
    }
    for (std::size_t begin = 0; begin <= name.size();) {
        const auto end = std::min(name.find('/', begin), name.size());
        const auto part = name.substr(begin, end - begin);
        if (part.empty() || part == "..") return false;
        begin = end + 1;
    }
    return true;
}

std::unique_ptr<Files> folder_files(std::string folder) {
    return std::make_unique<Folder>(std::move(folder));
}

}  // namespace generator

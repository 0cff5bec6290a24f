#include "generator/weights/files.hpp"

#include "config/whole_file.hpp"
#include "generator/errc.hpp"
#include "generator/mistaken.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <sys/mman.h>
#include <sys/stat.h>

namespace generator {
namespace {

config::Error unreadable(const std::string& path, int error) {
    return config::fail(config::is_lasting(error) ? Errc::missing_file : Errc::disk_failed,
                        path + " (" + std::strerror(error) + ")");
}

class Folder final : public Files {
public:
    explicit Folder(std::string folder) : folder_(std::move(folder)) {}

    const std::string& where() const override { return folder_; }

    bool has(const std::string& name) const override {
        std::error_code error;
        if (!stays_inside(name)) return false;
        if (std::filesystem::is_regular_file(path(name), error)) return true;
        // One that cannot be looked at just now may be there: open() says so.
        return error && !config::is_lasting(error.value());
    }

    config::Result<Bytes> open(const std::string& name) const override {
        if (!stays_inside(name)) {
            return config::fail(Errc::bad_checkpoint, "'" + name + "' leads out of " + folder_);
        }
        const std::string file = path(name);
        const auto descriptor = config::open_plain_file(file);
        if (!descriptor) {
            const auto& code = descriptor.error().code;
            const bool plain = code != boost::system::errc::invalid_argument &&
                               code != boost::system::errc::is_a_directory;
            if (plain) return unreadable(file, code.value());
            return config::fail(Errc::missing_file, file + " (no regular file)");
        }
        struct stat status {};
        if (::fstat(descriptor->get(), &status) != 0) return unreadable(file, errno);
        const auto size = std::size_t(status.st_size);
        if (size == 0) return Bytes{};
        void* begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor->get(), 0);
        if (begin == MAP_FAILED) return unreadable(file, errno);
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

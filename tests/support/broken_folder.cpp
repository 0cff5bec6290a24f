#include "tests/support/broken_folder.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <sys/stat.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace tests {
namespace {

std::mutex mutex;
std::optional<struct stat> broken;
bool given = false;  // an entry, since the folder was opened last

bool is_broken(DIR* folder) {
    struct stat of {};
    return broken && ::fstat(::dirfd(folder), &of) == 0 && of.st_dev == broken->st_dev &&
           of.st_ino == broken->st_ino;
}

dirent* read_entry(DIR* folder) {
    static const auto real = reinterpret_cast<dirent* (*)(DIR*)>(::dlsym(RTLD_NEXT, "readdir"));
    const std::lock_guard lock(mutex);
    if (!is_broken(folder)) return real(folder);
    if (::telldir(folder) == 0) given = false;
    if (given) {
        errno = EIO;
        return nullptr;
    }
    auto* const entry = real(folder);
    if (entry) {
        const std::string_view name = entry->d_name;
        given = name != "." && name != "..";
    }
    return entry;
}

}  // namespace

BrokenFolder::BrokenFolder(const std::filesystem::path& folder) {
    struct stat of {};
    if (::stat(folder.c_str(), &of) != 0) throw std::runtime_error("no folder to break");
    const std::lock_guard lock(mutex);
    broken = of;
}

BrokenFolder::~BrokenFolder() {
    const std::lock_guard lock(mutex);
    broken.reset();
}

}  // namespace tests

// In the place of libc's, for libstdc++, too.
extern "C" __attribute__((visibility("default"))) dirent* readdir(DIR* folder) {
    return tests::read_entry(folder);
}

#include "miner/instance_lock.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace miner {
namespace {

config::Error system_error(int number, const std::filesystem::path& path) {
    return {boost::system::error_code(number, boost::system::system_category()), path.string()};
}

}  // namespace

config::Result<InstanceLock> InstanceLock::take(const std::filesystem::path& folder,
                                                std::string_view name) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return system_error(error.value(), folder);
    const auto file = folder / name;
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return system_error(errno, file);
    InstanceLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno == EWOULDBLOCK)
        return config::Error{make_error_code(boost::system::errc::device_or_resource_busy),
                             "another miner works in " + folder.string()};
    return system_error(errno, file);
}

InstanceLock::~InstanceLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace miner

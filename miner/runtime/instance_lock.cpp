#include "miner/runtime/instance_lock.hpp"

#include "config/durable_file.hpp"

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
    if (const auto made = config::make_folders(folder); !made) return made.error();
    const auto file = folder / name;
    auto descriptor = config::open_or_make(file, O_RDWR);
    if (!descriptor) return system_error(errno, file);
    if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) == 0)
        return InstanceLock(std::move(descriptor));
    if (errno == EWOULDBLOCK)
        return config::Error{make_error_code(boost::system::errc::device_or_resource_busy),
                             "another miner works in " + folder.string()};
    return system_error(errno, file);
}

}  // namespace miner

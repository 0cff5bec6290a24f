// A machine that is short of file descriptors.
#pragma once

#include <sys/resource.h>

#include <stdexcept>

namespace tests {

// While it lives, this process opens nothing: each open(2) ends with EMFILE. What is open stays so.
class NoDescriptors {
public:
    NoDescriptors() {
        if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) throw std::runtime_error("no limit to see");
        const rlimit none{0, before_.rlim_max};
        if (::setrlimit(RLIMIT_NOFILE, &none) != 0) throw std::runtime_error("no limit to set");
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { static_cast<void>(::setrlimit(RLIMIT_NOFILE, &before_)); }

private:
    rlimit before_{};
};

}  // namespace tests

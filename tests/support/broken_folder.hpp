// A folder whose disk fails in the middle of it.
#pragma once

#include <filesystem>

namespace tests {

// While it lives, whoever lists the folder in this process gets one entry, and then EIO. One at a
// time.
class BrokenFolder {
public:
    explicit BrokenFolder(const std::filesystem::path& folder);
    BrokenFolder(const BrokenFolder&) = delete;
    BrokenFolder& operator=(const BrokenFolder&) = delete;
    ~BrokenFolder();
};

}  // namespace tests

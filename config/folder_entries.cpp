#include "config/folder_entries.hpp"

namespace config {

namespace fs = std::filesystem;

std::vector<fs::directory_entry> folder_entries(const fs::path& folder, std::error_code& error) {
    std::vector<fs::directory_entry> entries;
    // An iterator that fails becomes the end.
    for (fs::directory_iterator entry(folder, error), end; entry != end; entry.increment(error))
        entries.push_back(*entry);
    return entries;
}

}  // namespace config

#include "miner/batch/folder.hpp"

#include "config/durable_file.hpp"
#include "config/folder_entries.hpp"

namespace miner {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOwn = ".miner";

// Of what a killed run was writing.
void sweep(const fs::path& folder) {
    std::error_code ignored;
    for (const auto& entry : config::folder_entries(folder, ignored))
        if (entry.path().filename().string().starts_with(".miner."))
            fs::remove(entry.path(), ignored);
}

}  // namespace

config::Result<BatchFolder> BatchFolder::open(const fs::path& path) {
    auto lock = InstanceLock::take(path / kOwn, "lock");
    if (!lock) return lock.error();
    BatchFolder folder(path, std::move(*lock));
    sweep(path / kOwn);
    sweep(folder.previews());
    return folder;
}

fs::path BatchFolder::temporary() const { return path_ / kOwn; }

fs::path BatchFolder::notes() const { return path_ / kOwn / "results"; }

config::Result<void> BatchFolder::write(const fs::path& file,
                                        std::span<const std::uint8_t> bytes) const {
    const auto folder = file.parent_path();
    if (const auto made = config::make_folders(folder); !made) return made.error();
    return config::write_durably(file, bytes,
                                 folder == manifest().parent_path() ? temporary() : folder);
}

config::Result<void> BatchFolder::remove_preview(const std::string& name) const {
    std::error_code error;
    fs::remove(preview(name), error);
    // A file in the folder's place holds none either.
    if (error && error != std::errc::not_a_directory)
        return config::Error{error, preview(name).string()};
    return {};
}

bool BatchFolder::holds(const fs::path& file) const {
    std::error_code ignored;
    const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    return fs::equivalent(folder, path_, ignored) || fs::equivalent(folder, previews(), ignored);
}

}  // namespace miner

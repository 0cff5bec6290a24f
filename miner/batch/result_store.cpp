#include "miner/batch/result_store.hpp"

#include "config/durable_file.hpp"
#include "config/folder_entries.hpp"
#include "miner/batch/names.hpp"
#include "miner/batch/plain_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace miner {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytesOfNotes = 64 << 20;
constexpr std::size_t kDigits = 64;  // of a SHA-256

config::Error system_error(int number, const fs::path& path) {
    return {boost::system::error_code(number, boost::system::system_category()), path.string()};
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// A link is there, wherever it leads.
bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

bool ends_with(std::string_view name, std::string_view ending) {
    const auto same = [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    };
    return name.size() > ending.size() &&
           std::equal(ending.rbegin(), ending.rend(), name.rbegin(), same);
}

// As `sha256sum` writes it.
std::string note_text(std::string_view sha256, std::string_view file) {
    return fmt::format("{}  {}\n", sha256, file);
}

// Nothing that is already there is replaced: false then.
config::Result<bool> rename_to_free(const fs::path& from, const fs::path& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
        return true;
    if (errno == EEXIST) return false;
    // Some file systems do not know that flag.
    if (errno != EINVAL && errno != ENOSYS) return system_error(errno, from);
    if (is_there(to)) return false;
    if (::rename(from.c_str(), to.c_str()) != 0) return system_error(errno, from);
    return true;
}

}  // namespace

config::Result<ResultStore> ResultStore::open(const BatchFolder& folder,
                                              std::span<const ManifestLine> lines, bool stay) {
    Owned owned, notes;
    if (is_there(folder.notes())) {
        const auto read = read_plain_file(folder.notes(), kMostBytesOfNotes);
        if (!read) return config::Error{read.error().code, folder.notes().string()};
        const std::string_view text(reinterpret_cast<const char*>(read->data()), read->size());
        for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != text.npos; at = end + 1) {
            const auto line = text.substr(at, end - at);
            if (line.size() <= kDigits + 2) continue;
            const auto file = line.substr(kDigits + 2);
            if (is_safe_name(file)) notes[std::string(file)].emplace(line.substr(0, kDigits));
        }
    }
    for (const auto& line : lines) {
        if (!line.has_result()) continue;
        owned[line.file].insert(line.sha256);
        if (!stay) {
            notes[line.file].insert(line.sha256);
        } else if (const auto noted = notes.find(line.file); noted != notes.end()) {
            noted->second.erase(line.sha256);
        }
    }
    std::string text;
    for (auto at = notes.begin(); at != notes.end();) {
        auto& [file, hashes] = *at;
        if (hashes.empty() || !is_there(folder.path() / file)) {
            at = notes.erase(at);
            continue;
        }
        for (const auto& sha256 : hashes) text += note_text(sha256, file);
        owned[file].insert(hashes.begin(), hashes.end());
        ++at;
    }
    if (const auto written = folder.write(folder.notes(), bytes_of(text)); !written)
        return written.error();
    ResultStore store(folder, std::move(owned), std::move(notes));
    store.file_ = config::open_file(folder.notes(), O_WRONLY | O_APPEND);
    if (!store.file_) return system_error(errno, folder.notes());
    return store;
}

config::Result<std::vector<std::string>> ResultStore::foreign(std::string_view ending) const {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : config::folder_entries(folder_->path(), error)) {
        auto name = entry.path().filename().string();
        if (ends_with(name, ending) && owned_.find(name) == owned_.end())
            names.push_back(std::move(name));
    }
    if (error) return config::Error{error, folder_->path().string()};
    std::set<std::string> shown;
    for (const auto& [file, hashes] : owned_) shown.insert(fs::path(file).stem().string());
    for (const auto& entry : config::folder_entries(folder_->previews(), error)) {
        auto name = entry.path().filename().string();
        if (ends_with(name, ".png") && shown.count(entry.path().stem().string()) == 0)
            names.push_back(std::move(name));
    }
    const bool none =
        error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
    if (error && !none) return config::Error{error, folder_->previews().string()};
    return names;
}

bool ResultStore::is_own(const std::string& file) const {
    const auto path = folder_->path() / file;
    std::error_code ignored;
    if (fs::is_symlink(path, ignored)) return false;
    const auto owned = owned_.find(file);
    if (owned == owned_.end()) return false;
    const auto hashed = sha256_of_file(path);
    return hashed && owned->second.count(*hashed) > 0;
}

config::Result<std::string> ResultStore::move_aside(const std::string& file) const {
    const fs::path name = file;
    for (int number = 1;; ++number) {
        const auto aside =
            fmt::format("{}.edited{}{}", name.stem().string(),
                        number == 1 ? "" : fmt::format("-{}", number), name.extension().string());
        const auto moved = rename_to_free(folder_->path() / file, folder_->path() / aside);
        if (!moved) return moved.error();
        if (*moved) return aside;
    }
}

// On the disk before the file is: the other way round a power cut could leave the file alone.
config::Result<void> ResultStore::note(const ManifestLine& line) {
    owned_[line.file].insert(line.sha256);
    notes_[line.file].insert(line.sha256);
    const auto text = note_text(line.sha256, line.file);
    if (!config::write_all(file_.get(), bytes_of(text)) || ::fdatasync(file_.get()) != 0)
        return system_error(errno, folder_->notes());
    return {};
}

config::Result<std::string> ResultStore::put(const ManifestLine& line,
                                             std::span<const std::uint8_t> bytes) {
    const auto path = folder_->path() / line.file;
    std::string aside;
    if (is_there(path) && !is_own(line.file)) {
        auto moved = move_aside(line.file);
        if (!moved) return moved.error();
        aside = std::move(*moved);
    }
    if (const auto noted = note(line); !noted) return noted.error();
    if (const auto written = folder_->write(path, bytes); !written) return written.error();
    return aside;
}

void ResultStore::recorded(const ManifestLine& line) {
    notes_.erase(line.file);
    if (notes_.empty()) all_recorded();
}

void ResultStore::all_recorded() {
    notes_.clear();
    // What the file holds yet is of little harm where it cannot be cut.
    [[maybe_unused]] const int cut = ::ftruncate(file_.get(), 0);
}

}  // namespace miner

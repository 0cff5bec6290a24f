#include "miner/rehearsal/pictures.hpp"

#include "config/folder_entries.hpp"
#include "generator/errc.hpp"
#include "miner/rehearsal/embedded.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>

namespace miner {
namespace {

// By the names of the pictures.
std::map<std::string, int> embedded_objects() {
    std::map<std::string, int> objects;
    for (std::uint64_t i = 0; i < miner_rehearsal_manifest_count; ++i) {
        const auto& file = miner_rehearsal_manifest[i];
        const std::string_view text(reinterpret_cast<const char*>(file.data), file.size);
        const auto manifest = boost::json::parse(text);
        for (const auto& picture : manifest.at("pictures").as_array())
            objects.emplace(picture.at("file").as_string(), picture.at("object").to_number<int>());
    }
    return objects;
}

}  // namespace

std::vector<NamedPicture> embedded_pictures() {
    const auto objects = embedded_objects();
    std::vector<NamedPicture> pictures;
    for (std::uint64_t i = 0; i < miner_rehearsal_pictures_count; ++i) {
        const auto& file = miner_rehearsal_pictures[i];
        pictures.push_back(
            {file.name, {file.data, file.data + file.size}, {objects.at(file.name)}});
    }
    std::sort(pictures.begin(), pictures.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return pictures;
}

config::Result<std::vector<NamedPicture>> pictures_in(const std::string& folder) {
    namespace fs = std::filesystem;
    constexpr std::array kEndings{".png", ".jpg", ".jpeg", ".webp",
                                  ".gif", ".bmp", ".tif",  ".tiff"};
    constexpr std::uintmax_t kMaxBytes = 64 << 20;

    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& entry : config::folder_entries(folder, error)) {
        auto ending = entry.path().extension().string();
        std::transform(ending.begin(), ending.end(), ending.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        if (std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end())
            files.push_back(entry.path());
    }
    using generator::Errc;
    if (error) return config::fail(Errc::missing_file, folder + " (" + error.message() + ")");
    if (files.empty())
        return config::fail(Errc::missing_file, folder +
                                                    " holds no .png, .jpg, .webp, .gif, .bmp or "
                                                    ".tiff; name another folder with --pictures");
    std::sort(files.begin(), files.end());

    std::vector<NamedPicture> pictures;
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        const auto size = fs::file_size(file, error);
        if (!in || error || size > kMaxBytes)
            return config::fail(Errc::missing_file, file.string());
        NamedPicture picture{file.filename().string(), std::vector<std::uint8_t>(size), {}};
        if (!in.read(reinterpret_cast<char*>(picture.bytes.data()), std::streamsize(size)))
            return config::fail(Errc::missing_file, file.string());
        pictures.push_back(std::move(picture));
    }
    return pictures;
}

}  // namespace miner

#include "tests/support/recordings.hpp"
#include "tests/support/paths.hpp"

#include "tests/support/vectors.hpp"

#include <zlib.h>
#include <boost/json/parse.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>

namespace tests {
namespace {

std::filesystem::path folder() {
    const char* vectors = std::getenv("MINER_VECTORS");
    const std::filesystem::path base =
        vectors != nullptr ? std::string(vectors) : project_path("tests/vectors");
    return is_directory(base / "chain") ? base / "chain" : base / ".." / "chain";
}

}  // namespace

std::string unpacked(std::string_view file) {
    const auto path = folder() / file;
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> stream(gzopen(path.c_str(), "rb"), gzclose);
    if (!stream) throw std::runtime_error("no recording at " + path.string());
    std::string text;
    std::array<char, 65'536> part;
    int count = 0;
    while ((count = gzread(stream.get(), part.data(), unsigned(part.size()))) > 0) {
        text.append(part.data(), std::size_t(count));
    }
    if (count < 0) throw std::runtime_error("a broken recording at " + path.string());
    return text;
}

std::vector<std::uint8_t> recorded_bytes(std::string_view file) {
    std::string text = unpacked(file);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return from_hex(std::string_view(text).substr(text.starts_with("0x") ? 2 : 0));
}

const boost::json::object& recorded(std::string_view file) {
    static std::map<std::string, boost::json::value, std::less<>> cache;
    if (const auto known = cache.find(file); known != cache.end()) return known->second.as_object();
    return cache.emplace(file, boost::json::parse(unpacked(file))).first->second.as_object();
}

const boost::json::value& recorded_result(std::string_view file, std::string_view method,
                                          std::string_view parameter) {
    for (const auto& answer : recorded(file).at(method).as_object()) {
        if (std::string_view(answer.key()).find(parameter) != std::string_view::npos) {
            return answer.value().as_object().at("result");
        }
    }
    throw std::out_of_range("no recorded answer to " + std::string(method));
}

}  // namespace tests

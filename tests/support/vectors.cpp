#include "tests/support/vectors.hpp"
#include "tests/support/paths.hpp"

#include <boost/json/parse.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

namespace tests {

const boost::json::object& vectors(std::string_view file) {
    static std::map<std::string, boost::json::value, std::less<>> cache;
    if (const auto known = cache.find(file); known != cache.end()) return known->second.as_object();
    const char* folder = std::getenv("MINER_VECTORS");
    const std::string path =
        (folder != nullptr ? std::string(folder) : project_path("tests/vectors")) + "/" +
        std::string(file);
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw std::runtime_error("no test vectors at " + path);
    const std::string content(std::istreambuf_iterator<char>(stream), {});
    const auto& all = cache.emplace(file, boost::json::parse(content)).first->second.as_object();
    // A loop over nothing would check nothing.
    for (const auto& field : all) {
        const auto* list = field.value().if_array();
        if (list != nullptr && list->empty())
            throw std::runtime_error(path + ": " + std::string(field.key()) + " is empty");
    }
    return all;
}

std::string text(const boost::json::value& object, std::string_view field) {
    return std::string(object.as_object().at(field).as_string());
}

std::vector<std::uint8_t> hex(const boost::json::value& object, std::string_view field) {
    return from_hex(text(object, field));
}

std::vector<std::uint8_t> base64(const boost::json::value& object, std::string_view field) {
    return from_base64(text(object, field));
}

std::vector<std::uint8_t> from_hex(std::string_view digits) {
    if (digits.size() % 2 != 0) throw std::invalid_argument("odd number of hex digits");
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        bytes.push_back(std::uint8_t(std::stoul(std::string(digits.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

std::vector<std::uint8_t> from_base64(std::string_view text) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::vector<std::uint8_t> bytes;
    unsigned bits = 0;
    int held = 0;
    for (const char character : text) {
        if (character == '=') break;
        const std::size_t value = kAlphabet.find(character);
        if (value == kAlphabet.npos) throw std::invalid_argument("not base64");
        bits = (bits << 6 | unsigned(value)) & 0xffffff;
        held += 6;
        if (held >= 8) bytes.push_back(std::uint8_t(bits >> (held -= 8)));
    }
    return bytes;
}

const boost::json::value* find(const boost::json::value& object, std::string_view field) {
    const boost::json::value* value = object.as_object().if_contains(field);
    return value == nullptr || value->is_null() ? nullptr : value;
}

}  // namespace tests

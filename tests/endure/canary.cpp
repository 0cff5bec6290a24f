#include "tests/endure/canary.hpp"

#include "config/descriptor.hpp"
#include "network/hex.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace endure {
namespace {

struct Mapping {
    std::uint64_t begin = 0, end = 0;
    std::string name;
    bool readable = false, kept = false;  // locked, and not dumped
};

std::vector<Mapping> mappings_of(pid_t process) {
    std::ifstream map("/proc/" + std::to_string(process) + "/smaps");
    std::vector<Mapping> found;
    for (std::string line; std::getline(map, line);) {
        std::istringstream words(line);
        std::string first, second;
        words >> first >> second;
        if (const auto dash = first.find('-'); dash != first.npos && first.back() != ':') {
            Mapping one;
            one.begin = std::stoull(first.substr(0, dash), nullptr, 16);
            one.end = std::stoull(first.substr(dash + 1), nullptr, 16);
            one.readable = second[0] == 'r';
            for (std::string word; words >> word;) one.name = word;
            found.push_back(one);
        } else if (first == "VmFlags:" && !found.empty()) {
            const auto flags = " " + line + " ";
            found.back().kept =
                flags.find(" lo ") != flags.npos && flags.find(" dd ") != flags.npos;
        }
    }
    return found;
}

std::string raw(const std::string& digits) {
    std::string bytes(digits.size() / 2, '\0');
    if (!network::from_hex(digits, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}))
        throw std::runtime_error("a key file with digits that are none");
    return bytes;
}

}  // namespace

std::vector<Canary> canaries_of(std::string_view key_file) {
    const auto fields = boost::json::parse(key_file);
    std::vector<Canary> canaries{{"words", std::string(fields.at("secretPhrase").as_string())}};
    for (const char* name : {"secretSeed", "privateKey"}) {
        auto digits = std::string(fields.at(name).as_string()).substr(2);
        canaries.push_back({std::string(name) + " in digits", digits});
        canaries.push_back({std::string(name) + " in bytes", raw(digits)});
        if (digits.size() == 128) {
            canaries.push_back({"scalar", raw(digits.substr(0, 64))});
            canaries.push_back({"nonce part", raw(digits.substr(64))});
        }
        for (auto& c : digits) c = char(std::toupper(static_cast<unsigned char>(c)));
        canaries.push_back({std::string(name) + " in large digits", digits});
    }
    return canaries;
}

std::vector<std::string> found_in(std::string_view text, const std::vector<Canary>& canaries) {
    std::vector<std::string> found;
    for (const auto& canary : canaries) {
        const std::boyer_moore_horspool_searcher searcher(canary.bytes.begin(), canary.bytes.end());
        if (std::search(text.begin(), text.end(), searcher) != text.end())
            found.push_back(canary.what);
    }
    return found;
}

MemoryScan scan_memory(pid_t process, const std::vector<Canary>& canaries) {
    MemoryScan scan;
    const config::OwnedDescriptor memory(
        ::open(("/proc/" + std::to_string(process) + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
    if (!memory) throw std::runtime_error("the memory of the process is closed to us");
    std::string block;
    for (const auto& mapping : mappings_of(process)) {
        if (!mapping.readable) continue;
        block.resize(mapping.end - mapping.begin);
        const auto got = ::pread(memory.get(), block.data(), block.size(), off_t(mapping.begin));
        if (got <= 0) continue;  // such as [vvar]
        block.resize(std::size_t(got));
        if (!mapping.kept) scan.bytes += block.size();
        for (auto& what : found_in(block, canaries))
            (mapping.kept ? scan.locked : scan.found).push_back(what + " in " + mapping.name);
    }
    return scan;
}

}  // namespace endure

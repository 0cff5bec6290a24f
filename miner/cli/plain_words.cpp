#include "miner/cli/plain_words.hpp"

#include "config/keys.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace miner {

std::vector<std::string> plain_words(int argc, const char* const* argv) {
    constexpr std::array<std::string_view, 6> kWords{"true", "false", "on", "off", "yes", "no"};
    std::vector<std::string> words;
    bool after_bool = false;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (after_bool && std::find(kWords.begin(), kWords.end(), word) != kWords.end()) {
            words.back() += '=' + word;
            after_bool = false;
            continue;
        }
        const config::Key* key =
            word.starts_with("--") ? config::find_key(word.substr(2)) : nullptr;
        after_bool = key && config::type_of(*key) == "true or false";
        // A value may end so, too, as base64 does.
        const bool emptied =
            word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1;
        words.push_back(emptied ? word.substr(0, word.size() - 1) : word);
        if (emptied) words.emplace_back();
    }
    return words;
}

}  // namespace miner

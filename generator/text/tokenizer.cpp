#include "generator/text/tokenizer.hpp"

#include "generator/text/normalize.hpp"
#include "generator/text/repair.hpp"
#include "generator/weights/refused.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>

#include <boost/json/parse.hpp>

namespace generator {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxFileBytes = 64 << 20;
constexpr std::int64_t kMaxId = 1 << 24;
constexpr std::string_view kStart = "<|startoftext|>", kEnd = "<|endoftext|>";
constexpr std::string_view kWordEnd = "</w>";

// A printable character for each byte, so that vocabularies are readable: those that Latin-1 prints
// stand for themselves, the others for U+0100 and up.
std::array<std::string, 256> letters_of_bytes() {
    std::array<std::string, 256> letters;
    char32_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
        const bool prints = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
        append_utf8(letters[std::size_t(byte)], prints ? char32_t(byte) : next++);
    }
    return letters;
}

std::uint64_t pair_of(std::int32_t left, std::int32_t right) {
    return std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
}

// Where the next special token's name begins, and which it is.
std::pair<std::size_t, std::string_view> next_special(std::string_view text) {
    const auto start = text.find(kStart), end = text.find(kEnd);
    return start < end ? std::pair(start, kStart) : std::pair(end, kEnd);
}

config::Error too_long(std::string_view prompt) {
    return config::fail(Errc::bad_prompt, std::to_string(prompt.size()) + " bytes; at most " +
                                              std::to_string(Tokenizer::kMaxPromptBytes) +
                                              " are taken");
}

}  // namespace

Tokenizer Tokenizer::read(const Files& files, const std::string& folder) {
    const auto file = [&](const char* name) {
        const auto path = folder.empty() ? name : folder + "/" + name;
        const auto where = files.where() + "/" + path;
        auto bytes = or_refuse(files.open(path));
        if (bytes.data.size() > kMaxFileBytes)
            refuse(Errc::bad_checkpoint, where + ": larger than 64 MiB");
        return std::pair(std::move(bytes), where);
    };
    Tokenizer tokenizer;
    const auto [vocabulary, vocabulary_path] = file("vocab.json");
    tokenizer.read_vocabulary(vocabulary, vocabulary_path);
    const auto [merges, merges_path] = file("merges.txt");
    tokenizer.read_merges(merges, merges_path);
    return tokenizer;
}

void Tokenizer::read_vocabulary(const Bytes& bytes, const std::string& where) {
    json::error_code code;
    json::parse_options options;
    options.max_depth = 2;
    const auto value = json::parse(bytes.text(), code, {}, options);
    if (code || !value.is_object())
        refuse(Errc::bad_checkpoint, where + ": no JSON object of tokens and numbers");
    for (const auto& [token, id] : value.get_object()) {
        const auto* number = id.if_int64();
        if (!number || *number < 0 || *number >= kMaxId)
            refuse(Errc::bad_checkpoint,
                   where + ": '" + std::string(token).substr(0, 60) + "' has no number below 2^24");
        ids_.emplace(std::string(token), std::int32_t(*number));
        largest_id_ = std::max(largest_id_, std::int32_t(*number));
    }
    const auto id = [&](std::string_view token) {
        const auto found = ids_.find(std::string(token));
        if (found == ids_.end())
            refuse(Errc::bad_checkpoint, where + ": '" + std::string(token) + "' is missing");
        return found->second;
    };
    start_ = id(kStart);
    end_ = id(kEnd);
    const auto letters = letters_of_bytes();
    for (std::size_t byte = 0; byte < letters.size(); ++byte) {
        const auto id_or_end = [&](const std::string& token) {
            const auto found = ids_.find(token);
            return found == ids_.end() ? end_ : found->second;  // CLIP's token for the unknown
        };
        inner_[byte] = id_or_end(letters[byte]);
        last_[byte] = id_or_end(letters[byte] + std::string(kWordEnd));
    }
}

void Tokenizer::read_merges(const Bytes& bytes, const std::string& where) {
    std::string_view rest = bytes.text();
    std::int32_t rank = 0;
    for (int number = 1; !rest.empty(); ++number) {
        const auto end = std::min(rest.find('\n'), rest.size());
        auto line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with("#version")) continue;
        const auto space = line.find(' ');
        const auto left = std::string(line.substr(0, space));
        const auto right = space == line.npos ? std::string() : std::string(line.substr(space + 1));
        const auto a = ids_.find(left), b = ids_.find(right), both = ids_.find(left + right);
        if (a == ids_.end() || b == ids_.end() || both == ids_.end())
            refuse(Errc::bad_checkpoint, where + ": line " + std::to_string(number) +
                                             " joins what vocab.json does not have");
        merges_.emplace(pair_of(a->second, b->second), Merge{rank++, both->second});
    }
}

config::Result<std::vector<std::int64_t>> Tokenizer::encode(std::string_view prompt,
                                                            std::size_t length) const {
    if (prompt.size() > kMaxPromptBytes) return too_long(prompt);
    std::vector<std::int64_t> ids{start_};
    const auto most = length - 1;  // the last one is the end
    while (!prompt.empty() && ids.size() < most) {
        const auto [begin, special] = next_special(prompt);
        append(normalize(prompt.substr(0, begin)), ids, most);
        if (begin == prompt.npos) break;
        if (ids.size() < most) ids.push_back(special == kStart ? start_ : end_);
        prompt.remove_prefix(begin + special.size());
    }
    ids.resize(length, end_);
    return ids;
}

config::Result<std::vector<std::int64_t>> Tokenizer::encode_as_open_clip(std::string_view prompt,
                                                                         std::size_t length) const {
    if (prompt.size() > kMaxPromptBytes) return too_long(prompt);
    std::vector<std::int64_t> ids{start_};
    append(repaired_prompt(prompt), ids, length - 1);
    ids.push_back(end_);
    ids.resize(length, 0);
    return ids;
}

void Tokenizer::append(std::u32string_view text, std::vector<std::int64_t>& ids,
                       std::size_t most) const {
    for (const auto word : words(text)) {
        if (ids.size() >= most) return;
        std::string bytes;
        for (const char32_t c : word) append_utf8(bytes, c);
        const auto own = merged(bytes);
        ids.insert(ids.end(), own.begin(),
                   own.begin() + std::ptrdiff_t(std::min(own.size(), most - ids.size())));
    }
}

// Of all neighbours that can be joined, the pair of the lowest rank is, the leftmost of equals,
// until none is left; with a heap, so that a word of 100 kB takes no longer than its sorting.
std::vector<std::int32_t> Tokenizer::merged(std::string_view word) const {
    struct Symbol {
        std::int32_t id;
        int before, after;  // neighbours; -1: none
    };
    using Candidate = std::tuple<std::int32_t, int, std::uint64_t>;  // rank, left symbol, the pair
    constexpr std::int32_t kGone = -1;

    std::vector<Symbol> symbols;
    const int count = int(word.size());
    for (int i = 0; i < count; ++i) {
        const auto byte = std::size_t(static_cast<unsigned char>(word[std::size_t(i)]));
        const bool last = i + 1 == count;
        symbols.push_back({last ? last_[byte] : inner_[byte], i - 1, last ? -1 : i + 1});
    }
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
    const auto consider = [&](int left) {
        if (left < 0 || symbols[std::size_t(left)].after < 0) return;
        const auto& symbol = symbols[std::size_t(left)];
        const auto pair = pair_of(symbol.id, symbols[std::size_t(symbol.after)].id);
        if (const auto found = merges_.find(pair); found != merges_.end())
            candidates.emplace(found->second.rank, left, pair);
    };
    for (int i = 0; i < count; ++i) consider(i);
    while (!candidates.empty()) {
        const auto [rank, at, pair] = candidates.top();
        candidates.pop();
        auto& left = symbols[std::size_t(at)];
        if (left.id == kGone || left.after < 0) continue;
        auto& right = symbols[std::size_t(left.after)];
        if (pair_of(left.id, right.id) != pair) continue;  // one of the two was joined meanwhile
        left.id = merges_.at(pair).id;
        left.after = right.after;
        right.id = kGone;
        if (left.after >= 0) symbols[std::size_t(left.after)].before = at;
        consider(left.before);
        consider(at);
    }
    std::vector<std::int32_t> ids;
    for (int i = count > 0 ? 0 : -1; i >= 0; i = symbols[std::size_t(i)].after)
        ids.push_back(symbols[std::size_t(i)].id);
    return ids;
}

}  // namespace generator

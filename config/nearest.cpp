#include "config/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace config {
namespace {

constexpr std::size_t kLongestWord = 64;  // typing errors in longer ones are nobody's typing errors

// Optimal string alignment: edits and swaps of neighbours, row by row.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    std::iota(above.begin(), above.end(), 0);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t wrong = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, wrong});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    if (word.size() > kLongestWord) return {};
    std::string best;
    std::size_t fewest = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t errors = distance(word, candidate);
        if (errors < fewest && errors < candidate.size()) {
            fewest = errors;
            best = candidate;
        }
    }
    return best;
}

}  // namespace config

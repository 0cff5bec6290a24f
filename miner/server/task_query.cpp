#include "miner/server/task_query.hpp"

#include "miner/server/request.hpp"
#include "network/errc.hpp"

#include <string_view>

namespace miner {
namespace {

using storage::Outcome;

constexpr std::size_t kLongestAddress = 64;
constexpr double kHighestScore = 2;

bool read_outcome(std::string_view text, storage::TaskFilter& filter) {
    if (text == "withheld") {
        filter.outcome = Outcome::rejected;
        filter.withheld = true;
        return true;
    }
    for (const auto outcome : {Outcome::passed, Outcome::retry_passed, Outcome::retry_improved,
                               Outcome::rejected, Outcome::skipped, Outcome::error}) {
        if (text != storage::name(outcome)) continue;
        filter.outcome = outcome;
        if (outcome == Outcome::rejected) filter.withheld = false;
        return true;
    }
    return false;
}

bool read(const std::string& name, const std::string& text, TaskQuery& query) {
    if (name == "outcome") return read_outcome(text, query.filter);
    if (name == "validator") {
        query.filter.validator = text;
        return !text.empty() && text.size() <= kLongestAddress;
    }
    if (name == "below")
        return (query.filter.below = read_decimal(text, 0, kHighestScore)).has_value();
    if (name == "before") return (query.before = read_number(text, 1, kLargestRow)).has_value();
    if (name != "limit") return false;
    const auto limit = read_number(text, 1, storage::kLongestListing);
    query.limit = int(limit.value_or(query.limit));
    return limit.has_value();
}

}  // namespace

config::Result<TaskQuery> read_task_query(const std::map<std::string, std::string>& query) {
    TaskQuery result;
    for (const auto& [name, text] : query)
        if (!read(name, text, result)) return config::fail(network::Errc::malformed, name);
    return result;
}

}  // namespace miner

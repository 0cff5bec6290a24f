#include "miner/rehearsal/prompts.hpp"

#include "miner/rehearsal/embedded.hpp"

#include <boost/json/parse.hpp>

#include <cmath>
#include <string_view>

namespace miner {

std::vector<std::string> embedded_prompts() {
    std::vector<std::string> prompts;
    for (std::uint64_t i = 0; i < miner_rehearsal_prompts_count; ++i) {
        const auto& file = miner_rehearsal_prompts[i];
        const std::string_view text(reinterpret_cast<const char*>(file.data), file.size);
        const auto rows = boost::json::parse(text);
        for (const auto& row : rows.as_array()) prompts.emplace_back(row.at("caption").as_string());
    }
    return prompts;
}

bool is_prompt(int task, double share) {
    return std::floor((task + 1) * share) > std::floor(task * share);
}

}  // namespace miner

#include "miner/rehearsal/prompts.hpp"

#include "miner/rehearsal/embedded.hpp"

#include <boost/json/parse.hpp>

#include <cmath>
#include <string_view>

namespace miner {

std::vector<NamedPrompt> embedded_prompts() {
    std::vector<NamedPrompt> prompts;
    for (std::uint64_t i = 0; i < miner_rehearsal_prompts_count; ++i) {
        const auto& file = miner_rehearsal_prompts[i];
        const std::string_view text(reinterpret_cast<const char*>(file.data), file.size);
        const auto rows = boost::json::parse(text);
        for (const auto& row : rows.as_array()) {
            auto& prompt = prompts.emplace_back();
            prompt.words = row.at("caption").as_string();
            prompt.objects.push_back(row.at("object").to_number<int>());
            if (const auto* also = row.as_object().if_contains("also"))
                for (const auto& object : also->as_array())
                    prompt.objects.push_back(object.to_number<int>());
        }
    }
    return prompts;
}

bool is_prompt(int task, double share) {
    return std::floor((task + 1) * share) > std::floor(task * share);
}

}  // namespace miner

#include "miner/generation/remote_call.hpp"

#include "network/uuid.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace miner {
namespace {

std::string form(const std::vector<std::pair<std::string, std::string_view>>& fields,
                 std::string& type) {
    std::string boundary;
    const auto occurs = [&](const auto& field) {
        return field.second.find(boundary) != std::string_view::npos;
    };
    do {
        boundary = network::random_uuid();
    } while (std::any_of(fields.begin(), fields.end(), occurs));
    std::string body;
    for (const auto& [name, contents] : fields) {
        body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"" +
                (name == "prompt_image_file" ? "; filename=\"picture\"" : "") + "\r\n\r\n";
        body += contents;
        body += "\r\n";
    }
    type = "multipart/form-data; boundary=" + boundary;
    return body + "--" + boundary + "--\r\n";
}

}  // namespace

network::HttpRequest remote_request(const GenerationRequest& request,
                                    const GenerationConfig& generation_config,
                                    storage::EnhancementChain chain, std::uint64_t seed,
                                    std::int64_t min_gaussians) {
    const auto seed_text = std::to_string(seed), least = std::to_string(min_gaussians);
    std::vector<std::pair<std::string, std::string_view>> fields;
    if (const auto* prompt = std::get_if<generator::Prompt>(&request)) {
        fields.emplace_back("prompt", prompt->text);
    } else {
        const auto& bytes = std::get<std::vector<std::uint8_t>>(request);
        fields.emplace_back(
            "prompt_image_file",
            std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
        fields.emplace_back("enhance", generation_config.enhancement(chain).words);
        fields.emplace_back("applies_to",
                            generation_config.stage2_uses_plain_picture ? "structure" : "both");
    }
    fields.emplace_back("seed", seed_text);
    fields.emplace_back("min_gaussians", least);
    network::HttpRequest http{.method = "POST", .target = "/generate", .headers = {}};
    std::string type;
    http.body = form(fields, type);
    http.headers = {{"content-type", type}};
    return http;
}

}  // namespace miner

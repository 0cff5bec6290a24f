#include "miner/generation/remote_call.hpp"

#include "config/escape.hpp"
#include "generator/errc.hpp"
#include "generator/splat/export.hpp"
#include "network/uuid.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

namespace miner {
namespace {

constexpr std::size_t kMostJson = 64 << 10;
constexpr std::size_t kLongestWords = 200;  // of a peer's, in our log

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

std::string refusal_words(const network::HttpAnswer& answer) {
    boost::system::error_code error;
    const auto json = answer.body.size() > kMostJson
                          ? boost::json::value()
                          : boost::json::parse(answer.body, error, {}, {.max_depth = 8});
    std::string words;
    if (const auto* object = error ? nullptr : json.if_object())
        for (const auto* key : {"error", "reason"})
            if (const auto* text = object->if_contains(key); text && text->is_string())
                words = config::printable(text->get_string(), kLongestWords);
    return fmt::format("{}{}{}", answer.status, words.empty() ? "" : ": ", words);
}

std::optional<std::int64_t> gaussians_told(const network::HttpAnswer& answer) {
    const auto header = network::find_header(answer.headers, "x-gaussians");
    if (!header) return std::nullopt;
    std::int64_t count = -1;
    const auto [end, error] =
        std::from_chars(header->data(), header->data() + header->size(), count);
    if (error != std::errc{} || end != header->data() + header->size()) return std::nullopt;
    // Not more than the bytes of a result can hold.
    if (count < 0 || count > kLargestRemoteResult) return std::nullopt;
    return count;
}

std::chrono::seconds retry_after(const network::HttpAnswer& answer) {
    const auto header = network::find_header(answer.headers, "retry-after");
    std::int64_t count = 5;
    if (header) std::from_chars(header->data(), header->data() + header->size(), count);
    return std::chrono::seconds(std::clamp<std::int64_t>(count, 1, 300));
}

config::Result<generator::Splats> remote_splats(const std::string& body) {
    const auto stored =
        generator::read_ply({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
    if (!stored) return stored.error();
    if (stored->size() == 0) return config::fail(generator::Errc::bad_splats, "no Gaussians");
    return generator::import_splats(*stored, generator::Up::trellis);
}

}  // namespace miner

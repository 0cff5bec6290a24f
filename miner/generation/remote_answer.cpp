#include "miner/generation/remote_answer.hpp"

#include "config/escape.hpp"
#include "generator/errc.hpp"
#include "generator/splat/export.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>

namespace miner {
namespace {

constexpr std::size_t kMostJson = 64 << 10;
constexpr std::size_t kLongestWords = 200;  // of a peer's, in our log

}  // namespace

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

#include "network/picture_answer.hpp"

#include "network/base64.hpp"
#include "network/errc.hpp"
#include "network/json_fields.hpp"

#include <utility>

namespace network {
namespace {

const boost::json::string* picture_in(const boost::json::object& answer) {
    const auto* data = answer.if_contains("data");
    const auto* list = data ? data->if_array() : nullptr;
    const auto* first = list && !list->empty() ? list->front().if_object() : nullptr;
    const auto* text = first ? first->if_contains("b64_json") : nullptr;
    return text ? text->if_string() : nullptr;
}

}  // namespace

config::Result<std::vector<std::uint8_t>> picture_in_answer(std::string_view body) {
    const auto answer = JsonMessage::parse(body);
    const auto* text = answer ? picture_in(answer->fields()) : nullptr;
    if (!text) return config::fail(Errc::malformed, "no data[0].b64_json in its answer");
    auto picture = base64_decode_loosely(*text);
    if (!picture || picture->bytes.empty())
        return config::fail(Errc::malformed, "data[0].b64_json is no base64 of a picture");
    return std::move(picture->bytes);
}

}  // namespace network

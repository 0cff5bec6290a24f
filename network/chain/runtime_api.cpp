#include "network/chain/runtime_api.hpp"

#include "network/chain/codec.hpp"
#include "network/chain/scale.hpp"
#include "network/errc.hpp"

#include <fmt/format.h>

#include <optional>

namespace network {
namespace {

config::Error within(config::Error error, std::string_view method) {
    error.detail = fmt::format("{}: {}", method, error.detail);
    return error;
}

// What a byte vector holds, when `bytes` are one from end to end.
std::optional<std::span<const std::uint8_t>> inside_bytes(std::span<const std::uint8_t> bytes) {
    ScaleReader reader(bytes);
    const auto inner = reader.bytes(reader.length(1));
    reader.finish();
    return reader.ok() ? std::optional(inner) : std::nullopt;
}

}  // namespace

bool describes_answer(const Metadata& metadata, std::string_view method) {
    const RuntimeMethod* known = metadata.method(method);
    if (!known) return false;
    const auto& type = metadata.types[metadata.types.unwrapped(known->output)];
    const auto* sequence = std::get_if<SequenceType>(&type.definition);
    return !sequence || !metadata.types.is_u8(sequence->element);
}

config::Result<std::vector<std::uint8_t>> method_arguments(const Metadata& metadata,
                                                           std::string_view method,
                                                           const std::vector<Value>& arguments) {
    const RuntimeMethod* known = metadata.method(method);
    if (!known) return config::fail(Errc::not_in_runtime, std::string(method));
    if (arguments.size() != known->inputs.size()) {
        return config::fail(Errc::not_in_runtime,
                            fmt::format("{} with {} arguments", method, arguments.size()));
    }
    auto bytes = encode_fields(metadata.types, known->inputs, Value::List(arguments));
    if (!bytes) return within(bytes.error(), method);
    return bytes;
}

config::Result<Value> method_answer(const Metadata& metadata, std::string_view method,
                                    std::span<const std::uint8_t> bytes) {
    const RuntimeMethod* known = metadata.method(method);
    if (!known) return config::fail(Errc::not_in_runtime, std::string(method));
    auto answer = decode(metadata.types, known->output, bytes);
    if (answer) return answer;
    if (const auto inner = inside_bytes(bytes)) {
        auto unwrapped = decode(metadata.types, known->output, *inner);
        if (unwrapped) return unwrapped;
    }
    return within(answer.error(), method);
}

}  // namespace network

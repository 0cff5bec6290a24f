#include "network/chain/runtime_api.hpp"

#include "network/chain/codec.hpp"
#include "network/errc.hpp"

#include <fmt/format.h>

namespace network {
namespace {

config::Error within(config::Error error, std::string_view method) {
    error.detail = fmt::format("{}: {}", method, error.detail);
    return error;
}

}  // namespace

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
    if (!answer) return within(answer.error(), method);
    return answer;
}

}  // namespace network

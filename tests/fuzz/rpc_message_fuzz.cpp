// What a node of the chain sends: JSON-RPC frames.
#include "network/chain/rpc_message.hpp"

#include "config/escape.hpp"
#include "tests/fuzz/input.hpp"

#include <variant>

namespace {

// These words end up in log lines and on terminals.
bool printable(std::string_view words) { return config::printable(words, config::kWhole) == words; }

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text(data, size);
    const auto message = network::parse_rpc_message(text);
    if (!message) {
        fuzz::require(printable(message.error().detail));
        return 0;
    }
    if (const auto* answer = std::get_if<network::RpcAnswer>(&*message)) {
        if (!answer->result) fuzz::require(printable(answer->result.error().detail));
    } else {
        // The key that its items are handed out by.
        fuzz::require(!std::get<network::RpcNotice>(*message).subscription.empty());
    }
    return 0;
}

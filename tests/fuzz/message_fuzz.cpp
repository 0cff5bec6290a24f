// What validators answer, and the texts that name them.
#include "network/base64.hpp"
#include "network/subnet/messages.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text(data, size);
    (void)network::parse_pull_answer(text, "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B");
    (void)network::parse_submit_answer(text);
    if (const auto peer = network::parse_peer(text)) {
        const auto again = network::parse_peer(peer->hotkey + "@" + network::authority(*peer));
        fuzz::require(again.has_value() && *again == *peer);
    }
    if (const auto bytes = network::base64_decode(text))
        fuzz::require(network::base64_encode(*bytes) == text);
    if (const auto read = network::base64_decode_loosely(text))
        fuzz::require(read->bytes.size() <= text.size());
    return 0;
}

// What is taken for an address is written again as the same text.
#include "network/wallet/ss58.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text(data, size);
    if (const auto key = network::ss58_decode(text))
        fuzz::require(network::ss58_encode(*key) == text);
    return 0;
}

// A runtime's description of itself, from an untrusted peer.
#include "network/chain/metadata.hpp"
#include "network/chain/runtime_api.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto metadata = network::Metadata::parse({data, size});
    if (!metadata) return 0;
    // What was parsed must be fit to decode by.
    for (const auto& pallet : metadata->pallets)
        for (const auto& item : pallet.storage)
            fuzz::require(metadata->storage(pallet.name, item.name) != nullptr);
    for (const auto& method : metadata->methods)
        (void)network::method_answer(*metadata, method.name, {data, size % 64});
    return 0;
}

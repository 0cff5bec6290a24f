// SCALE: a value that bytes decode to encodes to the same bytes. The first byte chooses the type,
// out of one of each kind.
#include "network/chain/codec.hpp"
#include "network/chain/metadata.hpp"
#include "network/chain/scale.hpp"
#include "tests/fuzz/input.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

// A real runtime's types, from the file that MINER_FUZZ_METADATA names.
const network::Metadata& metadata() {
    static const network::Metadata parsed = [] {
        const char* path = std::getenv("MINER_FUZZ_METADATA");
        std::ifstream file(path != nullptr ? path : "", std::ios::binary);
        const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
        auto result = network::Metadata::parse(
            {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
        if (!result) {
            std::fputs("MINER_FUZZ_METADATA must name a runtime's metadata\n", stderr);
            std::exit(2);
        }
        return std::move(*result);
    }();
    return parsed;
}

void read_by_hand(std::span<const std::uint8_t> bytes) {
    network::ScaleReader reader(bytes);
    while (reader.ok() && reader.remaining() > 0) {
        switch (reader.u8() % 6) {
            case 0:
                reader.compact(~network::Uint128(0));
                break;
            case 1:
                reader.compact_u32();
                break;
            case 2:
                reader.text();
                break;
            case 3:
                reader.bytes(reader.length(1));
                break;
            case 4:
                reader.boolean();
                break;
            default:
                reader.u128();
        }
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const auto& types = metadata().types;
    const auto type = network::TypeId((data[0] | data[1] << 8) % types.size());
    const std::span<const std::uint8_t> bytes(data + 2, size - 2);
    read_by_hand(bytes);
    const auto value = network::decode(types, type, bytes, {.depth = 64, .values = 100'000});
    if (!value) return 0;
    const auto again = network::encode(types, type, *value);
    if (again) fuzz::require(std::equal(again->begin(), again->end(), bytes.begin(), bytes.end()));
    return 0;
}

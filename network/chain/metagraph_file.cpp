#include "network/chain/metagraph_file.hpp"

#include "network/chain/scale.hpp"
#include "network/errc.hpp"
#include "network/wallet/hash.hpp"

#include <algorithm>

namespace network {
namespace {

using config::fail;

constexpr std::string_view kMagic = "SN17meta";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChecksumBytes = 32;
constexpr std::size_t kLeastNeuronBytes = 2 + 32 + 32 + 8 + 1 + 1 + 1 + 2 + 8;
constexpr std::size_t kMostBytes = 16 << 20;

std::span<const std::uint8_t> as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void write_text(ScaleWriter& writer, std::string_view text) {
    writer.compact(text.size());
    writer.bytes(as_bytes(text));
}

PublicKey read_key(ScaleReader& reader) {
    PublicKey key{};
    const auto bytes = reader.bytes(key.size());
    if (bytes.size() == key.size()) std::copy(bytes.begin(), bytes.end(), key.begin());
    return key;
}

Neuron read_neuron(ScaleReader& reader) {
    Neuron neuron;
    neuron.uid = reader.u16();
    neuron.hotkey = read_key(reader);
    neuron.coldkey = read_key(reader);
    neuron.stake_rao = reader.u64();
    neuron.validator_permit = reader.boolean();
    const auto state = reader.u8();
    if (state > std::uint8_t(AxonAddress::State::invalid)) reader.fail("no state of an address");
    neuron.axon.state = AxonAddress::State(state);
    neuron.axon.host = reader.text();
    neuron.axon.port = reader.u16();
    neuron.last_update = reader.u64();
    return neuron;
}

}  // namespace

std::vector<std::uint8_t> pack_metagraph(const Metagraph& metagraph, std::string_view network) {
    ScaleWriter writer;
    writer.bytes(as_bytes(kMagic));
    writer.u8(kVersion);
    write_text(writer, network);
    writer.fixed(metagraph.netuid(), 2);
    writer.u8(metagraph.place().allow_private ? 1 : 0);
    writer.fixed(metagraph.block(), 8);
    writer.compact(metagraph.neurons().size());
    for (const auto& neuron : metagraph.neurons()) {
        writer.fixed(neuron.uid, 2);
        writer.bytes(neuron.hotkey);
        writer.bytes(neuron.coldkey);
        writer.fixed(neuron.stake_rao, 8);
        writer.u8(neuron.validator_permit ? 1 : 0);
        writer.u8(std::uint8_t(neuron.axon.state));
        write_text(writer, neuron.axon.host);
        writer.fixed(neuron.axon.port, 2);
        writer.fixed(neuron.last_update, 8);
    }
    const auto checksum = blake2b_256(writer.written());
    writer.bytes(checksum);
    return std::move(writer).written();
}

config::Result<std::optional<Metagraph>> unpack_metagraph(std::span<const std::uint8_t> bytes,
                                                          std::string_view network,
                                                          std::uint16_t netuid,
                                                          bool allow_private) {
    if (bytes.size() < kMagic.size() + 1 + kChecksumBytes || bytes.size() > kMostBytes) {
        return fail(Errc::malformed, "not the size of one");
    }
    const auto content = bytes.first(bytes.size() - kChecksumBytes);
    const auto checksum = blake2b_256(content);
    if (!std::equal(checksum.begin(), checksum.end(), bytes.end() - kChecksumBytes)) {
        return fail(Errc::malformed, "its checksum is wrong");
    }
    ScaleReader reader(content);
    const auto magic = reader.bytes(kMagic.size());
    if (!std::equal(magic.begin(), magic.end(), kMagic.begin(), kMagic.end())) {
        return fail(Errc::malformed, "it is something else");
    }
    if (reader.u8() != kVersion) return std::optional<Metagraph>();
    const auto from = reader.text();
    Metagraph::Place place;
    place.netuid = reader.u16();
    place.allow_private = reader.boolean();
    place.block = reader.u64();
    if (!reader.ok()) return reader.error();
    if (from != network || place.netuid != netuid || place.allow_private != allow_private) {
        return std::optional<Metagraph>();
    }
    std::vector<Neuron> neurons(reader.length(kLeastNeuronBytes));
    for (auto& neuron : neurons) {
        if (!reader.ok()) break;
        neuron = read_neuron(reader);
    }
    reader.finish();
    if (!reader.ok()) return reader.error();
    auto metagraph = Metagraph::of(place, std::move(neurons));
    if (!metagraph) return metagraph.error();
    return std::optional(std::move(*metagraph));
}

}  // namespace network

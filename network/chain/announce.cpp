#include "network/chain/announce.hpp"

#include "network/errc.hpp"

#include <boost/asio/ip/address.hpp>

namespace network {
namespace {

namespace asio = boost::asio;
using config::fail;
using config::Result;

constexpr std::uint64_t kBlocksValid = 64;
constexpr std::uint32_t kSdkVersion = 9'009'000;  // whose protocol we speak
constexpr std::uint64_t kProtocol = 4;            // as the SDK says: HTTP

bool same(const AxonEntry& left, const AxonEntry& right) {
    return left.ip == right.ip && left.ip_type == right.ip_type && left.port == right.port;
}

Value arguments(std::uint16_t netuid, const AxonEntry& axon) {
    Value::Record record;
    const auto add = [&](const char* name, Value value) {
        record.push_back({name, std::move(value)});
    };
    add("netuid", netuid);
    add("version", kSdkVersion);
    add("ip", axon.ip);
    add("port", axon.port);
    add("ip_type", axon.ip_type);
    add("protocol", kProtocol);
    add("placeholder1", 0u);
    add("placeholder2", 0u);
    return record;
}

asio::awaitable<Result<std::vector<std::uint8_t>>> make(Subtensor& subtensor, const Keypair& key,
                                                        std::uint16_t netuid, AxonEntry axon,
                                                        ChainView view) {
    const auto& metadata = view.runtime->metadata;
    auto call = encode_call(metadata, "SubtensorModule", "serve_axon", arguments(netuid, axon));
    if (!call) co_return call.error();
    ExtrinsicTerms terms;
    terms.era = Era::lasting(kBlocksValid, view.block);
    terms.spec_version = view.runtime->spec_version;
    terms.transaction_version = view.runtime->transaction_version;
    const auto nonce = co_await subtensor.nonce(key.address());
    if (!nonce) co_return nonce.error();
    terms.nonce = *nonce;
    const auto genesis = co_await subtensor.block_hash(0);
    if (!genesis) co_return genesis.error();
    terms.genesis_hash = *genesis;
    const auto birth = co_await subtensor.block_hash(terms.era->birth_block());
    if (!birth) co_return birth.error();
    terms.birth_hash = *birth;
    const auto extrinsic = Extrinsic::make(metadata, std::move(*call), terms);
    if (!extrinsic) co_return extrinsic.error();
    const auto message = extrinsic->message();
    const auto signature = key.sign(std::span<const std::uint8_t>(message));
    co_return extrinsic->assemble(metadata, key.public_key(), signature);
}

}  // namespace

Result<AxonEntry> axon_entry(const std::string& ip, std::uint16_t port) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(ip, error);
    if (error || address.is_loopback() || address.is_unspecified()) {
        return fail(Errc::malformed, "'" + ip + "' is no IP address that others can reach");
    }
    if (port == 0) return fail(Errc::malformed, "an axon has no port 0");
    AxonEntry entry{.ip = 0, .ip_type = address.is_v4() ? 4u : 6u, .port = port};
    if (address.is_v4()) {
        entry.ip = address.to_v4().to_uint();
    } else {
        for (const auto byte : address.to_v6().to_bytes()) entry.ip = entry.ip << 8 | byte;
    }
    return entry;
}

asio::awaitable<Result<Announced>> announce_axon(Subtensor& subtensor, const Keypair& key,
                                                 std::uint16_t netuid, AxonEntry wanted,
                                                 std::chrono::milliseconds limit) {
    if (key.scheme() != Scheme::sr25519) {
        co_return fail(Errc::bad_key_file, "an ed25519 hotkey announces nothing");
    }
    const auto view = co_await subtensor.now();
    if (!view) co_return view.error();
    const auto known = co_await subtensor.axon(*view, netuid, key.public_key());
    if (!known) co_return known.error();
    if (*known && same(**known, wanted)) co_return Announced::already;

    auto extrinsic = co_await make(subtensor, key, netuid, wanted, *view);
    if (!extrinsic) co_return extrinsic.error();
    const auto block = co_await subtensor.submit(std::move(*extrinsic), limit);
    if (!block) co_return block.error();
    auto there = *view;
    there.hash = *block;
    const auto now = co_await subtensor.axon(there, netuid, key.public_key());
    if (!now) co_return now.error();
    if (!*now || !same(**now, wanted)) {
        co_return fail(Errc::node_error,
                       "serve_axon is in block " + *block + ", but the address is the old one");
    }
    co_return Announced::done;
}

}  // namespace network

// A signed extrinsic (format version 4), made as the metadata says: call, address, signature and
// every signed extension by its type and name, so that a runtime may renumber or reorder them.
// Pure; any thread. Signing is the caller's: payload() gives the bytes, assemble() takes the
// signature. Source: Polkadot protocol specification, extrinsics; vectors of the Python SDK.
#pragma once

#include "config/result.hpp"
#include "network/chain/era.hpp"
#include "network/chain/metadata.hpp"
#include "network/chain/value.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace network {

using BlockHash = std::array<std::uint8_t, 32>;

// What is signed beside the call.
struct ExtrinsicTerms {
    std::uint64_t nonce = 0;
    std::uint64_t tip = 0;
    std::optional<Era> era;  // empty: immortal
    std::uint32_t spec_version = 0;
    std::uint32_t transaction_version = 0;
    BlockHash genesis_hash{};
    BlockHash birth_hash{};  // of the era's birth block; for an immortal one the genesis hash
};

// The pallet's call with its arguments by name (a record) or position (a list). Fails with
// not_in_runtime when there is no such call, with malformed when an argument does not fit or the
// runtime wants one that is not given.
config::Result<std::vector<std::uint8_t>> encode_call(const Metadata& metadata,
                                                      std::string_view pallet,
                                                      std::string_view call,
                                                      const Value& arguments);

class Extrinsic {
public:
    // Fails with not_in_runtime for another format than version 4 and for a signed extension that
    // is unknown to us and wants data; with malformed when a term does not fit its type.
    static config::Result<Extrinsic> make(const Metadata& metadata, std::vector<std::uint8_t> call,
                                          const ExtrinsicTerms& terms);

    // What the extrinsic's signature covers: call, extra and additional data.
    std::vector<std::uint8_t> payload() const;
    // What is put under the key: the payload, or its BLAKE2b-256 when it has more than 256 bytes.
    std::vector<std::uint8_t> message() const;

    // The bytes for author_submitExtrinsic, length in front, signed with sr25519.
    config::Result<std::vector<std::uint8_t>> assemble(
        const Metadata& metadata, std::span<const std::uint8_t, 32> signer,
        std::span<const std::uint8_t, 64> signature) const;

private:
    Extrinsic() = default;

    std::vector<std::uint8_t> call_;
    std::vector<std::uint8_t> extra_;
    std::vector<std::uint8_t> additional_;
};

}  // namespace network

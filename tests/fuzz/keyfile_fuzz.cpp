// Key files, plain and sealed: a key that comes out signs under its own address.
#include "config/escape.hpp"
#include "network/wallet/key_text.hpp"
#include "network/wallet/keyfile.hpp"
#include "network/wallet/mnemonic.hpp"
#include "network/wallet/ss58.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text(data, size);
    network::Oddities oddities;
    if (const auto key = network::parse_keyfile(text, &oddities)) {
        fuzz::require(oddities.size() <= 16);
        fuzz::require(network::ss58_decode(key->address()).has_value());
        const auto address = network::parse_public_keyfile(text);
        fuzz::require(!address || *address == key->address());
        for (const auto& oddity : oddities) fuzz::require(config::printable(oddity) == oddity);
    }
    (void)network::parse_public_keyfile(text);
    fuzz::require(!network::open_nacl(text, {}).has_value() || size > 45);
    (void)network::mini_secret(text);
    (void)network::unveil_password("BT_PW_X", text);
    return 0;
}

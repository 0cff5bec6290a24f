#include "network/chain/axon_address.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <limits>

namespace network {
namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using State = AxonAddress::State;

bool within(std::uint32_t address, std::uint32_t network, int bits) {
    return (address ^ network) >> (32 - bits) == 0;
}

// IANA's special-purpose registry, as far as it is about who can be reached. The ranges for
// documentation are like any other: nobody answers there.
State judge(std::uint32_t ip) {
    if (within(ip, 0x00000000, 8) || within(ip, 0xe0000000, 3)) return State::invalid;
    const bool private_one = within(ip, 0x0a000000, 8) ||   // 10.0.0.0
                             within(ip, 0x7f000000, 8) ||   // loopback
                             within(ip, 0x64400000, 10) ||  // 100.64.0.0, behind a carrier's NAT
                             within(ip, 0xa9fe0000, 16) ||  // 169.254.0.0, link-local
                             within(ip, 0xac100000, 12) ||  // 172.16.0.0
                             within(ip, 0xc0000000, 24) ||  // 192.0.0.0, protocol assignments
                             within(ip, 0xc0a80000, 16) ||  // 192.168.0.0
                             within(ip, 0xc6120000, 15);    // 198.18.0.0, benchmarks
    return private_one ? State::refused : State::usable;
}

State judge_v6(Uint128 ip) {
    const auto top = [&](int bits) { return std::uint64_t(ip >> (128 - bits)); };
    const auto low = std::uint32_t(ip);
    if (ip == 1) return State::refused;              // loopback
    if (top(8) == 0xff) return State::invalid;       // multicast
    if (top(7) == 0xfc >> 1) return State::refused;  // fc00::/7, unique local
    // fe80::/10, link-local; fec0::/10, site-local.
    if (top(10) == 0x3fa || top(10) == 0x3fb) return State::refused;
    if (ip >> 32 == 0) return judge(low);                          // ::a.b.c.d
    if (ip >> 32 == Uint128(0x0064ff9b) << 64) return judge(low);  // 64:ff9b::/96
    if (top(16) == 0x2002) return judge(std::uint32_t(ip >> 80));  // 6to4
    return State::usable;
}

std::string text_of(Uint128 ip) {
    address_v6::bytes_type bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = std::uint8_t(ip >> (8 * (bytes.size() - 1 - i)));
    }
    return address_v6(bytes).to_string();
}

}  // namespace

AxonAddress axon_address(const AxonEntry& entry, bool allow_private) {
    AxonAddress address;
    if (entry.ip == 0 || entry.port == 0) return address;
    address.state = State::invalid;
    if (entry.port > std::numeric_limits<std::uint16_t>::max()) return address;
    address.port = std::uint16_t(entry.port);
    const bool mapped = entry.ip_type == 6 && entry.ip >> 32 == 0xffff;
    if (mapped || (entry.ip_type == 4 && entry.ip >> 32 == 0)) {
        const auto ip = std::uint32_t(entry.ip);
        address.state = judge(ip);
        address.host = address_v4(ip).to_string();
    } else if (entry.ip_type == 6) {
        address.state = judge_v6(entry.ip);
        address.host = text_of(entry.ip);
    }
    if (address.state == State::refused && allow_private) address.state = State::usable;
    return address;
}

}  // namespace network

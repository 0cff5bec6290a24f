#include "network/wallet/secret.hpp"

#include "network/wallet/keypair.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <new>
#include <ostream>

using network::Keypair;
using network::Secret;

namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
    out << value;
};

template <class T>
concept Convertible =
    std::convertible_to<T, std::string> || std::convertible_to<T, std::string_view> ||
    std::convertible_to<T, std::span<const std::uint8_t>>;

template <class T>
constexpr bool kGuarded = !Printable<T> && !fmt::is_formattable<T>::value &&
                          !std::equality_comparable<T> && !Convertible<T>;

static_assert(kGuarded<Secret<32>> && kGuarded<Secret<64>> && kGuarded<Keypair> &&
              kGuarded<network::LockedSecret<64>>);
static_assert(Printable<std::string> && fmt::is_formattable<std::string>::value &&
                  Convertible<std::string>,
              "the questions themselves are right");

// Out of line, so that the compiler knows nothing of what the memory held.
[[gnu::noinline]] bool all_zero(const unsigned char* bytes, std::size_t count) {
    return std::all_of(bytes, bytes + count, [](unsigned char byte) { return byte == 0; });
}

}  // namespace

TEST_CASE("a secret is overwritten when it dies") {
    std::array<std::uint8_t, 32> bytes;
    bytes.fill(0xa5);
    alignas(Secret<32>) static unsigned char memory[sizeof(Secret<32>)];
    auto* secret = new (memory) Secret<32>(bytes);
    CHECK_FALSE(all_zero(memory, sizeof memory));
    CHECK(std::equal(bytes.begin(), bytes.end(), secret->bytes().begin()));
    std::destroy_at(secret);
    CHECK(all_zero(memory, sizeof memory));
}

TEST_CASE("a secret begins as zeros and is copied whole") {
    Secret<64> secret;
    CHECK(all_zero(secret.bytes().data(), 64));
    secret.bytes()[63] = 7;
    const Secret<64> copy = secret;
    CHECK(copy.bytes()[63] == 7);
}

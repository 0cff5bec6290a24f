#include "network/simulator/recorded_metadata.hpp"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <string_view>

struct EmbeddedFile {
    const char* name;
    const unsigned char* data;
    std::uint64_t size;
};
extern "C" const EmbeddedFile miner_chain_metadata[];

namespace network {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr std::size_t kUnpackedBytes = 1 << 20;  // more than it takes

void append_compact(Bytes& bytes, std::uint32_t number) {
    assert(number < 1 << 14);
    if (number < 64) {
        bytes.push_back(std::uint8_t(number << 2));
    } else {
        bytes.push_back(std::uint8_t(number << 2 | 1));
        bytes.push_back(std::uint8_t(number >> 6));
    }
}

void append_text(Bytes& bytes, std::string_view text) {
    append_compact(bytes, std::uint32_t(text.size()));
    bytes.insert(bytes.end(), text.begin(), text.end());
}

TypeId find_u64(const Registry& types) {
    for (TypeId id = 0; id < types.size(); ++id) {
        if (types.unwrapped(id) == id && types.unsigned_bytes(id) == 8) return id;
    }
    assert(false);
    return 0;
}

}  // namespace

Bytes recorded_metadata() {
    const auto& packed = miner_chain_metadata[0];
    Bytes bytes(kUnpackedBytes);
    z_stream stream{};
    [[maybe_unused]] int code = inflateInit2(&stream, kGzipOnly);
    assert(code == Z_OK);
    stream.next_in = const_cast<unsigned char*>(packed.data);
    stream.avail_in = unsigned(packed.size);
    stream.next_out = bytes.data();
    stream.avail_out = unsigned(bytes.size());
    code = inflate(&stream, Z_FINISH);
    assert(code == Z_STREAM_END);
    bytes.resize(stream.total_out);
    inflateEnd(&stream);
    return bytes;
}

Bytes upgraded_metadata() {
    auto bytes = recorded_metadata();
    Bytes path, field;
    append_text(path, "NeuronInfoLite");
    const auto at = std::search(bytes.begin(), bytes.end(), path.begin(), path.end());
    // Behind the path: one type parameter, the mark of a struct, and how many fields follow.
    constexpr std::string_view kFirst = "\x01\x18hotkey";
    const auto fields = std::search(at, bytes.end(), kFirst.begin(), kFirst.end());
    assert(fields != bytes.end());
    auto& count = *(fields - 1);
    assert(count % 4 == 0 && count < 63 << 2);
    count = std::uint8_t(count + 4);
    field.push_back(1);  // named
    append_text(field, "added_by_upgrade");
    append_compact(field, find_u64(Metadata::parse(recorded_metadata()).value().types));
    field.push_back(0);  // no name of its type
    field.push_back(0);  // no words about it
    bytes.insert(fields, field.begin(), field.end());
    return bytes;
}

}  // namespace network

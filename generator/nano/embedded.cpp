#include "generator/nano/embedded.hpp"

#include "generator/errc.hpp"

#include <algorithm>
#include <string>

extern "C" {

// One entry a file, written by model.S.
struct MinerEmbeddedFile {
    const char* name;
    const std::byte* begin;
    const std::byte* end;
};
extern const MinerEmbeddedFile miner_embedded_begin[];
extern const MinerEmbeddedFile miner_embedded_end[];
}

namespace generator {
namespace {

std::span<const MinerEmbeddedFile> table() { return {miner_embedded_begin, miner_embedded_end}; }

class Embedded final : public Files {
public:
    const std::string& where() const override { return where_; }

    bool has(const std::string& name) const override { return embedded_file(name).has_value(); }

    config::Result<Bytes> open(const std::string& name) const override {
        if (const auto data = embedded_file(name)) return Bytes{*data, nullptr};
        return config::fail(Errc::missing_file, where_ + "/" + name);
    }

private:
    std::string where_ = "embedded";
};

}  // namespace

std::optional<std::span<const std::byte>> embedded_file(std::string_view name) {
    for (const auto& file : table()) {
        if (name == file.name) return std::span(file.begin, file.end);
    }
    return std::nullopt;
}

std::vector<std::string_view> embedded_names() {
    std::vector<std::string_view> names;
    for (const auto& file : table()) names.emplace_back(file.name);
    std::sort(names.begin(), names.end());
    return names;
}

std::unique_ptr<Files> embedded_files() { return std::make_unique<Embedded>(); }

}  // namespace generator

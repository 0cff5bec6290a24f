#include "generator/weights/safetensors.hpp"

#include "generator/errc.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>

namespace generator {
namespace {

namespace json = boost::json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr std::size_t kMaxTensors = 100'000;
constexpr std::size_t kMaxDimensions = 16;
constexpr std::size_t kMaxNameBytes = 1024;

struct DtypeRow {
    const char* name;
    Dtype dtype;
    std::size_t bytes;
};

constexpr std::array kDtypes{
    DtypeRow{"BOOL", Dtype::boolean, 1},    DtypeRow{"U8", Dtype::u8, 1},
    DtypeRow{"I8", Dtype::i8, 1},           DtypeRow{"F8_E4M3", Dtype::f8_e4m3, 1},
    DtypeRow{"F8_E5M2", Dtype::f8_e5m2, 1}, DtypeRow{"U16", Dtype::u16, 2},
    DtypeRow{"I16", Dtype::i16, 2},         DtypeRow{"F16", Dtype::f16, 2},
    DtypeRow{"BF16", Dtype::bf16, 2},       DtypeRow{"U32", Dtype::u32, 4},
    DtypeRow{"I32", Dtype::i32, 4},         DtypeRow{"F32", Dtype::f32, 4},
    DtypeRow{"U64", Dtype::u64, 8},         DtypeRow{"I64", Dtype::i64, 8},
    DtypeRow{"F64", Dtype::f64, 8},
};

const DtypeRow& row_of(Dtype dtype) {
    return *std::find_if(kDtypes.begin(), kDtypes.end(),
                         [&](const DtypeRow& row) { return row.dtype == dtype; });
}

struct Entry {
    std::optional<Dtype> dtype;
    std::optional<std::vector<std::int64_t>> shape;
    std::optional<std::vector<std::int64_t>> offsets;
};

// Takes the header apart while it is parsed: no tree in memory, and a name that comes twice is
// seen, which a JSON object would hide. Depth 1 holds tensors, depth 2 their fields, depth 3 arrays
// of numbers.
class HeaderReader {
public:
    constexpr static std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    constexpr static std::size_t max_array_size = kMaxDimensions;
    constexpr static std::size_t max_key_size = kMaxNameBytes;
    constexpr static std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    std::map<std::string, Entry, std::less<>> entries;
    std::string fault;  // set when a callback returns false

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }

    bool on_object_begin(json::error_code&) {
        ++depth_;
        if (depth_ == 1 || (depth_ == 2 && !array_)) return true;
        return no("an object where none belongs");
    }
    bool on_object_end(std::size_t, json::error_code&) {
        if (--depth_ == 1) metadata_ = false;
        return true;
    }

    bool on_array_begin(json::error_code&) {
        if (depth_ != 2 || metadata_ || array_) return no("an array where none belongs");
        if (field_ != "shape" && field_ != "data_offsets")
            return no("an array as '" + field_ + "'");
        array_ = &(field_ == "shape" ? entry_->shape : entry_->offsets).emplace();
        return true;
    }
    bool on_array_end(std::size_t, json::error_code&) {
        array_ = nullptr;
        return true;
    }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part);
        std::string key = std::exchange(text_, {});
        if (depth_ == 1) {
            tensor_ = key;
            metadata_ = key == "__metadata__";
            if (entries.size() >= kMaxTensors) return no("more tensors than allowed");
            const auto [at, fresh] = entries.try_emplace(std::move(key));
            if (!fresh) return no("named twice");
            entry_ = &at->second;
            return true;
        }
        field_ = std::move(key);
        if (metadata_) return true;
        const bool twice = (field_ == "dtype" && entry_->dtype) ||
                           (field_ == "shape" && entry_->shape) ||
                           (field_ == "data_offsets" && entry_->offsets);
        if (twice) return no("has '" + field_ + "' twice");
        if (field_ != "dtype" && field_ != "shape" && field_ != "data_offsets") {
            return no("has an unknown field '" + field_ + "'");
        }
        return true;
    }

    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part);
        const std::string value = std::exchange(text_, {});
        if (depth_ == 2 && metadata_) return true;
        if (depth_ != 2 || array_ || field_ != "dtype") return no("text where none belongs");
        const auto row = std::find_if(kDtypes.begin(), kDtypes.end(),
                                      [&](const DtypeRow& r) { return value == r.name; });
        if (row == kDtypes.end()) return no("of unknown type '" + value.substr(0, 32) + "'");
        entry_->dtype = row->dtype;
        return true;
    }

    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
        if (!array_) return no("a number where none belongs");
        if (value < 0) return no("has a negative number");
        array_->push_back(value);
        return true;
    }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) {
        return no("has a number beyond 2^63");
    }
    bool on_double(double, json::string_view, json::error_code&) { return no("has a fraction"); }
    bool on_bool(bool, json::error_code&) { return no("a truth value where none belongs"); }
    bool on_null(json::error_code&) { return no("null where none belongs"); }
    bool on_comment_part(json::string_view, json::error_code&) { return no("a comment"); }
    bool on_comment(json::string_view, json::error_code&) { return no("a comment"); }

    const std::string& tensor() const { return tensor_; }

private:
    bool no(std::string why) {
        fault = std::move(why);
        return false;
    }

    int depth_ = 0;
    bool metadata_ = false;
    std::string tensor_, field_, text_;
    Entry* entry_ = nullptr;
    std::vector<std::int64_t>* array_ = nullptr;
};

// Bytes of a tensor; empty on overflow.
std::optional<std::uint64_t> bytes_of(const std::vector<std::int64_t>& shape, Dtype dtype) {
    constexpr auto kMost = std::uint64_t(std::numeric_limits<std::int64_t>::max());
    std::uint64_t total = size_in_bytes(dtype);
    // A zero anywhere makes the product zero, but not before the others have been looked at.
    bool empty = false;
    for (const auto side : shape) {
        if (side == 0) {
            empty = true;
            continue;
        }
        if (total > kMost / std::uint64_t(side)) return std::nullopt;
        total *= std::uint64_t(side);
    }
    return empty ? 0 : total;
}

struct Extent {
    std::uint64_t begin, end;
    const std::string* name;
};

// Empty when the tensors' bytes cover the data from end to end, each byte once.
std::string fault_of(std::vector<Extent> extents, std::uint64_t data_bytes) {
    std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
        return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    std::uint64_t covered = 0;
    for (const auto& extent : extents) {
        if (extent.begin < covered) return "tensor " + *extent.name + " shares bytes with another";
        if (extent.begin > covered)
            return "bytes before tensor " + *extent.name + " belong to none";
        covered = extent.end;
    }
    return covered == data_bytes ? "" : "bytes after the last tensor belong to none";
}

}  // namespace

std::size_t size_in_bytes(Dtype dtype) { return row_of(dtype).bytes; }
const char* name_of(Dtype dtype) { return row_of(dtype).name; }

const TensorView* Safetensors::find(std::string_view name) const {
    const auto at = tensors_.find(name);
    return at == tensors_.end() ? nullptr : &at->second;
}

config::Result<Safetensors> Safetensors::parse(Bytes bytes, std::string file) {
    const auto broken = [&](const std::string& why) {
        return config::fail(Errc::bad_checkpoint, file + ": " + why);
    };
    const auto all = bytes.data;
    if (all.size() < kLengthBytes) return broken("too short for a safetensors file");
    std::uint64_t header_bytes = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
        header_bytes |= std::uint64_t(std::to_integer<std::uint8_t>(all[i])) << (8 * i);
    }
    if (header_bytes > kMaxHeaderBytes)
        return broken("no safetensors file: its header would be too long");
    if (header_bytes > all.size() - kLengthBytes) return broken("cut short within the header");
    const auto header = bytes.text().substr(kLengthBytes, header_bytes);
    const auto data = all.subspan(kLengthBytes + header_bytes);

    json::parse_options options;
    options.max_depth = 4;
    json::basic_parser<HeaderReader> parser(options);
    json::error_code code;
    const auto used = parser.write_some(false, header.data(), header.size(), code);
    auto& reader = parser.handler();
    if (!reader.fault.empty()) {
        return broken((reader.tensor().empty() ? "header" : "tensor " + reader.tensor()) + ": " +
                      reader.fault);
    }
    if (code) return broken("header is no JSON of this format (" + code.message() + ")");
    if (header.find_first_not_of(" \t\r\n", used) != std::string_view::npos)
        return broken("text after the header");

    Safetensors result;
    std::vector<Extent> extents;
    for (auto& [name, entry] : reader.entries) {
        if (name == "__metadata__") continue;
        const auto lying = [&, &tensor = name](const std::string& why) {
            return broken("tensor " + tensor + ": " + why);
        };
        if (!entry.dtype || !entry.shape || !entry.offsets)
            return lying("lacks dtype, shape or data_offsets");
        if (entry.offsets->size() != 2) return lying("data_offsets are not two numbers");
        const auto begin = std::uint64_t((*entry.offsets)[0]),
                   end = std::uint64_t((*entry.offsets)[1]);
        if (begin > end || end > data.size()) {
            return lying("bytes " + std::to_string(begin) + ".." + std::to_string(end) +
                         " lie outside the file, which has " + std::to_string(data.size()));
        }
        const auto need = bytes_of(*entry.shape, *entry.dtype);
        if (!need) return lying("shape overflows");
        if (*need != end - begin) {
            return lying("shape needs " + std::to_string(*need) + " bytes, the file gives " +
                         std::to_string(end - begin));
        }
        const auto at = result.tensors_.emplace(
            name,
            TensorView{*entry.dtype, std::move(*entry.shape), data.subspan(begin, end - begin)});
        if (begin != end) extents.push_back({begin, end, &at.first->first});
    }
    if (auto fault = fault_of(std::move(extents), data.size()); !fault.empty())
        return broken(fault);
    result.bytes_ = std::move(bytes);
    result.file_ = std::move(file);
    return result;
}

}  // namespace generator

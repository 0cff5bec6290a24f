#include "network/json_fields.hpp"

#include "config/escape.hpp"
#include "network/errc.hpp"

#include <boost/json/parser.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <new>
#include <optional>

namespace network {
namespace {

constexpr std::size_t kDeepest = 16;
// Of the text's size: a long string with escapes is held twice while its buffer grows. A chain's
// answer of tens of megabytes in hexadecimal digits has none.
constexpr std::size_t kMemoryFactor = 4;
constexpr std::size_t kMemoryBeside = 24 << 20;
constexpr std::size_t kMemoryFloor = 1 << 20;
// Of a model hub's listing of thousands of files there are tens of thousands; a value may take
// sixty bytes where its text has two.
constexpr std::size_t kMostValues = 400'000;
constexpr std::size_t kLongestName = 64;  // of a field, in a message for a person

// Gives out so many bytes and then says there are no more. What was given back is free again.
class Budget final : public boost::json::memory_resource {
public:
    explicit Budget(std::size_t bytes) : left_(bytes) {}

private:
    void* do_allocate(std::size_t bytes, std::size_t) override {
        if (bytes > left_) throw std::bad_alloc();
        void* memory = ::operator new(bytes);
        left_ -= bytes;
        return memory;
    }

    void do_deallocate(void* memory, std::size_t bytes, std::size_t) override {
        ::operator delete(memory);
        left_ += bytes;
    }

    bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
        return this == &other;
    }

    std::size_t left_;
};

// Whether there are more than that, at once, where a parser would make them first. They may be
// nested some levels deep, but between two there is a comma.
bool has_too_many_values(std::string_view text) {
    std::size_t values = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                quoted = false;
            continue;
        }
        quoted = c == '"';
        values += c == ',';
    }
    return values > kMostValues;
}

// The key in front of the first NaN or Infinity outside quotes, in text that did not parse.
std::optional<std::string_view> field_not_finite(std::string_view text) {
    std::string_view last_text, key;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') {
            const std::size_t begin = ++i;
            while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
            last_text = text.substr(begin, std::min(i, text.size()) - begin);
        } else if (text[i] == ':') {
            key = last_text;
        } else if (text.substr(i).starts_with("NaN") || text.substr(i).starts_with("Infinity")) {
            return key;
        }
    }
    return std::nullopt;
}

std::optional<std::int64_t> whole_number(const boost::json::value& value) {
    if (const auto* number = value.if_int64()) return *number;
    if (const auto* number = value.if_double()) {
        constexpr double kEnd = 0x1p63;
        if (*number >= -kEnd && *number < kEnd && std::trunc(*number) == *number) {
            return std::int64_t(*number);
        }
    }
    if (const auto* digits = value.if_string()) {
        std::int64_t number = 0;
        const char* end = digits->data() + digits->size();
        const auto [stop, status] = std::from_chars(digits->data(), end, number);
        if (status == std::errc() && stop == end) return number;
    }
    return std::nullopt;
}

}  // namespace

config::Result<JsonMessage> JsonMessage::parse(std::string_view text) {
    constexpr const char* kTooMany = "too many values for its size";
    if (has_too_many_values(text)) return config::fail(Errc::malformed, kTooMany);
    try {
        const auto memory = boost::json::make_shared_resource<Budget>(
            kMemoryFloor + std::min(text.size() * kMemoryFactor, text.size() + kMemoryBeside));
        boost::json::parse_options options;
        options.max_depth = kDeepest;
        boost::json::parser parser(memory, options);
        parser.reset(memory);
        boost::json::error_code failure;
        parser.write(text, failure);
        if (!failure) {
            boost::json::value value = parser.release();
            if (!value.is_object()) return config::fail(Errc::malformed, "not a JSON object");
            return JsonMessage(std::move(value));
        }
        if (failure == boost::json::error::too_deep)
            return config::fail(Errc::malformed, "nested too deeply");
    } catch (const std::bad_alloc&) {
        return config::fail(Errc::malformed, kTooMany);
    } catch (const std::exception&) {  // a string or array beyond the library's own limits
        return config::fail(Errc::malformed, "too large");
    }
    if (const auto field = field_not_finite(text)) {
        return config::fail(Errc::malformed,
                            config::printable(*field, kLongestName) + " is not a finite number");
    }
    return config::fail(Errc::malformed, text.empty() ? "empty" : "not JSON");
}

const boost::json::value* JsonFields::find(std::string_view field) const {
    return ok() ? object_.if_contains(field) : nullptr;
}

void JsonFields::read(std::string_view field, std::int64_t& target) {
    const auto* value = find(field);
    if (value == nullptr) return;
    const auto number = whole_number(*value);
    if (!number) return fail(field, "is not a whole number of 64 bits");
    target = *number;
}

void JsonFields::read(std::string_view field, double& target) {
    const auto* value = find(field);
    if (value == nullptr) return;
    if (!value->is_number()) return fail(field, "is not a number");
    const double number = value->to_number<double>();
    if (!std::isfinite(number)) return fail(field, "is not a finite number");
    target = number;
}

void JsonFields::read(std::string_view field, bool& target) {
    const auto* value = find(field);
    if (value == nullptr) return;
    if (!value->is_bool()) return fail(field, "is neither true nor false");
    target = value->get_bool();
}

void JsonFields::read_text(std::string_view field, std::size_t longest, std::string& target) {
    if (!ok()) return;
    const auto* value = find(field);
    if (value == nullptr) return fail(field, "is missing");
    if (!value->is_string()) return fail(field, "is not text");
    const auto& text = value->get_string();
    if (text.empty()) return fail(field, "is empty");
    if (text.size() > longest) {
        return fail(field, "is longer than " + std::to_string(longest) + " bytes");
    }
    target.assign(text.data(), text.size());
}

const boost::json::object* JsonFields::object(std::string_view field) {
    const auto* value = find(field);
    if (value == nullptr || value->is_null()) return nullptr;
    if (!value->is_object()) fail(field, "is not an object");
    return value->if_object();
}

void JsonFields::fail(std::string_view field, std::string_view why) {
    if (ok()) problem_ = place_ + std::string(field) + " " + std::string(why);
}

void JsonFields::take(const JsonFields& inner) {
    if (ok()) problem_ = inner.problem_;
}

config::Error JsonFields::error() const { return config::fail(Errc::malformed, problem_); }

}  // namespace network

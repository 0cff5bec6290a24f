#include "miner/batch/manifest.hpp"

#include "config/durable_file.hpp"
#include "config/escape.hpp"
#include "miner/batch/errc.hpp"
#include "miner/batch/names.hpp"
#include "miner/batch/plain_file.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>

namespace miner {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxBytes = std::size_t(1) << 30;
constexpr std::size_t kLongestLine = 64 << 10;  // several times a prompt of which all is escaped

config::Error system_error(int number, const std::filesystem::path& path) {
    return {boost::system::error_code(number, boost::system::system_category()), path.string()};
}

// Fields of one object, each of the type that it must have; `good` tells whether all were.
class Fields {
public:
    explicit Fields(const json::object& object) : object_(object) {}

    bool good = true;

    std::string text(const char* name) {
        const auto* value = object_.if_contains(name);
        if (value && value->is_string()) return std::string(value->as_string());
        good = false;
        return {};
    }
    std::string text_or_nothing(const char* name) {
        return object_.contains(name) ? text(name) : std::string();
    }
    template <class T>
    T number(const char* name) {
        const auto* value = object_.if_contains(name);
        boost::system::error_code error;
        const T result = value && value->is_number() ? value->to_number<T>(error) : T();
        good = good && value && value->is_number() && !error;
        return result;
    }
    template <class T>
    T number_or(const char* name, T otherwise) {
        return object_.contains(name) ? number<T>(name) : otherwise;
    }

private:
    const json::object& object_;
};

bool is_sha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string whole_text(std::span<const ManifestLine> lines) {
    std::string text;
    for (const auto& line : lines) text += manifest_text(line) + '\n';
    return text;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::string manifest_text(const ManifestLine& line) {
    json::object object{
        {"input", line.input},       {"kind", line.is_prompt ? "prompt" : "picture"},
        {"seed", line.seed},         {"batch_seed", line.batch_seed},
        {"settings", line.settings}, {"outcome", line.outcome},
        {"attempts", line.attempts}, {"ms", line.milliseconds},
        {"device", line.device},     {"version", line.version}};
    if (!line.origin.empty()) object["listed_in"] = line.origin;
    if (!line.content.empty()) object["input_sha256"] = line.content;
    if (!line.weights.empty()) object["weights"] = line.weights;
    if (!line.error.empty()) object["error"] = line.error;
    if (line.score && std::isfinite(*line.score)) object["score"] = *line.score;
    if (!line.scorer.empty()) object["scorer"] = line.scorer;
    if (line.has_result()) {
        object["gaussians"] = line.gaussians;
        object["file"] = line.file;
        object["bytes"] = line.bytes;
        object["sha256"] = line.sha256;
    }
    return config::json_text(json::serialize(object));
}

std::optional<ManifestLine> parse_manifest(std::string_view text) {
    boost::system::error_code error;
    const auto value = json::parse(text, error, {}, {.max_depth = 4});
    const auto* object = error ? nullptr : value.if_object();
    if (!object) return std::nullopt;
    Fields fields(*object);
    ManifestLine line;
    line.input = fields.text("input");
    line.origin = fields.text_or_nothing("listed_in");
    const auto kind = fields.text("kind");
    line.is_prompt = kind == "prompt";
    line.content = fields.text_or_nothing("input_sha256");
    line.seed = fields.number<std::uint64_t>("seed");
    line.batch_seed = fields.number<std::uint64_t>("batch_seed");
    line.settings = fields.text("settings");
    line.outcome = fields.text("outcome");
    line.error = fields.text_or_nothing("error");
    line.attempts = fields.number<int>("attempts");
    if (object->contains("score")) line.score = fields.number<double>("score");
    line.scorer = fields.text_or_nothing("scorer");
    line.file = fields.text_or_nothing("file");
    line.gaussians = fields.number_or<std::int64_t>("gaussians", -1);
    line.bytes = fields.number_or<std::int64_t>("bytes", 0);
    line.sha256 = fields.text_or_nothing("sha256");
    line.milliseconds = fields.number<std::int64_t>("ms");
    line.device = fields.text("device");
    line.weights = fields.text_or_nothing("weights");
    line.version = fields.text("version");
    const bool fits = (line.is_prompt || kind == "picture") &&
                      (line.content.empty() || is_sha256(line.content)) &&
                      (line.file.empty() || (is_safe_name(line.file) && is_sha256(line.sha256)));
    if (!fields.good || !fits) return std::nullopt;
    return line;
}

config::Result<ReadManifest> read_manifest(const std::filesystem::path& path) {
    ReadManifest manifest;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return manifest;
    const auto bytes = read_plain_file(path, kMaxBytes);
    if (!bytes)
        return config::Error{bytes.error().code, path.string() + ": " + bytes.error().detail};
    const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        ++number;
        if (end == text.npos) break;  // the process ended while it wrote
        const auto one = text.substr(at, end - at);
        at = end + 1;
        auto line = one.size() <= kLongestLine ? parse_manifest(one) : std::nullopt;
        if (line)
            manifest.lines.push_back(std::move(*line));
        else
            manifest.damaged.push_back(number);
    }
    return manifest;
}

config::Result<void> write_manifest(const std::filesystem::path& path,
                                    std::span<const ManifestLine> lines,
                                    const std::filesystem::path& temporary_folder) {
    return config::write_durably(path, bytes_of(whole_text(lines)), temporary_folder);
}

config::Result<ManifestFile> ManifestFile::create(const std::filesystem::path& path,
                                                  std::span<const ManifestLine> lines,
                                                  const std::filesystem::path& temporary_folder) {
    const auto text = whole_text(lines);
    const auto written = config::write_durably(path, bytes_of(text), temporary_folder);
    if (!written) return written.error();
    auto file = config::open_file(path, O_WRONLY | O_APPEND);
    if (!file) return system_error(errno, path);
    return ManifestFile(std::move(file), path, std::int64_t(text.size()));
}

config::Result<void> ManifestFile::add(const ManifestLine& line) {
    const auto text = manifest_text(line) + '\n';
    if (config::write_all(file_.get(), bytes_of(text)) && ::fdatasync(file_.get()) == 0) {
        size_ += std::int64_t(text.size());
        return {};
    }
    const int error = errno;
    [[maybe_unused]] const int cut = ::ftruncate(file_.get(), size_);
    return system_error(error, path_);
}

}  // namespace miner

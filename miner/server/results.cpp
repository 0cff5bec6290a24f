// A task, its input, and the splats that are there of it: what the paths below /api/tasks/ID
// answer.
#include "config/digest.hpp"
#include "config/escape.hpp"
#include "config/version.hpp"
#include "generator/errc.hpp"
#include "miner/server/listing_json.hpp"
#include "miner/server/status_server.hpp"
#include "network/base64.hpp"
#include "network/http/entity_tag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace miner {
namespace {

using generator::SplatFormat;
using network::ServerReply;

constexpr long kResultsOut = 8;
constexpr long kConvertedOut = 2;  // of these, as they are large
constexpr int kMostAttempts = 1000;

// What a path below a task gives of splats.
struct Rendition {
    std::string_view path, type, ending;
    bool as_it_is = false;  // the bytes on disk
    std::optional<SplatFormat> converted = {};
};
constexpr std::array kRenditions{
    Rendition{"asset.spz", "application/octet-stream", ".spz", true},
    Rendition{"viewer.spz", "application/octet-stream", ".spz", false, SplatFormat::spz_niantic},
    Rendition{"asset.ply", "application/octet-stream", ".ply", false, SplatFormat::ply},
    Rendition{"asset.glb", "model/gltf-binary", ".glb", false, SplatFormat::glb},
    Rendition{"preview.png", "image/png", ""},
    Rendition{"splats.bin", "application/octet-stream", ""},
};

std::string_view picture_type(const std::vector<std::uint8_t>& bytes) {
    const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                                 std::min<std::size_t>(bytes.size(), 12));
    if (start.starts_with("\x89PNG")) return "image/png";
    if (start.starts_with("\xff\xd8")) return "image/jpeg";
    if (start.starts_with("RIFF") && start.ends_with("WEBP") && start.size() == 12)
        return "image/webp";
    if (start.starts_with("GIF8")) return "image/gif";
    if (start.starts_with("BM")) return "image/bmp";
    if (start.starts_with("II*") || start.starts_with("MM")) return "image/tiff";
    return "application/octet-stream";
}

// Whoever keeps it asks each time whether it is still right: with another database, as a
// rehearsal's, other tasks are at the same address.
ServerReply kept_by_caller(ServerReply reply, const std::string& tag) {
    reply.headers.emplace_back("cache-control", "private, no-cache");
    reply.headers.emplace_back("etag", tag);
    return reply;
}

ServerReply not_modified(const std::string& tag) { return kept_by_caller({304, {}, {}}, tag); }

std::string tag_of(std::string_view bytes) { return '"' + config::sha256(bytes) + '"'; }

// Of splats in one of their forms. Those of an attempt have no hash: they go by the task that they
// were made for. What is drawn or converted may come out otherwise in another build.
std::string tag_of(const Archive::Source& source, const storage::TaskLine& task,
                   const Rendition& rendition) {
    const auto* hash = std::get_if<std::string>(&source);
    auto named = hash ? *hash
                      : fmt::format("{}\n{}\n{}\n{}", task.hotkey, task.validator, task.task_id,
                                    task.pulled_at);
    if (const auto* name = std::get_if<storage::KeptName>(&source))
        named += fmt::format("\n{}\n{}", name->attempt, name->seed);
    const auto maker = rendition.as_it_is ? std::string() : config::version_and_commit();
    return tag_of(fmt::format("{}\n{}\n{}", named, rendition.path, maker));
}

// Where the splats are that are asked for: of one attempt, or of the result.
std::optional<Archive::Source> source_of(const Archive::Story& story, std::optional<int> attempt) {
    const auto& [told, kept] = story;
    const bool chosen = !attempt || *attempt == told.task.chosen;
    if (chosen && !told.task.asset.empty()) return told.task.asset;
    if (!attempt) return std::nullopt;
    for (const auto& line : told.attempts) {
        const storage::KeptName name{told.task.row, *attempt, line.attempt.seed};
        if (line.superseded || line.attempt.number != *attempt) continue;
        if (std::find(kept.begin(), kept.end(), name) != kept.end()) return name;
    }
    return std::nullopt;
}

bool is_under_way(const storage::TaskLine& task) {
    return task.state == storage::TaskState::open || task.state == storage::TaskState::submitting;
}

std::string file_name(const RouteRequest& request, const Rendition& rendition,
                      std::optional<int> attempt) {
    auto name = "task-" + request.path[2];
    if (attempt) name += "-attempt-" + std::to_string(*attempt);
    if (rendition.converted == SplatFormat::spz_niantic) name += "-viewer";
    return name + std::string(rendition.ending);
}

}  // namespace

asio::awaitable<StatusServer::Reply> StatusServer::of_task(const Request& request,
                                                           const network::ServerRequest& raw) {
    const auto& headers = raw.headers;
    const auto row = read_number(request.path[2], 1, kLargestRow);
    if (!row) co_return Reply{not_found()};
    const std::string what = request.path.size() == 4 ? request.path[3] : "";
    if (what == "input") co_return input_of(*row, headers);
    const auto rendition = std::find_if(kRenditions.begin(), kRenditions.end(),
                                        [&](const auto& each) { return each.path == what; });
    if (request.path.size() == 4 && rendition == kRenditions.end()) co_return Reply{not_found()};
    std::optional<int> attempt;
    for (const auto& [name, text] : request.query) {
        const auto number = read_number(text, 1, kMostAttempts);
        if (name != "attempt" || what.empty() || !number) co_return Reply{wrong_value(name)};
        attempt = int(*number);
    }
    const auto story = co_await archive_->task(*row);
    if (!story) co_return Reply{failure(story.error())};
    if (request.path.size() == 3)
        co_return Reply{json_reply(200, to_json(story->told, story->kept))};
    auto source = source_of(*story, attempt);
    if (!source)
        co_return Reply{words_reply(
            404, attempt ? "the splats of this attempt are not kept" : "this task has no result")};
    // Nothing is rendered while its submission waits for the machine.
    if (!rendition->as_it_is && is_under_way(story->told.task))
        co_return Reply{words_reply(409, "not submitted yet: ask again later")};
    // Before anything is read or made of it.
    const auto tag = tag_of(*source, story->told.task, *rendition);
    if (network::names_entity_tag(headers, tag)) co_return Reply{not_modified(tag)};
    auto making = result_of(*source, what, raw.gone);
    auto reply = co_await std::move(making);
    if (reply.reply.status != 200) co_return reply;
    reply.reply.headers = {{"content-type", std::string(rendition->type)}};
    if (!rendition->ending.empty())
        reply.reply.headers.emplace_back(
            "content-disposition",
            "attachment; filename=\"" + file_name(request, *rendition, attempt) + "\"");
    reply.reply = kept_by_caller(std::move(reply.reply), tag);
    co_return reply;
}

asio::awaitable<StatusServer::Reply> StatusServer::result_of(Archive::Source source,
                                                             std::string what,
                                                             std::stop_token gone) {
    if (results_out_.use_count() > kResultsOut)
        co_return Reply{busy_reply("too many results are being sent", 1)};
    const auto& rendition = *std::find_if(kRenditions.begin(), kRenditions.end(),
                                          [&](const auto& each) { return each.path == what; });
    Reply reply;
    if (rendition.converted) {
        if (converted_out_.use_count() > kConvertedOut)
            co_return Reply{busy_reply("other results are being converted", 2)};
        reply.hold = std::make_shared<std::pair<std::shared_ptr<int>, std::shared_ptr<int>>>(
            results_out_, converted_out_);
        auto converting =
            archive_->converted(std::move(source), *rendition.converted, std::move(gone));
        const auto made = co_await std::move(converting);
        if (!made) {
            const bool refused = made.error().code == generator::Errc::bad_splats;
            co_return Reply{refused ? words_reply(422, made.error().message())
                                    : failure(made.error())};
        }
        reply.reply.body = std::move(*made);
    } else if (rendition.as_it_is) {
        reply.hold = results_out_;
        const auto spz = co_await archive_->spz(std::move(source));
        if (!spz) co_return Reply{failure(spz.error())};
        reply.reply.body.assign(spz->begin(), spz->end());
    } else {
        reply.hold = results_out_;
        auto making = what == "preview.png" ? archive_->preview(std::move(source), std::move(gone))
                                            : archive_->splats(std::move(source));
        auto made = co_await std::move(making);
        if (!made) co_return Reply{failure(made.error())};
        reply.reply.body = std::move(*made);
    }
    reply.reply.status = 200;
    co_return reply;
}

StatusServer::Reply StatusServer::input_of(storage::TaskRow row,
                                           const network::HttpHeaders& headers) const {
    const auto* input = state_.input(row);
    if (!input) return {words_reply(404, "the input of this task is not remembered any more")};
    if (input->kind == "text")
        return {bytes_reply(config::printable_lines(input->prompt), "text/plain; charset=utf-8")};
    const auto tag = tag_of(input->prompt);
    if (network::names_entity_tag(headers, tag)) return {not_modified(tag)};
    const auto read = network::base64_decode_loosely(input->prompt);
    if (!read) return {words_reply(404, "the input of this task was no base64")};
    const auto& bytes = read->bytes;
    return {kept_by_caller(bytes_reply({bytes.begin(), bytes.end()}, picture_type(bytes)), tag)};
}

}  // namespace miner

#include "miner/server/generate_endpoint.hpp"

#include "config/elapsed.hpp"
#include "generator/splat/spz.hpp"
#include "miner/generation/remote_picture.hpp"
#include "miner/generation/server_timing.hpp"
#include "miner/server/request.hpp"
#include "network/errc.hpp"
#include "network/http/multipart.hpp"
#include "network/settled.hpp"
#include "network/uuid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace miner {
namespace {

using network::ServerReply;
using network::ServerRequest;

constexpr std::int64_t kLargestSeed = 9'007'199'254'740'991;
constexpr std::int64_t kMostGaussians = 10'000'000;
constexpr std::ptrdiff_t kLongestPrompt = 1024;  // characters, as validators have it
// What the subnet gives a miner, http.deadline unset; its miners have GPUs.
constexpr std::chrono::seconds kSeasonsDeadline{30};

config::Error wrong(std::string words) {
    return config::fail(network::Errc::malformed, std::move(words));
}

// Of UTF-8; a byte that only goes on with a character counts when there are too many of them.
std::ptrdiff_t characters(std::string_view text) {
    const auto begun = std::count_if(text.begin(), text.end(),
                                     [](char c) { return (std::uint8_t(c) & 0xc0) != 0x80; });
    return std::max(begun, std::ptrdiff_t(text.size()) / 4);
}

// In any letter case, on any of several lines, among others: RFC 9110, 5.3 and 12.5.1.
bool asks_for_spz(const network::HttpHeaders& headers) {
    constexpr std::string_view kSpz = "spz";
    return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
        const auto& value = header.second;
        const auto at = std::search(value.begin(), value.end(), kSpz.begin(), kSpz.end(),
                                    [](char a, char b) { return (a | 0x20) == b; });
        return network::same_header_name(header.first, "accept") && at != value.end();
    });
}

// What a result is, in the words of `miner inspect --json`, and what is up in it.
constexpr const char *kFormat = "x-format", *kUp = "x-up";

// Exactly what TRELLIS's own save_ply has: place, size and every Gaussian as generated, and -y up.
// The competitions' reference miner answers so, and they ask that SuperSplat shows it upright; they
// read PLY alone. SPZ is for others, who get the same splats.
constexpr generator::ExportOptions kAsGenerated{
    .up = generator::Up::trellis, .size = 0, .centre = false, .margin = -1, .min_opacity = 0};

ServerReply retry_later(unsigned status, std::string words, std::string_view seconds = "5") {
    auto reply = words_reply(status, std::move(words));
    reply.headers.emplace_back("retry-after", std::string(seconds));
    return reply;
}

bool wants_no_queue(const network::HttpHeaders& headers) {
    return network::find_header(headers, kNoQueue.first) == kNoQueue.second;
}

}  // namespace

GenerateEndpoint::GenerateEndpoint(Services services)
    : s_(services), instance_(network::random_uuid()) {
    tell_metrics();
}

// Without any, one finds out why.
std::size_t GenerateEndpoint::places() const {
    return std::max<std::size_t>(s_.backends.places(), 1);
}

BackendReport GenerateEndpoint::report() const {
    BackendReport report{.instance = instance_};
    if (!s_.state.ready() || s_.stop.asked()) return report;
    report.places = s_.backends.devices();
    const auto free = places() - std::min(places(), at_work_);
    report.free = waiting_.empty() ? std::min(report.places, free) : 0;
    return report;
}

void GenerateEndpoint::tell_metrics() {
    s_.metrics.calls({.waiting = waiting_.size(), .at_work = at_work_, .places = places()});
}

asio::awaitable<void> GenerateEndpoint::follow_backends() {
    auto seen = s_.backends.version();
    while (!s_.stop.asked()) {
        let_in();
        tell_metrics();
        auto changing = s_.backends.changed(seen);
        auto waiting = s_.stop.unless_asked(std::move(changing));
        const auto version = co_await std::move(waiting);
        if (version) seen = *version;
    }
}

config::Result<std::optional<GenerationConfig>> GenerateEndpoint::read_config_of_caller(
    const Field& field) const {
    const auto least = field("min_gaussians"), enhance = field("enhance"),
               applies_to = field("applies_to");
    if (least.empty() && enhance.empty() && applies_to.empty())
        return std::optional<GenerationConfig>();
    GenerationConfig generation_config = s_.production.generation_config();
    if (!least.empty()) {
        const auto number = read_number(least, 0, kMostGaussians);
        if (!number)
            return wrong(
                fmt::format("min_gaussians: give a whole number from 0 to {}", kMostGaussians));
        generation_config.gate = {.min_gaussians = *number, .floor = *number, .attempts = 1};
    }
    if (!enhance.empty()) {
        auto enhancement = parse_enhancement(enhance);
        if (!enhancement) return wrong("enhance: " + enhancement.error().message());
        generation_config.standard = std::move(*enhancement);
    }
    if (!applies_to.empty()) {
        if (applies_to != "both" && applies_to != "structure")
            return wrong("applies_to: give both or structure");
        generation_config.stage2_uses_plain_picture = applies_to == "structure";
    }
    return std::optional<GenerationConfig>(std::move(generation_config));
}

config::Result<GenerateEndpoint::Call> GenerateEndpoint::read_call(
    const ServerRequest& request) const {
    const auto type = network::find_header(request.headers, "content-type");
    const auto parts = network::parse_multipart(type.value_or(""), request.body);
    if (!parts) return parts.error();
    // Of a field that comes twice the first counts; an empty one counts as absent.
    const Field field = [&](std::string_view name) -> std::string_view {
        const auto part = std::find_if(parts->begin(), parts->end(),
                                       [&](const auto& one) { return one.name == name; });
        return part == parts->end() ? std::string_view() : part->contents;
    };
    const auto picture = field("prompt_image_file"), prompt = field("prompt"), seed = field("seed");
    if (picture.empty() && prompt.empty())
        return wrong("the form has neither a file prompt_image_file nor a prompt");
    if (!picture.empty() && !prompt.empty())
        return wrong("the form has both a file prompt_image_file and a prompt: send one of them");
    if (picture.size() > kLargestCallersPicture)
        return wrong("prompt_image_file is larger than 8 MB");
    if (characters(prompt) > kLongestPrompt)
        return wrong(fmt::format("prompt is longer than {} characters", kLongestPrompt));
    Call call;
    if (picture.empty())
        call.request = generator::Prompt{std::string(prompt)};
    else
        call.request = std::vector<std::uint8_t>(picture.begin(), picture.end());
    const auto number =
        seed.empty() ? std::optional<std::int64_t>(-1) : read_number(seed, -1, kLargestSeed);
    if (!number) return wrong(fmt::format("seed: give a whole number from -1 to {}", kLargestSeed));
    call.seed = *number >= 0 ? std::uint64_t(*number) : std::random_device{}();
    auto generation_config = read_config_of_caller(field);
    if (!generation_config) return generation_config.error();
    call.generation_config = std::move(*generation_config);
    call.spz = asks_for_spz(request.headers);
    return call;
}

std::chrono::milliseconds GenerateEndpoint::limit() const {
    const auto& settings = s_.settings;
    if (settings.http.deadline.count() > 0) return settings.http.deadline;
    return s_.backends.may_take_minutes() ? settings.generator.deadline : kSeasonsDeadline;
}

asio::awaitable<ServerReply> GenerateEndpoint::generate(ServerRequest request) {
    const auto begin = Clock::now();
    auto answer = co_await make(request, begin + limit());
    const double seconds = config::seconds_since(begin);
    s_.metrics.generated(answer.end, seconds);
    s_.log.info("generate",
                {{"end", answer.end},
                 {"status", answer.reply.status},
                 {"caller", request.peer_ip},
                 {"bytes", answer.reply.body.size()},
                 {"format", network::find_header(answer.reply.headers, kFormat).value_or("none")},
                 {"s", seconds}});
    co_return std::move(answer.reply);
}

asio::awaitable<GenerateEndpoint::Answer> GenerateEndpoint::make(ServerRequest& request,
                                                                 Clock::time_point deadline) {
    auto call = read_call(request);
    const bool no_queue = wants_no_queue(request.headers);
    std::string().swap(request.body);  // the call has its part of it
    if (!call) co_return Answer{"bad_form", words_reply(400, call.error().message())};
    if (s_.stop.asked()) co_return Answer{"not_ready", retry_later(503, "stopping")};
    if (!s_.state.ready())
        co_return Answer{"not_ready", retry_later(503, s_.state.health(BootClock::now()).reason)};
    const bool prompt = std::holds_alternative<generator::Prompt>(call->request);
    if (prompt ? !s_.production.takes_prompts() : !s_.production.takes_pictures())
        co_return Answer{
            "not_taken",
            words_reply(422, prompt ? "this model makes splats from pictures, not from prompts"
                                    : "this model makes splats from prompts, not from pictures")};
    if (!has_place() && no_queue)
        co_return Answer{"full", retry_later(429, "another is at work already", "1")};
    if (!has_place() && int(waiting_.size()) >= s_.settings.http.queue)
        co_return Answer{"full", retry_later(429, "others are waiting already")};
    const bool given = co_await wait_for_turn(request.gone, deadline);
    if (!given) {
        GenerationResult none;
        none.end = GenerationResult::End::stopped;
        co_return explain(none, request.gone, deadline);
    }
    co_return co_await produce(std::move(*call), request.gone, deadline);
}

// Whoever is let in calls next() in the end.
asio::awaitable<bool> GenerateEndpoint::wait_for_turn(std::stop_token gone,
                                                      Clock::time_point deadline) {
    if (has_place()) {
        ++at_work_;
        tell_metrics();
        co_return true;
    }
    asio::steady_timer turn(co_await asio::this_coro::executor, deadline);
    const auto place = waiting_.insert(waiting_.end(), &turn);
    tell_metrics();
    // `gone` fires on io, as everything here runs.
    const std::stop_callback hung_up(gone, [&] { turn.cancel(); });
    if (!gone.stop_requested()) co_await turn.async_wait(asio::as_tuple(asio::use_awaitable));
    const bool given = std::find(waiting_.begin(), waiting_.end(), &turn) == waiting_.end();
    if (!given) waiting_.erase(place);
    tell_metrics();
    co_return given;
}

void GenerateEndpoint::next() {
    --at_work_;
    let_in();
    tell_metrics();
}

void GenerateEndpoint::let_in() {
    while (!waiting_.empty() && has_place()) {
        ++at_work_;
        auto* const turn = waiting_.front();
        waiting_.pop_front();
        turn->cancel();
    }
}

asio::awaitable<GenerateEndpoint::Answer> GenerateEndpoint::produce(Call call, std::stop_token gone,
                                                                    Clock::time_point deadline) {
    std::stop_source stop;
    const std::stop_callback hung_up(gone, [&] { stop.request_stop(); });
    const std::stop_callback stopping(s_.stop.token(), [&] { stop.request_stop(); });
    asio::steady_timer late(co_await asio::this_coro::executor, deadline);
    late.async_wait([stop](boost::system::error_code error) mutable {
        if (!error) stop.request_stop();
    });
    Production::Watch watch{.task = "generate"};
    const auto token = stop.get_token();
    auto making =
        call.generation_config
            ? s_.production.produce_here(std::move(*call.generation_config),
                                         std::move(call.request), call.seed, token,
                                         std::move(watch))
            : s_.production.produce(std::move(call.request), call.seed, token, std::move(watch));
    auto made = co_await network::settle(std::move(making));
    next();  // from here on the device is free: the next one begins while this one is encoded
    auto result = std::move(made).get();
    if (result.splats.size() == 0) co_return explain(result, gone, deadline);
    co_return co_await deliver(std::move(result), call);
}

asio::awaitable<GenerateEndpoint::Answer> GenerateEndpoint::deliver(GenerationResult result,
                                                                    const Call& call) {
    std::size_t gaussians = 0;
    auto body = co_await run_on(s_.lanes.cpu, [&] {
        const auto stored = generator::export_splats(result.splats, kAsGenerated);
        gaussians = stored.size();
        if (gaussians == 0) return std::string();
        const auto& how = s_.settings.export_;
        const auto bytes = call.spz
                               ? generator::write_spz(stored, {.fraction_bits = how.fraction_bits,
                                                               .zstd_level = how.zstd_level})
                               : generator::write_ply(stored);
        return std::string(bytes.begin(), bytes.end());
    });
    if (gaussians == 0)
        co_return Answer{
            "error",
            words_reply(500, fmt::format("of {} Gaussians none is finite: there is nothing to see",
                                         result.splats.size()))};
    auto reply = bytes_reply(std::move(body), "application/octet-stream");
    reply.headers.emplace_back(kFormat, call.spz ? "spz-404" : "ply");
    reply.headers.emplace_back(kUp, "-y");
    reply.headers.emplace_back("x-seed", std::to_string(call.seed));
    reply.headers.emplace_back("x-gaussians", std::to_string(gaussians));
    reply.headers.emplace_back(
        "server-timing",
        write_server_timing(result.attempts[std::size_t(result.attempt - 1)].times));
    co_return Answer{"made", std::move(reply)};
}

GenerateEndpoint::Answer GenerateEndpoint::too_late() const {
    const auto& given = s_.settings.http.deadline;
    const auto words = fmt::format(
        "not made within {:g} s, waiting included: {}",
        std::chrono::duration<double>(limit()).count(),
        given.count() > 0 ? "raise http.deadline, or ask when fewer others do"
                          : "set http.deadline to allow more, or ask when fewer others do");
    return {"late", words_reply(504, words)};
}

GenerateEndpoint::Answer GenerateEndpoint::explain(const GenerationResult& result,
                                                   std::stop_token gone,
                                                   Clock::time_point deadline) {
    if (result.end == GenerationResult::End::device_lost) {
        device_lost_ = true;
        s_.stop.now();
        return {"error", retry_later(503, "the device is lost: restarting")};
    }
    // Callers need not know where other miners of ours are.
    const auto detail = s_.state.without_addresses(result.detail);
    if (result.end == GenerationResult::End::stranded)
        return {"stranded", retry_later(503, detail)};
    if (result.given_up()) {
        if (gone.stop_requested()) return {"gone", words_reply(503, "you hung up")};
        if (result.end == GenerationResult::End::late) return {"late", words_reply(504, detail)};
        if (Clock::now() >= deadline) return too_late();
        return {"not_ready", retry_later(503, "stopping")};
    }
    if (result.outcome == storage::Outcome::rejected) {
        const auto& attempts = result.attempts;
        const auto best = std::max_element(
            attempts.begin(), attempts.end(),
            [](const auto& a, const auto& b) { return a.gaussians < b.gaussians; });
        auto words =
            fmt::format("every attempt stayed sparse: {} Gaussians at best", best->gaussians);
        auto reply = words_reply(422, detail.empty() ? words : detail);
        reply.headers.emplace_back("x-gaussians", std::to_string(best->gaussians));
        reply.headers.emplace_back("server-timing", write_server_timing(best->times));
        return {"sparse", std::move(reply)};
    }
    const bool bad = result.bad_input();
    return {bad ? "bad_picture" : "error", words_reply(bad ? 422 : 500, detail)};
}

}  // namespace miner

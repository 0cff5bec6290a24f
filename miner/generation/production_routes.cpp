// By which way a request goes, and to which backend: a prompt as a picture first, where that is
// wanted, and to another backend where one fails.
#include "config/elapsed.hpp"
#include "generator/errc.hpp"
#include "miner/generation/deadline.hpp"
#include "miner/generation/production.hpp"
#include "miner/runtime/until_stopped.hpp"
#include "network/first_of.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace miner {
namespace {

using storage::Route;

// Between looks whether a backend that had none has room again, where nobody tells.
constexpr std::chrono::seconds kLookForRoom{1};

}  // namespace

asio::awaitable<GenerationResult> Production::produce_as(const GenerationConfig& generation_config,
                                                         const GenerationRequest& request,
                                                         std::uint64_t seed, std::stop_token outer,
                                                         const Watch& watch, Extras extras) {
    GenerationResult result;
    const Deadline deadline(co_await asio::this_coro::executor, outer, generation_config.deadline);
    RoutedRequest routed{generation_config,
                         request,
                         seed,
                         deadline.token(),
                         outer,
                         watch,
                         extras.here_only,
                         is_prompt(request) ? Route::prompt : Route::picture};
    routed.asked = &request;
    routed.plan = extras.plan;
    // Text-to-image for another miner's prompts is that miner's business.
    const bool via_picture =
        text_to_image_ && !extras.here_only && is_prompt(request) && pool_.takes_pictures();
    const auto begin = std::chrono::steady_clock::now();
    auto next = Next::try_another;
    if (via_picture) {
        next = co_await make_via_picture(result, routed);
        if (next == Next::try_another) routed.text_to_image_ms = config::milliseconds_since(begin);
    }
    // Without a model for prompts the reason why text-to-image failed is all there is to say.
    if (next == Next::try_another && (!via_picture || pool_.takes_prompts()))
        co_await find_backend(result, routed);
    if (result.end == GenerationResult::End::stopped && !outer.stop_requested()) {
        result.end = GenerationResult::End::late;
        result.detail = fmt::format(
            "given up after generator.deadline, {:g} s ({})",
            std::chrono::duration<double>(generation_config.deadline).count(), result.detail);
    }
    co_return result;
}

asio::awaitable<Production::Next> Production::make_via_picture(GenerationResult& result,
                                                               const RoutedRequest& routed) {
    const auto& prompt = std::get<generator::Prompt>(routed.request);
    if (routed.watch.stage) routed.watch.stage("text to image");
    const auto begin = std::chrono::steady_clock::now();
    auto picture = co_await text_to_image_->generate(prompt.text, routed.watch.task, routed.stop);
    if (routed.stop.stop_requested()) {
        fail(result, config::fail(generator::Errc::cancelled, "during text to image"));
        co_return Next::finished;
    }
    if (!picture) {
        fail(result, picture.error());
        result.error = {};  // nor is it the prompt's fault
        co_return result.given_up() ? Next::finished : Next::try_another;
    }
    const GenerationRequest request = std::move(*picture);
    RoutedRequest by_picture{routed.generation_config,
                             request,
                             routed.seed,
                             routed.stop,
                             routed.outer,
                             routed.watch,
                             routed.here_only,
                             Route::prompt_via_picture,
                             config::milliseconds_since(begin)};
    by_picture.asked = routed.asked;
    by_picture.plan = routed.plan;
    co_await find_backend(result, by_picture);
    // A picture in which no object is found cannot become splats; nor one that no backend takes.
    const bool useless = (result.end == GenerationResult::End::no_object ||
                          result.end == GenerationResult::End::stranded) &&
                         pool_.takes_prompts() && !routed.stop.stop_requested();
    if (!useless) {
        result.error = {};  // whatever is wrong with the picture, nobody here gave it
        co_return Next::finished;
    }
    log_.warn("text to image failed", {{"task", routed.watch.task}, {"error", result.detail}});
    co_return Next::try_another;
}

// Null: there is none, or no time is left. Whoever waits for room goes before candidates there.
asio::awaitable<Backend*> Production::pick(const RoutedRequest& routed) {
    const Backend* awaited = nullptr;
    std::optional<Precedence::Place> place;
    for (bool told = false;;) {
        const auto seen = pool_.version();
        auto* const backend = pool_.pick(routed.request, routed.given, routed.here_only);
        if (backend || routed.stop.stop_requested()) co_return backend;
        auto* const next = pool_.awaited(routed.request, routed.given, routed.here_only);
        if (!next) co_return nullptr;
        if (std::exchange(awaited, next) != next)
            place.emplace(next->precedence(), Precedence::At::rest);
        if (routed.watch.stage && !std::exchange(told, true)) routed.watch.stage("wait for room");
        auto changing = pool_.changed(seen, std::chrono::steady_clock::now() + kLookForRoom);
        auto stopping = until_stopped(routed.stop);
        auto waiting = network::first_of(std::move(changing), std::move(stopping));
        co_await std::move(waiting);
    }
}

asio::awaitable<void> Production::find_backend(GenerationResult& result, RoutedRequest& routed) {
    for (auto next = Next::try_another; next == Next::try_another || next == Next::refused;) {
        auto picking = pick(routed);
        auto* const backend = co_await std::move(picking);
        if (!backend || routed.stop.stop_requested()) {
            const auto tried = !routed.given.empty()   ? Tried::failed
                               : next == Next::refused ? Tried::full
                                                       : Tried::none;
            end_without_backend(result, routed, tried);
            co_return;
        }
        if (!result.attempts.empty() && routed.watch.begun_anew) {
            auto telling = routed.watch.begun_anew();
            co_await std::move(telling);
        }
        result = {.backend = backend->where(),
                  .is_remote = backend->is_remote(),
                  .ran_out_at = std::move(result.ran_out_at)};
        routed.given.insert(backend);
        const auto occupied = backend->occupy();
        Precedence::Place place(backend->precedence());
        const auto run = backend->begin(
            {routed.request, routed.generation_config, routed.watch.stage, routed.plan != nullptr});
        next = co_await make(result, *run, routed, *backend, place);
        if (next == Next::refused) routed.given.erase(backend);
    }
}

// Where some were tried the result says what became of that.
void Production::end_without_backend(GenerationResult& result, const RoutedRequest& routed,
                                     Tried tried) {
    if (routed.outer.stop_requested())
        return fail(result,
                    config::fail(generator::Errc::cancelled, "while it waited for a backend"));
    result.end = GenerationResult::End::stranded;
    result.outcome = storage::Outcome::none;
    const auto why = tried != Tried::none ? ": " + result.detail : std::string();
    if (routed.stop.stop_requested())
        result.detail = fmt::format(
            "no backend {} within generator.deadline, {:g} s{}",
            tried == Tried::failed ? "made it" : "had room",
            std::chrono::duration<double>(routed.generation_config.deadline).count(), why);
    else if (tried != Tried::none)
        result.detail = "every backend failed" + why;
    else if (std::holds_alternative<MultiImage>(routed.request))
        result.detail =
            "no backend is able to take it: several pictures of one object need a device here, as "
            "generator.remote take one";
    else
        result.detail = "no backend is able to take it";
}

}  // namespace miner

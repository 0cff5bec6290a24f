#include "miner/cockpit/studio.hpp"

#include "generator/splat/spz.hpp"
#include "miner/cockpit/request.hpp"
#include "network/errc.hpp"
#include "network/http/multipart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace miner {
namespace {

using network::ServerReply;
using network::ServerRequest;

constexpr std::int64_t kLargestSeed = 9'007'199'254'740'991;
constexpr std::size_t kLargestPicture = 20 << 20;

config::Error wrong(std::string words) {
    return config::fail(network::Errc::malformed, std::move(words));
}

// Exactly what TRELLIS's own save_ply has: place, size and every Gaussian as generated.
constexpr generator::ExportOptions kAsGenerated{
    .up = generator::Up::trellis, .size = 0, .centre = false, .margin = -1, .min_opacity = 0};

ServerReply retry_later(unsigned status, std::string words) {
    auto reply = words_reply(status, std::move(words));
    reply.headers.emplace_back("retry-after", "5");
    return reply;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

config::Result<Studio::Order> Studio::read_order(const ServerRequest& request) {
    const auto type = network::find_header(request.headers, "content-type");
    const auto parts = network::parse_multipart(type.value_or(""), request.body);
    if (!parts) return parts.error();
    const auto field = [&](std::string_view name) {
        return std::find_if(parts->begin(), parts->end(),
                            [&](const auto& part) { return part.name == name; });
    };
    const auto picture = field("prompt_image_file"), seed = field("seed");
    if (picture == parts->end() || picture->contents.empty())
        return wrong("the form has no file prompt_image_file");
    if (picture->contents.size() > kLargestPicture)
        return wrong("prompt_image_file is larger than 20 MB");
    Order order;
    order.picture.assign(picture->contents.begin(), picture->contents.end());
    std::int64_t number = -1;
    if (seed != parts->end() && !seed->contents.empty()) {
        const auto read = read_number(seed->contents, -1, kLargestSeed);
        if (!read)
            return wrong(fmt::format("seed: give a whole number from -1 to {}", kLargestSeed));
        number = *read;
    }
    order.seed = number >= 0 ? std::uint64_t(number) : std::random_device{}();
    const auto accept = network::find_header(request.headers, "accept");
    order.spz = accept && accept->find("spz") != accept->npos;
    return order;
}

asio::awaitable<ServerReply> Studio::generate(ServerRequest request) {
    const auto begin = Clock::now();
    auto answer = co_await make(request, begin + s_.settings.http.deadline);
    const double seconds = seconds_since(begin);
    s_.metrics.generated(answer.end, seconds);
    s_.log.info("generate", {{"end", answer.end},
                             {"status", answer.reply.status},
                             {"caller", request.peer_ip},
                             {"bytes", answer.reply.body.size()},
                             {"s", seconds}});
    co_return std::move(answer.reply);
}

asio::awaitable<Studio::Answer> Studio::make(const ServerRequest& request,
                                             Clock::time_point deadline) {
    auto order = read_order(request);
    if (!order) co_return Answer{"bad_form", words_reply(400, order.error().message())};
    if (!s_.state.ready() || s_.stop.asked())
        co_return Answer{"not_ready", retry_later(503, s_.stop.asked() ? "stopping" : "loading")};
    if (busy_ && int(waiting_.size()) >= s_.settings.http.queue)
        co_return Answer{"full", retry_later(429, "others are waiting already")};
    const bool given = co_await wait_for_turn(request.gone, deadline);
    if (!given) {
        Product none;
        none.cancelled = true;
        co_return explain(none, request.gone, deadline);
    }
    co_return co_await produce(std::move(*order), request.gone, deadline);
}

// Whoever is let in calls next() in the end.
asio::awaitable<bool> Studio::wait_for_turn(std::stop_token gone, Clock::time_point deadline) {
    if (!busy_) {
        busy_ = true;
        co_return true;
    }
    asio::steady_timer turn(co_await asio::this_coro::executor, deadline);
    const auto place = waiting_.insert(waiting_.end(), &turn);
    // `gone` fires on io, as everything here runs.
    const std::stop_callback hung_up(gone, [&] { turn.cancel(); });
    if (!gone.stop_requested()) co_await turn.async_wait(asio::as_tuple(asio::use_awaitable));
    const bool given = std::find(waiting_.begin(), waiting_.end(), &turn) == waiting_.end();
    if (!given) waiting_.erase(place);
    co_return given;
}

void Studio::next() {
    if (waiting_.empty()) {
        busy_ = false;
        return;
    }
    auto* const turn = waiting_.front();
    waiting_.pop_front();
    turn->cancel();
}

asio::awaitable<Studio::Answer> Studio::produce(Order order, std::stop_token gone,
                                                Clock::time_point deadline) {
    std::stop_source stop;
    const std::stop_callback hung_up(gone, [&] { stop.request_stop(); });
    const std::stop_callback stopping(s_.stop.token(), [&] { stop.request_stop(); });
    asio::steady_timer late(co_await asio::this_coro::executor, deadline);
    late.async_wait([stop](boost::system::error_code error) mutable {
        if (!error) stop.request_stop();
    });
    Product product;
    Production::Watch watch{.task = "generate"};
    std::exception_ptr failure;
    try {
        product = co_await s_.production.produce(order.picture, order.seed, stop.get_token(),
                                                 std::move(watch));
    } catch (...) {
        failure = std::current_exception();
    }
    next();  // from here on the device is free: the next one begins while this one is packed
    if (failure) std::rethrow_exception(failure);
    if (product.splats.size() == 0) co_return explain(product, gone, deadline);
    co_return co_await deliver(std::move(product), order);
}

asio::awaitable<Studio::Answer> Studio::deliver(Product product, const Order& order) {
    std::size_t gaussians = 0;
    auto body = co_await run_on(s_.lanes.cpu, [&] {
        const auto stored = generator::export_splats(product.splats, kAsGenerated);
        gaussians = stored.size();
        const auto& how = s_.settings.export_;
        const auto bytes = order.spz
                               ? generator::write_spz(stored, {.fraction_bits = how.fraction_bits,
                                                               .zstd_level = how.zstd_level})
                               : generator::write_ply(stored);
        return std::string(bytes.begin(), bytes.end());
    });
    auto reply = bytes_reply(std::move(body), "application/octet-stream");
    reply.headers.emplace_back("x-seed", std::to_string(order.seed));
    reply.headers.emplace_back("x-gaussians", std::to_string(gaussians));
    co_return Answer{"made", std::move(reply)};
}

Studio::Answer Studio::explain(const Product& product, std::stop_token gone,
                               Clock::time_point deadline) {
    if (product.device_lost) {
        device_lost_ = true;
        s_.stop.now();
        return {"error", retry_later(503, "the device is lost: restarting")};
    }
    if (product.cancelled) {
        if (gone.stop_requested()) return {"gone", words_reply(503, "you hung up")};
        if (product.late || Clock::now() >= deadline)
            return {"late", words_reply(504, "not made within http.deadline")};
        return {"not_ready", retry_later(503, "stopping")};
    }
    if (product.outcome == storage::Outcome::rejected) {
        std::int64_t best = 0;
        for (const auto& attempt : product.attempts) best = std::max(best, attempt.gaussians);
        return {"sparse",
                words_reply(
                    422, fmt::format("every attempt stayed sparse: {} Gaussians at best", best))};
    }
    // Nothing was tried: it is the picture that cannot be read.
    const bool unreadable = product.attempts.empty();
    return {unreadable ? "bad_picture" : "error",
            words_reply(unreadable ? 422 : 500, product.detail)};
}

}  // namespace miner

#include "miner/production.hpp"

#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "generator/image/prepare.hpp"
#include "generator/splat/spz.hpp"

#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace miner {
namespace {

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
}

bool is_cancelled(const config::Error& error) { return error.code == generator::Errc::cancelled; }

// Whole milliseconds: what a log line has room for.
std::int64_t total(const generator::StageTimes& times) {
    double sum = 0;
    for (const double ms : {times.prepare, times.encode, times.structure, times.occupancy,
                            times.latent, times.gaussians})
        sum += std::max(ms, 0.0);
    return std::llround(sum);
}

// Stops the work when the caller does or when time is over, whichever comes first.
class Deadline {
public:
    Deadline(asio::any_io_executor io, std::stop_token outer, std::chrono::milliseconds limit)
        : timer_(io, limit),
          outer_(std::move(outer), [source = source_]() mutable { source.request_stop(); }) {
        timer_.async_wait([source = source_](boost::system::error_code error) mutable {
            if (!error) source.request_stop();
        });
    }

    std::stop_token token() const { return source_.get_token(); }

private:
    std::stop_source source_;
    asio::steady_timer timer_;
    std::stop_callback<std::function<void()>> outer_;
};

}  // namespace

config::Result<Production::Options> Production::options(const config::Settings& settings) {
    auto standard = generator::parse_chain(settings.enhance.standard);
    if (!standard) return standard.error();
    auto extreme = generator::parse_chain(settings.enhance.extreme);
    if (!extreme) return extreme.error();
    return Options{.gate = settings.gate,
                   .export_ = settings.export_,
                   .standard = std::move(*standard),
                   .extreme = std::move(*extreme),
                   .matting = settings.generator.matting == "always"  ? Options::Matting::always
                              : settings.generator.matting == "never" ? Options::Matting::never
                                                                      : Options::Matting::automatic,
                   .repaint = settings.enhance.applies_to == "structure",
                   .deadline = settings.generator.deadline};
}

void Production::fail(Product& product, const config::Error& error) {
    product.cancelled = is_cancelled(error);
    product.device_lost = error.code == generator::Errc::device_lost;
    product.outcome = product.cancelled ? storage::Outcome::none : storage::Outcome::error;
    product.detail = error.message();
}

asio::awaitable<bool> Production::prepare(const generator::Image& picture, int number, Try& to,
                                          generator::Condition& condition) {
    to.report.chain = number == 1 ? "standard" : "extreme";
    const auto& chain = number == 1 ? options_.standard : options_.extreme;
    const int size = device_.generator->info().picture_size;
    const auto begin = std::chrono::steady_clock::now();
    auto prepared = co_await run_on(
        lanes_.cpu, [&] { return generator::prepare(generator::enhance(picture, chain), size); });
    to.report.times.prepare = milliseconds_since(begin);
    if (prepared) {
        condition = std::move(*prepared);
    } else {
        to.error = prepared.error();
        to.report.error = to.error.message();
    }
    co_return prepared.has_value();
}

asio::awaitable<Production::Try> Production::sketch(const Source& source, int number,
                                                    std::uint64_t seed, std::stop_token stop,
                                                    const Watch& watch) {
    Try result;
    result.report = {.number = number,
                     .chain = "prompt",
                     .seed = seed,
                     .times = {},
                     .outcome = "error",
                     .error = {}};
    generator::Condition condition;  // an empty picture
    if (const auto* picture = std::get_if<generator::Image>(&source)) {
        if (watch.stage) watch.stage("prepare");
        // For a model that takes none there is no size to bring it to: the model says so itself.
        if (takes_pictures() && !co_await prepare(*picture, number, result, condition))
            co_return result;
    } else {
        condition = source;
        result.report.route = "prompt";
        // No enhancement can help words, but other noise may.
        result.report.seed = seed + std::uint64_t(number - 1);
    }

    if (watch.stage) watch.stage("structure");
    auto sketched = co_await run_on(device_.lane, [&] {
        return device_.generator->sketch(condition, result.report.seed, stop);
    });
    if (!sketched) {
        result.error = sketched.error();
        // An empty structure is the sparsest there is, not a failure: the retry may see more.
        if (result.error.code == generator::Errc::no_voxels) {
            result.report.voxels = result.report.gaussians = 0;
            result.report.outcome = "sparse";
        } else {
            result.report.error = result.error.message();
        }
        co_return result;
    }
    result.sketch = std::move(*sketched);
    const double prepare_ms = result.report.times.prepare;
    result.report.times = result.sketch->times();
    result.report.times.prepare = prepare_ms;
    result.report.voxels = result.sketch->voxels();
    result.report.gaussians = result.sketch->gaussians();
    result.report.outcome =
        result.report.gaussians >= options_.gate.min_gaussians ? "passed" : "sparse";
    co_return result;
}

asio::awaitable<Product> Production::produce(Order order, std::uint64_t seed, std::stop_token outer,
                                             Watch watch) {
    Product product;
    const Deadline deadline(co_await asio::this_coro::executor, outer, options_.deadline);
    co_await make(product, order, seed, deadline.token(), watch);
    if (product.cancelled && !outer.stop_requested()) {
        product.late = true;
        product.detail =
            fmt::format("given up after generator.deadline, {:g} s ({})",
                        std::chrono::duration<double>(options_.deadline).count(), product.detail);
    }
    co_return product;
}

asio::awaitable<void> Production::make(Product& product, const Order& order, std::uint64_t seed,
                                       std::stop_token stop, const Watch& watch) {
    Source source;
    if (const auto* prompt = std::get_if<generator::Prompt>(&order)) {
        source = *prompt;
    } else {
        if (watch.stage) watch.stage("decode");
        auto decoded = co_await run_on(lanes_.cpu, [&] {
            return generator::decode(std::get<std::vector<std::uint8_t>>(order));
        });
        if (!decoded) {
            fail(product, decoded.error());
            co_return;
        }
        auto picture = co_await cut_out(product, std::move(*decoded), watch);
        if (!picture) co_return;
        source = std::move(*picture);
    }

    Counts counts;
    std::vector<std::unique_ptr<generator::Sketch>> sketches;
    Decision decision{Verdict::retry, -1};
    while (decision.verdict == Verdict::retry) {
        const int number = int(counts.size()) + 1;
        if (number > 1)
            log_.info(
                "retry",
                {{"task", watch.task}, {"attempt", number}, {"gate", options_.gate.min_gaussians}});
        auto tried = co_await sketch(source, number, seed, stop, watch);
        if (tried.error.code && tried.error.code != generator::Errc::no_voxels) {
            fail(product, tried.error);
            if (product.cancelled || product.device_lost) co_return;
        }
        counts.push_back(tried.report.gaussians);
        sketches.push_back(std::move(tried.sketch));
        product.attempts.push_back(tried.report);
        decision = judge(counts, options_.gate);
        log_verdict(watch, decision, product);
        if (watch.attempt) co_await watch.attempt(tried.report);
    }

    if (decision.attempt < 0) {
        // All attempts failed: that is an error, not a verdict on the picture.
        const bool failed =
            std::all_of(counts.begin(), counts.end(), [](auto count) { return count < 0; });
        if (!failed) product.outcome = storage::Outcome::rejected;
        co_return;
    }
    product.detail.clear();
    product.attempt = decision.attempt + 1;
    product.outcome = decision.verdict == Verdict::passed ? storage::Outcome::passed
                      : decision.verdict == Verdict::retry_passed
                          ? storage::Outcome::retry_passed
                          : storage::Outcome::retry_improved;
    co_await finish(product, source, *sketches[decision.attempt], stop, watch);
}

asio::awaitable<std::optional<generator::Image>> Production::cut_out(Product& product,
                                                                     generator::Image picture,
                                                                     const Watch& watch) {
    using Matting = Options::Matting;
    const bool wanted = options_.matting == Matting::always ||
                        (options_.matting == Matting::automatic && !generator::has_cutout(picture));
    if (!wanted) co_return picture;
    if (watch.stage) watch.stage("cut out");
    auto cut = co_await run_on(device_.lane, [&] { return device_.generator->cut_out(picture); });
    if (cut) co_return std::move(*cut);
    if (options_.matting == Matting::automatic && cut.error().code == generator::Errc::bad_mask) {
        log_.warn("not cut out", {{"task", watch.task},
                                  {"error", cut.error().message()},
                                  {"hint", "goes on with the whole picture"}});
        co_return picture;
    }
    fail(product, cut.error());
    product.attempts.push_back(
        {.chain = "standard", .outcome = "error", .error = cut.error().message()});
    if (watch.attempt) co_await watch.attempt(product.attempts.back());
    co_return std::nullopt;
}

asio::awaitable<void> Production::finish(Product& product, const Source& source,
                                         const generator::Sketch& chosen, std::stop_token stop,
                                         const Watch& watch) {
    std::optional<generator::Image> repaint;
    const auto* picture = std::get_if<generator::Image>(&source);
    if (options_.repaint && picture) {
        const int size = device_.generator->info().picture_size;
        auto plain =
            co_await run_on(lanes_.cpu, [&] { return generator::prepare(*picture, size); });
        if (!plain) {
            fail(product, plain.error());
            co_return;
        }
        repaint = std::move(*plain);
    }
    if (watch.stage) watch.stage("splats");
    auto finished = co_await run_on(device_.lane, [&] {
        return device_.generator->finish(chosen, repaint ? &*repaint : nullptr, stop);
    });
    if (!finished) {
        fail(product, finished.error());
        co_return;
    }
    product.splats = std::move(finished->splats);
    auto& report = product.attempts[product.attempt - 1];
    report.times.latent = finished->times.latent;
    report.times.gaussians = finished->times.gaussians;
}

asio::awaitable<Parcel> Production::pack(generator::Splats splats) {
    co_return co_await run_on(lanes_.cpu, [&] {
        const auto begin = std::chrono::steady_clock::now();
        Parcel parcel;
        const auto stored =
            generator::export_splats(splats, generator::export_options(options_.export_));
        if (stored.size() > 0) {
            parcel.spz =
                generator::write_spz(stored, {.fraction_bits = options_.export_.fraction_bits,
                                              .zstd_level = options_.export_.zstd_level});
            parcel.health = generator::measure(stored);
        }
        parcel.milliseconds = milliseconds_since(begin);
        return parcel;
    });
}

// One line an event, with the words that operators grep for.
void Production::log_verdict(const Watch& watch, const Decision& decision,
                             const Product& product) const {
    const auto& last = product.attempts.back();
    const auto say = [&](config::Level level, std::string_view event) {
        log_.event(level, event,
                   {{"task", watch.task},
                    {"attempt", last.number},
                    {"gaussians", last.gaussians},
                    {"gate", options_.gate.min_gaussians},
                    {"ms", total(last.times)}});
    };
    using enum config::Level;
    if (last.outcome == "error")
        log_.warn("attempt failed",
                  {{"task", watch.task}, {"attempt", last.number}, {"error", last.error}});
    if (last.outcome == "sparse") say(info, "sparse");
    switch (decision.verdict) {
        case Verdict::passed:
            say(info, "passed");
            break;
        case Verdict::retry:
            break;
        case Verdict::retry_passed:
            say(info, "retry successful");
            break;
        case Verdict::retry_improved:
            say(warn, "retry improved");
            break;
        case Verdict::rejected:
            say(warn, "rejected");
            break;
    }
}

}  // namespace miner

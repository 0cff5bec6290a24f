#include "miner/generation/predictor.hpp"

#include "config/elapsed.hpp"
#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "generator/splat/health.hpp"
#include "generator/splat/spz.hpp"
#include "miner/generation/on_device.hpp"
#include "network/event.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

namespace miner {
namespace {

using generator::Errc;

using Deafness = std::optional<std::chrono::milliseconds>;  // nothing: the device's longest

// A job and whoever waits for it; the later of the two to end takes it down.
template <class T>
struct Job {
    Job(const asio::any_io_executor& io, DeviceLane& device, Deafness longest)
        : ended(io), watch(io, device, given_up.get_token(), longest) {}

    std::function<config::Result<T>()> work;
    std::optional<config::Result<T>> result;
    std::exception_ptr failure;
    network::Event ended;
    bool over = false, abandoned = false;  // on io
    std::stop_source given_up;             // when nobody waits for it any more
    JobWatch watch;
};

// Jobs that nobody waits for any more and that wait or are at work all the same: a scorer that
// hangs would have one more of them from every task, with its picture.
constexpr int kMostAbandoned = 2;

template <class T>
asio::awaitable<config::Result<T>> run_until(DeviceLane& device, asio::any_io_executor io,
                                             std::shared_ptr<int> abandoned,
                                             Predictor::Patience patience, Deafness longest,
                                             std::function<config::Result<T>()> work) {
    if (*abandoned >= kMostAbandoned)
        co_return config::fail(Errc::cancelled, "the scorer does not come back from earlier tasks");
    const auto job = std::make_shared<Job<T>>(io, device, longest);
    job->work = std::move(work);
    asio::post(device.lane, [shared = job, io, abandoned]() mutable {
        auto own = std::move(shared);  // which goes on io, where its watch and event are at home
        own->watch.begun();
        try {
            own->result.emplace(own->work());
        } catch (...) {
            own->failure = std::current_exception();
        }
        own->work = {};  // with what it holds of the scorer
        asio::post(io, [own = std::move(own), abandoned] {
            own->over = true;
            *abandoned -= own->abandoned;
            own->ended.happen();
        });
    });
    const std::stop_callback hurry(patience.stop, [job] { job->ended.happen(); });
    while (!job->over && !patience.stop.stop_requested() &&
           std::chrono::steady_clock::now() < patience.until)
        co_await job->ended.wait(patience.until);
    if (!job->over) {
        job->abandoned = true;
        ++*abandoned;
        job->given_up.request_stop();
        co_return config::fail(Errc::cancelled, "the score was not there in time");
    }
    if (job->failure) std::rethrow_exception(job->failure);
    co_return std::move(*job->result);
}

config::Result<generator::ScoreCondition> condition_of(const GenerationRequest& request) {
    if (const auto* prompt = std::get_if<generator::Prompt>(&request))
        return generator::ScoreCondition(*prompt);
    const auto* picture = std::get_if<std::vector<std::uint8_t>>(&request);
    if (!picture)
        return config::fail(Errc::wrong_input, "several pictures of one object are not scored");
    auto decoded = generator::decode_for_score(*picture);
    if (!decoded) return decoded.error();
    return generator::ScoreCondition(std::move(*decoded));
}

config::Error gone() { return config::fail(Errc::cancelled, "the scorer was taken down"); }

std::string names_of(const std::vector<generator::LeftOut>& parts) {
    std::string names;
    for (const auto& each : parts) {
        if (!names.empty()) names += ",";
        names += generator::name_of(each.part);
    }
    return names;
}

}  // namespace

Predictor::~Predictor() { device_.lane.join(); }

asio::awaitable<config::Result<void>> Predictor::load(const MakePredictor& make,
                                                      config::Score settings) {
    auto loading = run_on_device(device_, {}, [&]() -> config::Result<void> {
        auto rasterizer = make.rasterizer(settings.device);
        if (!rasterizer) return rasterizer.error();
        auto scorer = make.scorer(settings);
        if (!scorer) return scorer.error();
        rasterizer_ = std::move(*rasterizer);
        scorer_ = std::move(*scorer);
        return {};
    });
    auto loaded = co_await std::move(loading);
    if (loaded) {
        const auto& info = scorer_->info();
        name_ = info.name;
        where_ = info.device;
        device_.longest_deafness = device_patience_.value_or(DeviceLane::deafness_on(info.device));
    }
    loaded_ = loaded.has_value();
    co_return loaded;
}

asio::awaitable<void> Predictor::unload() {
    loaded_ = false;
    return take_down();
}

asio::awaitable<void> Predictor::take_down() {
    auto unloading = run_on_device(device_, {}, [this] {
        scorer_.reset();
        splats_ = {};
        return true;
    });
    co_await std::move(unloading);
}

asio::awaitable<config::Result<Predictor::Query>> Predictor::ask(const GenerationRequest& request,
                                                                 Patience patience) {
    auto& has_read = is_prompt(request) ? has_read_text_ : has_read_picture_;
    const auto longest = has_read ? Deafness() : Deafness(DeviceLane::kDeafnessWhileLoading);
    std::function<config::Result<Query>()> work = [this, request,
                                                   &has_read]() -> config::Result<Query> {
        if (!scorer_) return gone();
        auto condition = condition_of(request);
        if (!condition) return condition.error();
        auto query = scorer_->ask(*condition);
        if (!query) return query.error();
        has_read = true;
        return Query(std::move(*query));
    };
    auto asking =
        run_until<Query>(device_, io_, abandoned_, std::move(patience), longest, std::move(work));
    auto query = co_await std::move(asking);
    if (!query) tell_if_lost(query.error());
    co_return query;
}

asio::awaitable<config::Result<storage::Prediction>> Predictor::predict(Asset spz, Query query,
                                                                        Patience patience) {
    std::function<config::Result<storage::Prediction>()> work = [this, spz, query] {
        return predict_now(*spz, *query);
    };
    spz.reset();
    query.reset();
    auto predicting = run_until<storage::Prediction>(device_, io_, abandoned_, std::move(patience),
                                                     Deafness(), std::move(work));
    auto prediction = co_await std::move(predicting);
    if (!prediction) tell_if_lost(prediction.error());
    co_return prediction;
}

void Predictor::tell_if_lost(const config::Error& error) {
    if (error.code != Errc::device_lost || !told_lost_) return;
    std::exchange(told_lost_, nullptr)(error);
}

config::Result<storage::Prediction> Predictor::predict_now(const std::vector<std::uint8_t>& spz,
                                                           const generator::ScoreQuery& query) {
    if (!scorer_) return gone();
    const auto begin = std::chrono::steady_clock::now();
    if (const auto read = generator::read_spz_as_validator(spz, splats_); !read)
        return read.error();
    storage::Prediction prediction{.scorer = name_};
    if (const auto objections = generator::validator_objections(splats_); !objections.empty()) {
        constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
        prediction.iqa = prediction.alignment = prediction.ssim = prediction.lpips = kNan;
    } else {
        const auto score = scorer_->score_splats(splats_, rasterizer_, query);
        if (!score) return score.error();
        prediction.total = score->total;
        prediction.iqa = score->iqa;
        prediction.alignment = score->alignment;
        prediction.ssim = score->ssim;
        prediction.lpips = score->lpips;
        prediction.left_out = names_of(score->left_out);
    }
    prediction.milliseconds = config::milliseconds_since(begin);
    return prediction;
}

}  // namespace miner

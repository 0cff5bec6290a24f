#include "miner/batch/maker.hpp"

#include "config/digest.hpp"
#include "config/elapsed.hpp"
#include "config/version.hpp"
#include "miner/batch/plain_file.hpp"
#include "network/await_all.hpp"
#include "network/first_of.hpp"
#include "network/settled.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

namespace miner {
namespace {

using Clock = std::chrono::steady_clock;

// Between two looks whether a backend is there again.
constexpr std::chrono::seconds kLook{1};

// A host loads what scores for the sake of candidates alone. None are made here, as how many
// depends on time, and results would, too.
config::Settings settings_of_host(config::Settings settings) {
    settings.candidates.most = std::max(settings.candidates.most, 2);
    return settings;
}

}  // namespace

BatchMaker::BatchMaker(Options options, BatchPlan& plan, ResultStore& results,
                       ManifestFile& manifest)
    : options_(std::move(options)),
      settings_(settings_of_host(options_.settings)),
      plan_(plan),
      results_(results),
      manifest_(manifest) {
    for (std::size_t i = 0; i < plan_.items.size(); ++i)
        if (!plan_.items[i].line) open_.push_back(i);
}

ExitCode BatchMaker::run(const MakeGenerator& make_generator, const MakePredictor& make_predictor) {
    if (set_faults_aside() && !open_.empty()) {
        host_.emplace(settings_, options_.log);
        const auto code = run_host(make_generator, make_predictor);
        host_.reset();  // signals mean again what they did
        if (code != ExitCode::ok) return code;
    }
    if (disk_failed_) {
        options_.progress.complain(disk_failed_->message());
        return ExitCode::storage;
    }
    return std::all_of(open_.begin(), open_.end(),
                       [&](std::size_t index) { return !!plan_.items[index].line; })
               ? ExitCode::ok
               : ExitCode::interrupted;
}

ExitCode BatchMaker::run_host(const MakeGenerator& make_generator,
                              const MakePredictor& make_predictor) {
    if (const auto failed = host_->open_backends(make_predictor, Pictures::of_operator))
        return *failed;
    return host_->run(make_generator, [this]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<void>> children;
        children.push_back(host_->backends().watch(host_->stop()));
        children.push_back(work_all());
        co_await network::await_all(std::move(children));
    });
}

// What is known to be of no use needs no model. False when the disk fails.
bool BatchMaker::set_faults_aside() {
    std::vector<std::size_t> fit;
    for (const auto index : open_) {
        auto& item = plan_.items[index];
        if (item.input.fault.empty()) {
            fit.push_back(index);
            continue;
        }
        auto line = begun(item);
        line.error = item.input.fault;
        if (const auto added = manifest_.add(line); !added) {
            disk_failed_ = added.error();
            return false;
        }
        unfit_.insert(index);
        options_.progress.ended(line);
        item.line = std::move(line);
    }
    open_ = std::move(fit);
    return true;
}

ManifestLine BatchMaker::begun(const BatchItem& item) {
    ManifestLine line;
    line.input = item.input.label;
    line.origin = item.input.origin;
    line.is_prompt = item.input.is_prompt;
    line.seed = item.input.seed.value_or(0);
    line.batch_seed = plan_.seed;
    line.settings = options_.hash;
    line.outcome = std::string(storage::name(storage::Outcome::error));
    line.device = "none";
    line.version = std::string(config::version());
    return line;
}

// On a GPU one is made while the last one is written; a CPU has its cores full with one. Of remote
// ones as many as are made there at once.
std::size_t BatchMaker::workers() {
    std::size_t count = 0;
    for (const auto* backend : host_->backends().backends())
        count += !backend->is_remote() && backend->leaves_cores_free() ? 2 : backend->places();
    return std::clamp<std::size_t>(count, 1, open_.size());
}

asio::awaitable<void> BatchMaker::work_all() {
    const auto io = co_await asio::this_coro::executor;
    Crew crew(io);
    crew_ = &crew;
    auto& backends = host_->backends();
    while (goes_on() && !crew.failed()) {
        const auto seen = backends.version();
        while (crew.size() < workers()) crew.add(work());
        auto changing = backends.changed(seen);
        auto ending = crew.until_any_ended();
        auto waiting = network::first_of(std::move(changing), std::move(ending));
        co_await std::move(waiting);
    }
    auto working = crew.until_ended();
    const auto end = co_await network::settle(std::move(working));
    crew_ = nullptr;
    host_->stop().ask();  // whoever watches the backends has nothing to watch for
    if (end.failure) std::rethrow_exception(end.failure);
}

bool BatchMaker::goes_on() {
    return next_ < open_.size() && !disk_failed_ && !device_lost_ && !host_->stop().asked();
}

asio::awaitable<void> BatchMaker::work() {
    while (goes_on() && crew_->size() <= workers()) {
        const auto index = open_[next_++];
        co_await make(index);
    }
}

asio::awaitable<void> BatchMaker::make(std::size_t index) {
    const auto begin = Clock::now();
    auto line = begun(plan_.items[index]);
    auto request = co_await read(index, line);
    if (!request) {
        unfit_.insert(index);
        line.milliseconds = std::llround(config::milliseconds_since(begin));
        Kept nothing;
        auto keeping = keep(index, std::move(line), std::move(nothing));
        co_await std::move(keeping);
        co_return;
    }
    auto result = co_await produce(*request, line, begin);
    using End = GenerationResult::End;
    const bool given_up = result.end == End::stranded && host_->stop().asked();
    if (result.end == End::stopped || given_up) co_return;  // for the next time
    if (result.end == End::device_lost) {
        if (!std::exchange(device_lost_, true)) options_.progress.complain(result.detail);
        host_->device_was_lost();
        co_return;
    }
    auto finishing = finish(index, std::move(line), std::move(*request), std::move(result), begin);
    co_await std::move(finishing);
}

// The request, and its seed into the line; nothing, and the reason into the line, where there is
// none.
asio::awaitable<std::optional<GenerationRequest>> BatchMaker::read(std::size_t index,
                                                                   ManifestLine& line) {
    const auto& input = plan_.items[index].input;
    std::optional<GenerationRequest> request;
    if (input.is_prompt) {
        line.content = config::sha256(input.label);
        request = generator::Prompt{input.label};
    } else {
        options_.progress.at_work(input.label, "read");
        auto bytes = co_await run_on(host_->lanes().cpu, [&] {
            auto read = read_plain_file(input.file, kMaxPictureBytes);
            if (read) line.content = config::sha256(*read);
            return read;
        });
        if (!bytes) {
            line.error = bytes.error().message();
            co_return std::nullopt;
        }
        request = std::move(*bytes);
    }
    line.seed = seed_of(input, plan_.seed, line.content);
    co_return request;
}

// Where no backend is able to, as when a remote one starts anew, it is waited for.
asio::awaitable<GenerationResult> BatchMaker::produce(const GenerationRequest& request,
                                                      const ManifestLine& line, Begin begin) {
    const auto until = begin + settings_.generator.deadline;
    for (;;) {
        Production::Watch watch{
            .task = line.input,
            .stage = [&](std::string_view stage) { options_.progress.at_work(line.input, stage); },
            .attempt = {}};
        auto producing = host_->production().produce(request, line.seed, host_->stop().token(),
                                                     std::move(watch));
        auto result = co_await std::move(producing);
        if (result.end != GenerationResult::End::stranded) co_return result;
        options_.progress.at_work(line.input, "waiting for a backend");
        const bool able = co_await becomes_able(until);
        if (!able) co_return result;
    }
}

asio::awaitable<bool> BatchMaker::becomes_able(Begin until) {
    bool able = false;
    while (!able && Clock::now() < until) {
        const bool goes_on = co_await host_->stop().sleep(kLook);
        if (!goes_on) co_return false;
        able = host_->production().able();
    }
    co_return able;
}

asio::awaitable<void> BatchMaker::finish(std::size_t index, ManifestLine line,
                                         GenerationRequest request, GenerationResult result,
                                         Begin begin) {
    if (!result.backend.empty()) line.device = result.backend;
    if (!result.backend.empty() && !result.is_remote) line.weights = options_.weights;
    line.attempts = int(result.attempts.size());
    Kept kept;
    if (result.outcome == storage::Outcome::error || result.undecided()) {
        line.error = result.detail.empty() ? "it failed" : result.detail;
        if (result.bad_input()) unfit_.insert(index);
    } else {
        line.outcome = std::string(storage::name(result.outcome));
        auto made = co_await run_on(host_->lanes().cpu, [&] { return encode(result.splats); });
        if (!made) {
            line.outcome = std::string(storage::name(storage::Outcome::error));
            line.error = made.error().message();
        } else if (made->file.gaussians == 0) {
            line.outcome = std::string(storage::name(storage::Outcome::rejected));
        } else {
            line.file = plan_.items[index].name + options_.form.ending();
            line.gaussians = made->file.gaussians;
            line.bytes = std::int64_t(made->file.bytes.size());
            line.sha256 = made->file.sha256;
            kept = {std::move(made->file.bytes), std::move(made->preview)};
            auto scoring = score(line, request, std::move(result.splats));
            co_await std::move(scoring);
        }
    }
    line.milliseconds = std::llround(config::milliseconds_since(begin));
    auto keeping = keep(index, std::move(line), std::move(kept));
    co_await std::move(keeping);
}

config::Result<BatchMaker::Encoded> BatchMaker::encode(const generator::Splats& splats) const {
    Encoded encoded;
    if (splats.size() == 0) return encoded;
    auto file = batch_file(splats, options_.form, settings_.export_);
    if (!file) return file.error();
    encoded.file = std::move(*file);
    if (!options_.previews || encoded.file.gaussians == 0) return encoded;
    // One that fails is tried again at the end, and complained of; the result is there.
    if (auto preview = batch_preview(encoded.file.bytes, options_.form))
        encoded.preview = std::move(*preview);
    return encoded;
}

// By the scorer, where there is one. A result without a score is one all the same.
asio::awaitable<void> BatchMaker::score(ManifestLine& line, const GenerationRequest& request,
                                        generator::Splats splats) {
    auto* predictor = host_->predictor();
    if (!predictor) co_return;
    options_.progress.at_work(line.input, "score");
    const Predictor::Patience patience{.until = Clock::now() + settings_.generator.deadline,
                                       .stop = host_->stop().token()};
    auto encoding = host_->production().encode(std::move(splats));
    const auto asset = co_await std::move(encoding);
    auto asking = predictor->ask(request, patience);
    const auto query = co_await std::move(asking);
    if (!query) {
        options_.progress.complain(line.input + ": not scored: " + query.error().message());
        co_return;
    }
    auto predicting = predictor->predict(asset.spz, *query, patience);
    const auto prediction = co_await std::move(predicting);
    if (!prediction) {
        options_.progress.complain(line.input + ": not scored: " + prediction.error().message());
        co_return;
    }
    line.scorer = prediction->scorer;
    if (std::isfinite(prediction->total)) line.score = prediction->total;
}

// The file first: a line in the manifest says that it is there. The preview of what was there
// before goes ahead of both, and the new one comes last: cut off at any point, none is left that
// shows another result.
asio::awaitable<void> BatchMaker::keep(std::size_t index, ManifestLine line, Kept kept) {
    const auto& item = plan_.items[index];
    const auto& folder = options_.folder;
    bool counts = false;
    const auto written = co_await run_on(host_->lanes().db, [&]() -> config::Result<void> {
        if (line.has_result()) {
            const auto removed = folder.remove_preview(item.name);
            if (!removed) return removed.error();
            const auto aside = results_.put(line, kept.bytes);
            if (!aside) return aside.error();
            if (!aside->empty())
                options_.progress.complain(
                    fmt::format("{} was not as a batch made it: it is {} now", line.file, *aside));
        }
        const auto added = manifest_.add(line);
        if (!added) return added.error();
        counts = true;
        if (line.has_result()) results_.recorded(line);
        if (kept.preview.empty()) return {};
        return folder.write(folder.preview(item.name), kept.preview);
    });
    if (!written && !disk_failed_) disk_failed_ = written.error();
    if (!counts) co_return;
    options_.progress.ended(line);
    plan_.items[index].line = std::move(line);
}

}  // namespace miner

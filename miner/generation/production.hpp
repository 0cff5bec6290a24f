// From a picture or a prompt to splats: enhancement, structure, gate, retry, splats, at whichever
// backend has the least to do. Knows nothing of validators; `miner generate` and the pipeline share
// it. Lives on io and sends its work to the lanes.
#pragma once

#include "config/log.hpp"
#include "generator/errc.hpp"
#include "generator/splat/export.hpp"
#include "generator/splat/health.hpp"
#include "miner/generation/backend_pool.hpp"
#include "miner/generation/candidate_queue.hpp"
#include "miner/generation/candidates.hpp"
#include "miner/generation/gate.hpp"
#include "miner/generation/generation_config.hpp"
#include "miner/generation/memory_watch.hpp"
#include "miner/generation/predictor.hpp"
#include "miner/generation/text_to_image_client.hpp"
#include "miner/runtime/lanes.hpp"
#include "storage/journal.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace miner {

// Splats as they leave the machine.
struct EncodedAsset {
    std::shared_ptr<const std::vector<std::uint8_t>> spz =
        std::make_shared<std::vector<std::uint8_t>>();
    std::int64_t gaussians = 0;  // that the export left
    double milliseconds = 0;
};

struct GenerationResult {
    enum class End {
        decided,      // as `outcome` says
        no_object,    // outcome error: no object can be told from the picture
        device_lost,  // outcome error: the process must restart
        stopped,      // by whoever asked; nothing is decided
        late,         // at work past the deadline of the config; nothing is decided
        stranded,     // no backend could do it, or had room in time; nothing is decided
    };

    End end = End::decided;
    storage::Outcome outcome = storage::Outcome::none;
    int attempt = 0;  // number of the chosen one; 0: none
    std::vector<storage::Attempt> attempts;
    generator::Splats splats;  // empty when nothing may be submitted
    // Of the chosen attempt, where it was needed to predict its score; `splats` are empty then.
    std::optional<EncodedAsset> encoded;
    std::string detail;                    // why it ended so, where that is not plain
    boost::system::error_code error = {};  // of what failed last; none: nothing did
    // Why a picture went in with its background, though its object alone was wanted.
    std::string not_cut_out = {};
    // Where it was made, or tried last, as Backend::where(); empty: nowhere. Whether that is
    // remote.
    std::string backend = {};
    bool is_remote = false;
    // Backends, as above, whose GPU's memory ran out on the way: for an attempt, or for the
    // candidates.
    std::set<std::string> ran_out_at = {};

    // Whether it failed for the picture or prompt that was given, and would anywhere and again.
    bool bad_input() const {
        return outcome == storage::Outcome::error && generator::is_bad_input(error);
    }
    // Whether there is something that may be submitted.
    bool has_splats() const { return splats.size() > 0 || encoded.has_value(); }
    bool ran_out_of_memory() const { return !ran_out_at.empty(); }
    // Whether the work was cut short.
    bool given_up() const { return end == End::stopped || end == End::late; }
    // Whether nothing is known of the picture or prompt: it may be asked for again.
    bool undecided() const { return given_up() || end == End::stranded; }
};

class Production {
public:
    // Who watches a production; every member may be empty.
    struct Watch {
        std::string task;                                                // for the log
        std::function<void(std::string_view stage)> stage;               // a stage begins
        std::function<asio::awaitable<void>(storage::Attempt)> attempt;  // one has ended
        // What was told of attempts counts no more: another backend, or another way, begins anew.
        std::function<asio::awaitable<void>()> begun_anew = {};
        // More is known of one that was told: its splats, or its predicted score.
        std::function<asio::awaitable<void>(storage::Attempt)> completed = {};
        // The SPZ of one that was told and is about to be scored, the gate's result among them.
        std::function<void(const storage::Attempt&,
                           std::shared_ptr<const std::vector<std::uint8_t>>)>
            splats = {};
        // From here on it is candidates that are made; whether there is a result stands.
        std::function<void()> gate_decided = {};
    };

    // Lanes, pool, logger and predictor outlive it. Without a predictor no candidates are made.
    Production(Lanes& lanes, BackendPool& pool, config::Logger& log,
               GenerationConfig generation_config, Predictor* predictor = nullptr)
        : lanes_(lanes),
          pool_(pool),
          log_(log),
          generation_config_(std::move(generation_config)),
          predictor_(predictor) {
        if (generation_config_.pictures)
            text_to_image_.emplace(lanes, log, *generation_config_.pictures);
    }

    const GenerationConfig& generation_config() const { return generation_config_; }

    // Hears what becomes of the miner when memory runs out in task after task: complain where no
    // device has room, so that nothing is earned.
    void on_memory(std::function<void(MemoryWatch::Step)> told) { told_memory_ = std::move(told); }

    // A picture is tried again with another enhancement, then with that and other seeds; a prompt
    // with other seeds. Where a service makes pictures a prompt goes by way of one; if that fails,
    // as it is. A backend that fails, or whose memory runs out twice for one step, is left for
    // another, where the request begins anew; where those that remain have no room, it is waited
    // for: until the deadline is over, when the request is stranded. Ends early, as
    // GenerationResult::End tells, when `stop` fires, which must happen on io, or the deadline is
    // over.
    //
    // With a plan, after what the gate asks for, in the time that the plan has left: more results
    // are made of other seeds and enhancements, at the same backend, and the one with the best
    // predicted score is chosen; where the gate let nothing pass, a sparse one, too. What fails or
    // is not there in time changes nothing about the result that the gate chose. When the GPU's
    // memory runs out in several tasks in a row, no candidates are made any more.
    asio::awaitable<GenerationResult> produce(GenerationRequest request, std::uint64_t seed,
                                              std::stop_token stop, Watch watch,
                                              std::optional<CandidatePlan> plan = {});

    // For another miner that brings its own generation config: on a device of this machine, never
    // passed on.
    asio::awaitable<GenerationResult> produce_here(GenerationConfig generation_config,
                                                   GenerationRequest request, std::uint64_t seed,
                                                   std::stop_token stop, Watch watch);

    // What something can be made of; any time after the pool was loaded.
    bool takes_pictures() const { return pool_.takes_pictures(); }
    bool takes_prompts() const {
        return pool_.takes_prompts() || (text_to_image_ && pool_.takes_pictures());
    }
    // Whether some backend can take a request just now.
    bool able() const { return pool_.able(); }

    // Export and SPZ, on the cpu lane. Of empty `spz` when the export leaves nothing.
    asio::awaitable<EncodedAsset> encode(generator::Splats splats);

private:
    // One request with the route that it takes, and the backends that it comes to.
    struct RoutedRequest {
        const GenerationConfig& generation_config;
        const GenerationRequest& request;
        std::uint64_t seed;
        std::stop_token stop;   // by whoever asked, or by the deadline
        std::stop_token outer;  // by whoever asked
        const Watch& watch;
        bool here_only;
        storage::Route route;
        double text_to_image_ms = -1;              // negative: there was no text-to-image call
        const GenerationRequest* asked = nullptr;  // as the validator asked
        const CandidatePlan* plan = nullptr;       // null: no candidates
        std::set<const Backend*> given = {};       // that have it, or had it and could not make it
    };

    struct Extras {
        bool here_only = false;
        const CandidatePlan* plan = nullptr;
    };

    // Of each attempt, in turn; null where it failed.
    using Structures = std::vector<std::unique_ptr<generator::Structure>>;

    // The candidates of one request. Two coroutines have it in hand: one makes structures and
    // splats on the device, the other finishes and scores the last ones meanwhile, and alone
    // touches the result.
    struct CandidateRound {
        struct Ready {
            EncodedAsset asset;
            Candidate candidate;
        };

        GenerationRun& run;
        const RoutedRequest& routed;
        const CandidatePlan& plan;
        Backend& backend;
        Precedence::Place& place;
        Structures& structures;  // of the gate's attempts
        GenerationResult& result;
        CandidateQueue& queue;
        // Of both.
        std::stop_source over = {};         // no more can be made, or need be
        Predictor::Patience patience = {};  // until then
        bool one_by_one = false;            // each waits for what the other is at
        double longest_ms = 0;              // that a candidate took
        // Of whoever makes them.
        int number = 0;            // attempts so far
        int begun = 0;             // second stages so far, the gate's result among them
        std::int64_t densest = 0;  // of the structures so far
        // Of whoever finishes them.
        Predictor::Query query = {};
        std::chrono::steady_clock::time_point asked = {};
        std::vector<Ready> ready = {};  // those that may still be chosen
    };

    void watch_memory(const asio::any_io_executor& io, const GenerationResult& result,
                      bool with_candidates);
    void give_up_candidates(const asio::any_io_executor& io);
    void tell_memory(const std::string& backend, MemoryWatch::Step step) const;
    void ran_out(GenerationResult& result, const config::Error& error,
                 const RoutedRequest& routed) const;
    bool goes_elsewhere(const config::Error& error, const RoutedRequest& routed) const;
    asio::awaitable<GenerationResult> produce_as(const GenerationConfig& generation_config,
                                                 const GenerationRequest& request,
                                                 std::uint64_t seed, std::stop_token outer,
                                                 const Watch& watch, Extras extras);
    // What became of the backends that a request was given to, when no other is left.
    enum class Tried { none, full, failed };
    // How the work goes on after a step of it.
    enum class Next {
        proceed,      // with the next step
        finished,     // the result says how
        try_another,  // another backend, or the prompt as it is
        refused,      // by a backend that has no room just now
    };

    // A prompt by way of a picture; `try_another` when that failed, with the reason in `result`.
    asio::awaitable<Next> make_via_picture(GenerationResult& result, const RoutedRequest& routed);
    asio::awaitable<void> find_backend(GenerationResult& result, RoutedRequest& routed);
    static void end_without_backend(GenerationResult& result, const RoutedRequest& routed,
                                    Tried tried);
    asio::awaitable<Backend*> pick(const RoutedRequest& routed);
    asio::awaitable<Next> make(GenerationResult& result, GenerationRun& run,
                               const RoutedRequest& routed, Backend& backend,
                               Precedence::Place& place);
    asio::awaitable<Next> pass_gate(GenerationResult& result, GenerationRun& run,
                                    const RoutedRequest& routed, Structures& structures);
    // This and generate_splats() try once more where memory ran out: a scorer's work, or another
    // program, may have passed.
    asio::awaitable<Next> attempt(GenerationResult& result, GenerationRun& run,
                                  const RoutedRequest& routed, Structures& structures);
    asio::awaitable<Next> decode_and_cut_out(GenerationResult& result, GenerationRun& run,
                                             const RoutedRequest& routed);
    asio::awaitable<Next> generate_splats(GenerationResult& result, GenerationRun& run,
                                          const generator::Structure& chosen,
                                          const RoutedRequest& routed);
    // Measures an attempt's splats for its report. Of ones that break a limit of the gate it says
    // which, there, too; else nothing.
    asio::awaitable<std::string> examine(const generator::Splats& splats, storage::Attempt& report,
                                         const RoutedRequest& routed);
    static storage::Attempt report_of(const GenerationRun::StructureResult& tried, int number,
                                      storage::EnhancementChain chain, std::uint64_t seed,
                                      const RoutedRequest& routed);

    // production_candidates.cpp.
    asio::awaitable<void> make_candidates(CandidateRound& round);
    asio::awaitable<void> make_and_close(CandidateRound& round);
    asio::awaitable<void> make_while_wanted(CandidateRound& round);
    asio::awaitable<bool> make_sparse(CandidateRound& round);
    asio::awaitable<bool> make_candidate(CandidateRound& round);
    asio::awaitable<bool> make_splats(CandidateRound& round, CandidateQueue::Made made,
                                      const generator::Structure& structure);
    static asio::awaitable<bool> has_turn(CandidateRound& round);
    bool goes_one_by_one(CandidateRound& round, const config::Error& error) const;
    void candidate_failed(CandidateRound& round, const config::Error& error) const;
    // production_finish.cpp.
    asio::awaitable<void> finish_and_stop(CandidateRound& round);
    asio::awaitable<void> finish_while_wanted(CandidateRound& round);
    asio::awaitable<bool> begin_round(CandidateRound& round);
    asio::awaitable<bool> take_up_gate_result(CandidateRound& round);
    asio::awaitable<bool> finish(CandidateRound& round, CandidateQueue::Made made);
    asio::awaitable<bool> predict(CandidateRound& round, int number, EncodedAsset asset);
    void choose(CandidateRound& round) const;
    void log_verdict(const RoutedRequest& routed, const Decision& decision,
                     const GenerationResult& result) const;
    static void fail(GenerationResult& result, const config::Error& error);

    Lanes& lanes_;
    BackendPool& pool_;
    config::Logger& log_;
    GenerationConfig generation_config_;
    Predictor* predictor_;
    std::optional<TextToImageClient> text_to_image_;
    MemoryWatch memory_watch_;
    std::function<void(MemoryWatch::Step)> told_memory_;
    bool starves_ = false;  // as was told last
    bool candidates_off_ = false;
    std::exception_ptr unload_failure_;  // of the predictor's, for whoever comes next
};

}  // namespace miner

// miner rehearse: the whole loop on this machine, against a local chain and its validators that
// speak the true protocols.
#include "config/escape.hpp"
#include "generator/image/decode.hpp"
#include "miner/app.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/rehearsal/chain.hpp"
#include "miner/rehearsal/checklist.hpp"
#include "miner/rehearsal/judge.hpp"
#include "miner/rehearsal/program.hpp"
#include "miner/rehearsal/progress.hpp"
#include "miner/rehearsal/report.hpp"
#include "miner/report/complaint.hpp"
#include "miner/report/contact_sheet.hpp"
#include "miner/report/error_lines.hpp"
#include "miner/report/stats.hpp"
#include "miner/terminal/screen.hpp"
#include "network/base64.hpp"
#include "network/simulator/validator.hpp"
#include "storage/artifacts.hpp"
#include "storage/database.hpp"
#include "storage/listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <optional>
#include <random>

#include <unistd.h>

namespace miner {
namespace {

using Validators = std::vector<std::unique_ptr<network::LocalValidator>>;

network::Keypair random_key() {
    network::Secret<32> seed;
    std::random_device random;
    for (auto& byte : seed.bytes()) byte = std::uint8_t(random());
    return network::Keypair::from_seed(seed);
}

// Waits of hours shrink to moments, but for those that the user has set.
config::Settings rehearsal_settings(const config::Loaded& loaded, bool terminal) {
    auto settings = loaded.settings;
    using namespace std::chrono_literals;
    if (loaded.is_preset("schedule.idle")) settings.schedule.idle = 250ms;
    if (loaded.is_preset("schedule.failure_delay")) settings.schedule.failure_delay = 1s;
    if (loaded.is_preset("schedule.pull_timeout")) settings.schedule.pull_timeout = 3s;
    if (loaded.is_preset("schedule.submit_timeout")) settings.schedule.submit_timeout = 10s;
    if (loaded.is_preset("schedule.validation_lock"))
        settings.schedule.validation_lock = std::chrono::ceil<std::chrono::milliseconds>(
            settings.schedule.validation_lock * settings.rehearse.time_scale);
    if (loaded.is_preset("subtensor.stale")) settings.subtensor.stale = 2s;
    if (loaded.is_preset("generator.seed")) settings.generator.seed = settings.rehearse.seed;
    // Whoever brings pictures means them, all of the time.
    if (loaded.is_preset("rehearse.text_share") && !settings.rehearse.pictures.empty())
        settings.rehearse.text_share = 0;
    // The embedded judge knows the embedded model's world alone.
    if (loaded.is_preset("score.model") && settings.generator.model.empty() &&
        settings.generator.remote.empty())
        settings.score.model = config::kEmbeddedScorer;
    // Computing takes as long as elsewhere, so candidates get the time that they have elsewhere.
    if (loaded.is_preset("candidates.window")) settings.candidates.window = 30s;
    // On a terminal the progress line speaks; the events are in the log file.
    if (loaded.is_preset("log.console")) settings.log.console = !terminal;
    return settings;
}

// Two, so that one task's submission overlaps another's generation, as with the subnet's many.
config::Result<Validators> start_validators(const config::Settings& settings,
                                            const Program& program,
                                            const std::vector<std::string>& hotkeys) {
    constexpr int kValidators = 2;
    // No two machines have one time: a miner that counts cool-downs by its own clock is found out.
    constexpr std::chrono::milliseconds kLeads[kValidators]{std::chrono::seconds(-2),
                                                            std::chrono::seconds(1)};
    std::vector<network::LocalValidator::Fault> faults;
    for (const auto& text : settings.rehearse.faults) {
        if (is_chain_fault(text)) continue;
        auto fault = network::parse_fault(text);
        if (!fault) return fault.error();
        faults.push_back(*fault);
    }
    Validators validators;
    for (int i = 0; i < kValidators; ++i) {
        network::LocalValidator::Options options;
        for (std::size_t task = std::size_t(i); task < program.tasks.size(); task += kValidators)
            options.tasks.push_back(program.tasks[task]);
        options.time_scale = settings.rehearse.time_scale;
        options.clock_lead = kLeads[i];
        options.faults = faults;
        options.miners = hotkeys;
        const auto gate = settings.gate.min_gaussians;
        auto judge = [gate, objects = program.objects](const network::Task& task,
                                                       const std::vector<std::uint8_t>& spz) {
            return judge_spz(task, spz, embedded_truth(objects.at(task.id)), gate);
        };
        auto started = network::LocalValidator::start(random_key(), judge, std::move(options));
        if (!started) return started.error();
        validators.push_back(std::move(*started));
    }
    return validators;
}

Evidence gather(const Validators& validators, const storage::Statistics& statistics, int asked) {
    Evidence evidence{.counts = statistics.all, .asked = asked};
    bool drained = true;
    for (const auto& validator : validators) {
        const auto tally = validator->tally();
        evidence.answered += tally.accepted + tally.refused + tally.skips;
        evidence.protocol_faults += tally.bad_signatures + tally.bad_nonces;
        evidence.violations += tally.cooldown_violations;
        evidence.without_effect += tally.without_effect;
        drained = drained && validator->drained();
    }
    evidence.stopped = !drained;
    return evidence;
}

// The tasks as they stand in the journal, in the order of the program.
config::Result<std::vector<RehearsedTask>> recorded(const Program& program,
                                                    storage::Database& database) {
    std::map<std::string, storage::TaskLine> lines;
    std::optional<storage::TaskRow> before;
    // The rehearsal's are the newest of all.
    while (lines.size() < program.tasks.size()) {
        auto page = storage::list_tasks(database, storage::kLongestListing, before);
        if (!page) return page.error();
        const auto known = lines.size();
        for (auto& line : *page) {
            before = line.row;
            if (program.names.count(line.task_id) > 0) lines.emplace(line.task_id, std::move(line));
        }
        if (lines.size() == known) break;
    }
    std::vector<RehearsedTask> tasks;
    for (const auto& task : program.tasks) {
        const auto& name = program.names.at(task.id);
        auto& entry = tasks.emplace_back(RehearsedTask{
            task.id, name.text, task.kind == network::TaskKind::text, name.judged_by, {}});
        if (const auto line = lines.find(task.id); line != lines.end()) entry.line = line->second;
    }
    return tasks;
}

// Inputs and results for eyes, beside the database; its path, or nothing when it cannot be drawn,
// which is complained of, no more: the rehearsal is over.
std::string draw_sheet(const Program& program, const std::filesystem::path& folder,
                       const std::vector<RehearsedTask>& tasks) {
    const auto artifacts = storage::Artifacts::open(folder / "assets");
    if (!artifacts) {
        complain("contact sheet", artifacts.error());
        return "";
    }
    const auto cell = [&](std::size_t index) {
        const auto& [id, name, prompt, judged_by, line] = tasks[index];
        SheetCell result;
        result.name = name;
        result.density_alone = judged_by == JudgedBy::density;
        if (!prompt) result.picture = network::base64_decode(program.tasks[index].prompt).value();
        if (!line) return result;
        result.outcome = line->outcome;
        result.attempts = line->attempts;
        result.chosen = line->gaussians >= 0;
        result.gaussians = result.chosen ? line->gaussians : line->first_gaussians;
        result.score = line->score;
        result.detail = line->detail;
        if (line->asset.empty()) return result;
        auto spz = artifacts->get(line->asset);
        if (spz)
            result.spz = std::move(*spz);
        else
            result.detail = spz.error().message();
        return result;
    };
    const auto count = program.tasks.size();
    const auto heading = fmt::format(
        "Rehearsal: {}inputs, and results as a validator renders them",
        count > kMostCells ? fmt::format("the first {} of {} tasks, ", kMostCells, count) : "");
    const auto file = (folder / "contact_sheet.png").string();
    return write_file(file, generator::encode_png(contact_sheet(count, cell, heading))) ? file : "";
}

// The other side of the rehearsal, all of it on this machine, and the hotkeys that mine there.
struct LocalSubnet {
    std::vector<network::Keypair> keys;
    std::vector<std::string> hotkeys;  // addresses of the keys
    Validators validators;
    std::unique_ptr<RehearsalChain> chain;  // last: it looks at the validators until its end
};

// Nothing, with a complaint, when a port or a fault is not to be had.
std::optional<LocalSubnet> start_subnet(const config::Settings& settings, const Program& program,
                                        config::Logger& log) {
    LocalSubnet subnet;
    std::vector<network::PublicKey> public_keys;
    for (int i = 0; i < settings.rehearse.hotkeys; ++i) {
        const auto& key = subnet.keys.emplace_back(random_key());
        subnet.hotkeys.push_back(key.address());
        public_keys.push_back(key.public_key());
    }
    auto validators = start_validators(settings, program, subnet.hotkeys);
    if (!validators) {
        complain("local validator", validators.error());
        return std::nullopt;
    }
    subnet.validators = std::move(*validators);
    auto chain = RehearsalChain::start(settings, {public_keys, subnet.validators}, log);
    if (!chain) {
        complain("local chain", chain.error());
        return std::nullopt;
    }
    subnet.chain = std::move(*chain);
    return subnet;
}

// Where the rehearsal speaks and what it keeps.
struct RehearsalRun {
    config::Settings settings;
    std::filesystem::path folder;
    std::FILE* out = stdout;
    bool terminal = false;
    bool json = false;

    std::string database() const { return (folder / "miner.db").string(); }
};

// How many errors in a row, without a task that was answered, are the end: a full disk mends itself
// for nobody who waits.
constexpr int kHopeless = 10;

// The run itself, with a line for each task.
ExitCode mine(const RehearsalRun& run, LocalSubnet& subnet, const Program& program,
              const MakeGenerator& make_generator, const MakePredictor& make_predictor,
              config::Logger& log, const ErrorLines& errors) {
    std::function<int()> columns;
    if (run.terminal) columns = [fd = ::fileno(run.out)] { return screen_size(fd).columns; };
    Progress progress(run.json ? std::cerr : std::cout, columns, program.names);
    int forgiven = 0;  // errors before the last answer
    const auto turned = [&](const Turn& turn) {
        progress.turn(turn);
        if (turn.end == Turn::End::answered) forgiven = errors.count();
    };
    const auto finished = [&] {
        const bool hopeless = errors.count() - forgiven >= kHopeless;
        const bool drained = std::all_of(subnet.validators.begin(), subnet.validators.end(),
                                         [](const auto& v) { return v->drained(); });
        return hopeless || (subnet.chain->faults_done() && drained);
    };
    std::vector<Identity> identities;
    for (auto& key : subnet.keys)
        identities.push_back({std::move(key), Schedule(run.settings.schedule)});
    const auto code = run_app(
        {.settings = run.settings,
         .folder = run.folder,
         .identities = std::move(identities),
         .make_generator = make_generator,
         .log = log,
         .observer = {.pulled = [&](const Pulled& pulled) { progress.pulled(pulled); },
                      .stage = [&](const TaskInHand& task,
                                   std::string_view name) { progress.stage(task.id, name); },
                      .turn = turned},
         .chain = true,
         .scored_by = std::string(kScoresNote),
         .finished = finished,
         .make_predictor = make_predictor});
    progress.finish();
    return code;
}

// What the journal has of the rehearsal's own tasks; nothing, with a complaint, when it cannot be
// read.
std::optional<RehearsalReport> report_of(const RehearsalRun& run, const LocalSubnet& subnet,
                                         const Program& program, const ErrorLines& errors) {
    auto database = storage::Database::open(run.database(), {.read_only = true});
    if (!database) {
        complain("database", database.error());
        return std::nullopt;
    }
    storage::Span span;
    span.last = 0;
    span.hotkeys = subnet.hotkeys;  // made for this rehearsal alone
    auto statistics = storage::statistics(**database, span);
    if (!statistics) {
        complain("statistics", statistics.error());
        return std::nullopt;
    }
    auto tasks = recorded(program, **database);
    if (!tasks) {
        complain("tasks", tasks.error());
        return std::nullopt;
    }
    auto evidence = gather(subnet.validators, *statistics, int(program.tasks.size()));
    evidence.logged_errors = errors.count();
    evidence.first_error = errors.first();
    return RehearsalReport{.checklist = evaluate(evidence),
                           .statistics = std::move(*statistics),
                           .tasks = std::move(*tasks),
                           .database = run.database(),
                           .contact_sheet = {}};
}

// Draws the contact sheet on the way.
void print_report(const RehearsalRun& run, const Program& program, RehearsalReport& report) {
    fmt::print(run.out, "\n{}\n{}",
               render_table(report.statistics,
                            {.colour = run.terminal, .scores_note = std::string(kScoresNote)}),
               render(report.checklist, run.terminal));
    fmt::print(run.out, "\nEverything is in {}; ask it with: miner stats\n",
               config::printable(report.database));
    report.contact_sheet = draw_sheet(program, run.folder, report.tasks);
    if (!report.contact_sheet.empty())
        fmt::print(run.out, "Inputs and results side by side: {}\n",
                   config::printable(report.contact_sheet));
    if (run.json) fmt::print("{}\n", render_json(report));
}

}  // namespace

ExitCode rehearse_command(const CommandLine& line, const MakeGenerator& make_generator,
                          const MakePredictor& make_predictor) {
    // With --json standard output is the document's alone.
    RehearsalRun run{.out = line.rehearse.json ? stderr : stdout, .json = line.rehearse.json};
    run.terminal = ::isatty(::fileno(run.out)) == 1;
    run.settings = rehearsal_settings(line.loaded, run.terminal);
    run.folder = config::storage_folder(run.settings) / "rehearsal";
    auto log = open_log(run.settings, run.folder);
    if (!log) return ExitCode::storage;
    const ErrorLines errors;
    log->add(errors.sink());

    const auto program = make_program(run.settings);
    if (!program) {
        complain("pictures", program.error());
        return ExitCode::bad_input;
    }
    auto subnet = start_subnet(run.settings, *program, *log);
    if (!subnet) return ExitCode::unavailable;
    run.settings.subtensor.network = "local";
    run.settings.subtensor.chain_endpoint = subnet->chain->url();
    fmt::print(run.out,
               "Rehearsal: {} tasks from {} local validators on a local chain to {} over the real "
               "protocol, durations times {}\nScored by {}\n\n",
               program->tasks.size(), subnet->validators.size(),
               subnet->hotkeys.size() == 1 ? "one hotkey"
                                           : fmt::format("{} hotkeys", subnet->hotkeys.size()),
               run.settings.rehearse.time_scale, kJudgedBy);
    std::fflush(run.out);

    const auto code = mine(run, *subnet, *program, make_generator, make_predictor, *log, errors);
    if (code != ExitCode::ok) return code;
    auto report = report_of(run, *subnet, *program, errors);
    if (!report) return ExitCode::storage;
    print_report(run, *program, *report);
    return report->checklist.go ? ExitCode::ok : ExitCode::no_go;
}

}  // namespace miner

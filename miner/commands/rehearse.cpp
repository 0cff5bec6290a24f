// miner rehearse: the whole loop on this machine, against a local chain and its validators that
// speak the true protocols.
#include "config/escape.hpp"
#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "miner/app.hpp"
#include "miner/commands/commands.hpp"
#include "miner/rehearsal/chain.hpp"
#include "miner/rehearsal/checklist.hpp"
#include "miner/rehearsal/contact_sheet.hpp"
#include "miner/rehearsal/judge.hpp"
#include "miner/rehearsal/pictures.hpp"
#include "miner/rehearsal/progress.hpp"
#include "miner/rehearsal/prompts.hpp"
#include "miner/stats.hpp"
#include "network/base64.hpp"
#include "network/local/validator.hpp"
#include "network/uuid.hpp"
#include "storage/artifacts.hpp"
#include "storage/database.hpp"
#include "storage/listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
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
    // On a terminal the progress line speaks; the events are in the log file.
    if (loaded.is_preset("log.console")) settings.log.console = !terminal;
    return settings;
}

struct Program {
    std::vector<network::Task> tasks;
    std::map<std::string, std::string> names;  // of each task id
};

config::Result<Program> make_program(const config::Rehearse& settings) {
    std::vector<NamedPicture> pictures;
    if (settings.pictures.empty()) {
        pictures = embedded_pictures();
    } else {
        auto read = pictures_in(settings.pictures);
        if (!read) return read.error();
        pictures = std::move(*read);
    }
    if (pictures.empty())
        return config::fail(generator::Errc::missing_file,
                            "no pictures; name a folder with --pictures");
    const auto prompts = embedded_prompts();
    std::size_t next_picture = 0, next_prompt = 0;
    Program program;
    for (int i = 0; i < settings.tasks; ++i) {
        const auto id = network::random_uuid();
        if (is_prompt(i, settings.text_share)) {
            const auto& prompt = prompts[next_prompt++ % prompts.size()];
            program.tasks.push_back({network::TaskKind::text, id, prompt});
            program.names[id] = prompt;
        } else {
            const auto& picture = pictures[next_picture++ % pictures.size()];
            program.tasks.push_back(
                {network::TaskKind::image, id, network::base64_encode(picture.bytes)});
            program.names[id] = picture.name.substr(0, picture.name.rfind('.'));
        }
    }
    return program;
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
        auto judge = [gate](const network::Task& task, const std::vector<std::uint8_t>& spz) {
            return judge_spz(task, spz, gate);
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

// Inputs and results for eyes, beside the database. What cannot be drawn is complained of, no more:
// the rehearsal is over.
void draw_sheet(const Program& program, const std::filesystem::path& folder,
                storage::Database& database) {
    const auto newest = storage::list_tasks(database, storage::kLongestListing);
    auto artifacts = storage::Artifacts::open(folder / "assets");
    if (!newest || !artifacts) {
        complain("contact sheet", newest ? artifacts.error() : newest.error());
        return;
    }
    const auto cell = [&](std::size_t index) {
        const auto& task = program.tasks[index];
        SheetCell result;
        result.name = program.names.at(task.id);
        if (task.kind == network::TaskKind::image)
            result.picture = network::base64_decode(task.prompt).value();
        const auto line = std::find_if(newest->begin(), newest->end(),
                                       [&](const auto& each) { return each.task_id == task.id; });
        if (line == newest->end()) return result;
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
    if (write_file(file, generator::encode_png(contact_sheet(count, cell, heading))))
        fmt::print("Inputs and results side by side: {}\n", config::printable(file));
}

}  // namespace

ExitCode rehearse_command(const CommandLine& line, const MakeGenerator& make_generator) {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    auto settings = rehearsal_settings(line.loaded, terminal);
    const auto folder = config::storage_folder(settings) / "rehearsal";
    auto log = open_log(settings, folder);
    if (!log) return ExitCode::storage;

    const auto program = make_program(settings.rehearse);
    if (!program) {
        complain("pictures", program.error());
        return ExitCode::bad_input;
    }
    std::vector<network::Keypair> keys;
    std::vector<std::string> hotkeys;
    for (int i = 0; i < settings.rehearse.hotkeys; ++i) {
        keys.push_back(random_key());
        hotkeys.push_back(keys.back().address());
    }
    const auto validators = start_validators(settings, *program, hotkeys);
    if (!validators) {
        complain("local validator", validators.error());
        return ExitCode::unavailable;
    }
    std::vector<network::PublicKey> public_keys;
    for (const auto& key : keys) public_keys.push_back(key.public_key());
    const auto chain = RehearsalChain::start(settings, {public_keys, *validators}, *log);
    if (!chain) {
        complain("local chain", chain.error());
        return ExitCode::unavailable;
    }
    settings.subtensor.network = "local";
    settings.subtensor.chain_endpoint = (*chain)->url();
    fmt::print(
        "Rehearsal: {} tasks from {} local validators on a local chain to {} over the real "
        "protocol, durations times {}\nScored by {}\n\n",
        program->tasks.size(), validators->size(),
        hotkeys.size() == 1 ? "one hotkey" : fmt::format("{} hotkeys", hotkeys.size()),
        settings.rehearse.time_scale, kJudgedBy);
    std::fflush(stdout);

    Progress progress(std::cout, terminal, int(program->tasks.size()), program->names);
    std::vector<Identity> identities;
    for (auto& key : keys) identities.push_back({std::move(key), Schedule(settings.schedule)});
    const auto code = run_app(
        {.settings = settings,
         .folder = folder,
         .identities = std::move(identities),
         .make_generator = make_generator,
         .log = *log,
         .observer = {.stage = [&](const TaskInHand& task,
                                   std::string_view stage) { progress.stage(task.id, stage); },
                      .turn = [&](const Turn& turn) { progress.turn(turn); }},
         .chain = true,
         .finished = [&] {
             return (*chain)->faults_done() &&
                    std::all_of(validators->begin(), validators->end(),
                                [](const auto& v) { return v->drained(); });
         }});
    progress.finish();
    if (code != ExitCode::ok) return code;

    auto database = storage::Database::open(folder / "miner.db", {.read_only = true});
    if (!database) {
        complain("database", database.error());
        return ExitCode::storage;
    }
    storage::Span span;
    span.last = 0;
    span.hotkeys = hotkeys;  // made for this rehearsal alone
    const auto statistics = storage::statistics(**database, span);
    if (!statistics) {
        complain("statistics", statistics.error());
        return ExitCode::storage;
    }
    auto evidence = gather(*validators, *statistics, int(program->tasks.size()));
    evidence.logged_errors = log->errors();
    const auto checklist = evaluate(evidence);
    fmt::print("\n{}\n{}", render_table(*statistics, {.colour = terminal}),
               render(checklist, terminal));
    fmt::print("\nEverything is in {}; ask it with: miner stats\n",
               config::printable((folder / "miner.db").string()));
    draw_sheet(*program, folder, **database);
    return checklist.go ? ExitCode::ok : ExitCode::no_go;
}

}  // namespace miner

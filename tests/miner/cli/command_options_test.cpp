// The options of each subcommand.
#include "miner/cli/command_line.hpp"

#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"

using namespace miner;
using tests::good;
using tests::has;
using tests::kNowMs;
using tests::over;
using tests::refused;

TEST_CASE("rehearse prints JSON when it is asked to") {
    CHECK(good({"rehearse", "--json"}).rehearse.json);
    CHECK_FALSE(good({"rehearse"}).rehearse.json);
}

TEST_CASE("rehearse has short forms of its settings") {
    const auto line = good(
        {"rehearse", "--tasks", "5", "--pictures", "/p", "--faults", "timeout", "--seed", "9"});
    const config::Rehearse& rehearse = line.loaded.settings.rehearse;
    CHECK(line.command == Command::rehearse);
    CHECK(rehearse.tasks == 5);
    CHECK(rehearse.pictures == "/p");
    CHECK(rehearse.faults == std::vector<std::string>{"timeout"});
    CHECK(rehearse.seed == 9);
    CHECK(line.loaded.origin.at("rehearse.tasks").text() == "flag --tasks");
    CHECK(has(refused({"rehearse", "--tasks", "0"}), "rehearse.tasks (--tasks): 0 is too small"));
}

TEST_CASE("generate takes a picture and any number of outputs, whose endings say the format") {
    const auto line =
        good({"generate", "a.png", "-o", "a.spz", "-o", "A.PLY", "--seed", "7", "--json"});
    REQUIRE(line.generate.outputs.size() == 2);
    CHECK(line.generate.pictures == std::vector<std::string>{"a.png"});
    CHECK(line.generate.outputs[0].format == generator::SplatFormat::spz_niantic);
    CHECK(line.generate.outputs[0].up == "y");
    CHECK(line.generate.outputs[1].format == generator::SplatFormat::ply);
    CHECK(line.generate.outputs[1].up == "trellis");
    CHECK(line.generate.json);
    CHECK(line.loaded.settings.generator.seed == 7);
    CHECK(good({"generate", "-", "-o", "a.spz"}).generate.pictures ==
          std::vector<std::string>{"-"});
    CHECK(good({"generate", "-o", "a.spz", "run"}).generate.pictures ==
          std::vector<std::string>{"run"});
    CHECK(good({"generate", "-o", "a.spz", "--", "-odd.png"}).generate.pictures ==
          std::vector<std::string>{"-odd.png"});
}

TEST_CASE("generate takes a picture or a prompt") {
    const auto line = good({"generate", "--prompt", "a red chair", "-o", "a.spz"});
    CHECK(line.generate.prompt == "a red chair");
    CHECK(line.generate.pictures.empty());
    CHECK(good({"generate", "--prompt", "", "-o", "a.spz"}).generate.prompt == "");
    CHECK_FALSE(good({"generate", "a.png", "-o", "a.spz"}).generate.prompt.has_value());
    CHECK(has(refused({"generate", "a.png", "--prompt", "a red chair", "-o", "a.spz"}),
              "--prompt: give either a picture or a prompt"));
}

TEST_CASE("generate takes several pictures of one object") {
    const auto line = good({"generate", "a.png", "b.png", "-o", "a.spz", "--several", "averaged"});
    CHECK(line.generate.pictures == std::vector<std::string>{"a.png", "b.png"});
    CHECK(line.generate.several == "averaged");
    CHECK(good({"generate", "a.png", "-o", "a.spz"}).generate.several == "stochastic");
    CHECK(has(refused({"generate", "a.png", "-o", "a.spz", "--several", "all"}),
              "--several: \"all\" is none of {stochastic,averaged}"));
    CHECK(has(refused({"generate", "-", "-", "-o", "a.spz"}), "standard input"));
    CHECK(has(refused({"generate", "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",
                       "10",       "11", "12", "13", "14", "15", "16", "17", "-o", "a.spz"}),
              "17 are too many"));
}

TEST_CASE("generate --up counts for every output, export.up for SPZ alone") {
    const auto both = good({"generate", "a.png", "-o", "a.spz", "-o", "a.ply", "--up", "y"});
    CHECK(both.generate.outputs[0].up == "y");
    CHECK(both.generate.outputs[1].up == "y");
    const auto set = good({"generate", "a.png", "-o", "a.spz", "--export.up", "trellis"});
    CHECK(set.generate.outputs[0].up == "trellis");
}

TEST_CASE("generate says at once all that is missing or wrong") {
    const std::string text = refused({"generate", "--up", "x", "--seed", "-2", "-o", "a.obj"});
    CHECK(has(text, "4 things are wrong"));
    CHECK(has(text, "PICTURE"));
    CHECK(has(text, "--up: \"x\" is none of {y,trellis}"));
    CHECK(has(text, "generator.seed (--seed): -2 is too small"));
    CHECK(has(text, "\"a.obj\" says no format"));
    CHECK(has(refused({"generate", "a.png"}), "--output: where to?"));
    CHECK(has(refused({"generate", "a.png", "-o", ".spz"}), "says no format"));
}

TEST_CASE("batch takes an input and a folder, and has the flags of generate") {
    const auto line = good({"batch", "pictures/", "-o", "out/", "--seed", "7", "--previews"});
    CHECK(line.command == Command::batch);
    CHECK(line.batch.input == "pictures/");
    CHECK(line.batch.folder == "out/");
    CHECK(line.batch.format == generator::SplatFormat::spz_niantic);
    CHECK(line.batch.up == "y");
    CHECK(line.batch.previews);
    CHECK_FALSE(line.batch.start_over);
    CHECK(line.loaded.settings.generator.seed == 7);
    const auto ply = good({"batch", "a.csv", "-o", "out", "--format", "ply", "--start-over"}).batch;
    CHECK(ply.format == generator::SplatFormat::ply);
    CHECK(ply.up == "trellis");
    CHECK(ply.start_over);
    CHECK(good({"batch", "a", "-o", "b", "--spz", "subnet", "--up", "trellis"}).batch.format ==
          generator::SplatFormat::spz_subnet);
    CHECK(good({"batch", "a", "-o", "b", "--format", "glb"}).batch.format ==
          generator::SplatFormat::glb);
    const auto wrong = refused({"batch", "--format", "obj"});
    CHECK(has(wrong, "INPUT: which one?"));
    CHECK(has(wrong, "--output: where to? Name one folder"));
    CHECK(has(wrong, "--format: \"obj\" is none of {spz,ply,glb}"));
    CHECK(has(refused({"batch", "a", "-o", "b", "-o", "c"}), "Name one folder"));
    CHECK(has(refused({"batch", "a", "-o", "b", "--format", "ply", "--spz", "subnet"}),
              "--spz: it goes with --format spz alone"));
}

TEST_CASE("--spz names the kind of an .spz, and is no matter of the others") {
    using generator::SplatFormat;
    const auto format = [](const char* out, const char* kind) {
        return good({"convert", "a.ply", out, "--spz", kind}).convert.format;
    };
    CHECK(format("a.spz", "niantic") == SplatFormat::spz_niantic);
    CHECK(format("a.spz", "niantic-3") == SplatFormat::spz_niantic_3);
    CHECK(format("a.spz", "subnet") == SplatFormat::spz_subnet);
    CHECK(format("a.glb", "niantic-3") == SplatFormat::glb);
    CHECK(has(refused({"convert", "a.ply", "a.spz", "--spz", "4"}),
              "--spz: \"4\" is none of {niantic,niantic-3,subnet}"));
}

TEST_CASE("stats takes spans and dates") {
    CHECK_FALSE(good({"stats"}).stats.last);
    CHECK(good({"stats", "--last", "0"}).stats.last == 0);
    CHECK(good({"stats", "--since", "90m"}).stats.since_ms == kNowMs - 90 * 60'000);
    CHECK(good({"stats", "--since", "7d"}).stats.since_ms == kNowMs - 7 * 86'400'000LL);
    CHECK(good({"stats", "--since", "2w"}).stats.since_ms == kNowMs - 14 * 86'400'000LL);
    CHECK(good({"stats", "--since", "2026-11-23"}).stats.since_ms == kNowMs - 14 * 3'600'000LL);
    CHECK(good({"stats", "--until", "2026-11-23T14:00"}).stats.until_ms == kNowMs);
    CHECK(good({"stats", "--until", "2026-11-23 14:00:01Z"}).stats.until_ms == kNowMs + 1'000);
    CHECK(good({"stats", "--until", "2024-02-29"}).stats.until_ms == 1'709'164'800'000);
    const auto wrong =
        GENERATE("", "7", "d", "-7d", "7y", "9223372036854775807w", "2026-02-29", "2026-13-01",
                 "2026-11-23T24:00", "2026-11-23T", "26-11-23", "yesterday");
    CHECK(has(refused({"stats", "--since", wrong}), "is no time: give a span such as"));
    CHECK(has(refused({"stats", "--since", "1h", "--until", "2h"}),
              "--since: it is later than --until"));
}

TEST_CASE("tune takes the spans of stats, and none of its groups") {
    const auto line = good({"tune", "--last", "500", "--since", "7d", "--hotkey", "hot", "--json"});
    CHECK(line.command == Command::tune);
    CHECK(line.stats.last == 500);
    CHECK(line.stats.since_ms == kNowMs - 7 * 86'400'000LL);
    CHECK(line.stats.hotkey == "hot");
    CHECK(line.stats.form == StatsOptions::Form::json);
    CHECK(good({"tune", "--db", "x.sqlite"}).stats.database == "x.sqlite");
    CHECK(has(refused({"tune", "--last", "many"}), "--last: \"many\" is no count"));
    CHECK(has(refused({"tune", "--by", "kind"}), "--by: no such flag"));
    CHECK(has(refused({"tune", "--watch"}), "--watch: no such flag"));
}

TEST_CASE("stats groups, filters and formats") {
    using By = StatsOptions::By;
    using Form = StatsOptions::Form;
    CHECK(good({"stats", "--by", "validator"}).stats.by == By::validator);
    CHECK(good({"stats", "--by", "hotkey"}).stats.by == By::hotkey);
    CHECK(good({"stats", "--by", "route"}).stats.by == By::route);
    CHECK(good({"stats", "--by", "day", "--csv"}).stats.form == Form::csv);
    CHECK(good({"stats", "--json"}).stats.form == Form::json);
    CHECK(good({"stats", "--db", "x.sqlite"}).stats.database == "x.sqlite");
    const char* hotkey = "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B";
    CHECK(good({"stats", "--hotkey", hotkey}).stats.hotkey == hotkey);
    CHECK(good({"stats", "--hotkey", "hot"}).stats.hotkey == "hot");
    CHECK(has(refused({"stats", "--hotkey", "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2C"}),
              "--hotkey"));
    CHECK(has(refused({"stats", "--by", "hour"}),
              "--by: \"hour\" is none of {validator,hotkey,kind,route,day}"));
    CHECK(has(refused({"stats", "--json", "--csv"}), "either --json or --csv"));
    CHECK(has(refused({"stats", "--last", "-3"}), "--last"));
    CHECK(has(refused({"stats", "--last", "many"}), "--last: \"many\" is no count"));
}

TEST_CASE("inspect and config have their options") {
    CHECK(good({"inspect", "a.spz", "--json"}).inspect.json);
    CHECK(has(refused({"inspect"}), "FILE: which one?"));
    using Form = ConfigOptions::Form;
    CHECK(good({"config", "--print"}).config.form == Form::text);
    CHECK(good({"config"}).config.form == Form::text);
    CHECK(good({"config", "--print", "--json"}).config.form == Form::json);
    CHECK(good({"config", "--markdown"}).config.form == Form::markdown);
    CHECK(good({"config", "--toml"}).config.form == Form::toml);
    CHECK(has(refused({"config", "--json", "--markdown"}), "give one of them"));
    CHECK(has(refused({"config", "--toml", "--json"}), "give one of them"));
}

TEST_CASE("render takes a file, a picture or a turntable, and how to look") {
    const auto render = good({"render", "a.spz", "-o", "b.png"}).render;
    CHECK(render.file == "a.spz");
    CHECK(render.picture == "b.png");
    CHECK(render.turntable.empty());
    CHECK(render.views == 1);
    CHECK(render.side == 518);
    CHECK_FALSE(render.from_trellis);
    const auto all = good({"render", "-", "--turntable", "c.WebP", "--views", "16", "--size",
                           "1024", "--up", "trellis", "--json"})
                         .render;
    CHECK(all.file == "-");
    CHECK(all.picture.empty());
    CHECK(all.turntable == "c.WebP");
    CHECK(all.views == 16);
    CHECK(all.side == 1024);
    CHECK(all.from_trellis);
    CHECK(all.json);
    CHECK(good({"render", "a.spz", "-o", "b.png", "--device", "cuda:1"})
              .loaded.settings.generator.device == "cuda:1");
    CHECK(has(refused({"render", "-o", "b.png"}), "FILE: which one?"));
    CHECK(has(refused({"render", "a.spz"}), "--output: where to?"));
    CHECK(has(refused({"render", "a.spz", "-o", "b.jpg"}), "\"b.jpg\" does not end in .png"));
    CHECK(has(refused({"render", "a.spz", "-o", "b.png", "-o", "c.png"}), "one picture"));
    CHECK(has(refused({"render", "a.spz", "--turntable", "b.gif"}), "does not end in .webp"));
    for (const char* views : {"0", "2", "17", "four", "4 "}) {
        const std::string text = refused({"render", "a.spz", "-o", "b.png", "--views", views});
        CHECK(has(text, "--views: \"" + std::string(views) + "\" is none of {1,4,16}"));
    }
    for (const char* side : {"15", "1025", "-518", "99999999999", "wide"}) {
        CHECK(has(refused({"render", "a.spz", "-o", "b.png", "--size", side}), "--size"));
    }
    CHECK(has(refused({"render", "a.spz", "-o", "b.png", "--up", "z"}), "--up"));
}

TEST_CASE("score takes files, and a prompt or a picture") {
    const auto score = good({"score", "a.spz", "b.ply", "--prompt", "a chair"}).score;
    CHECK(score.files == std::vector<std::string>{"a.spz", "b.ply"});
    CHECK(score.prompt == "a chair");
    CHECK(score.picture.empty());
    CHECK(score.views.empty());
    CHECK_FALSE(score.json);
    const auto all = good({"score", "-", "--picture", "a.png", "--views", "v", "--json"}).score;
    CHECK(all.files == std::vector<std::string>{"-"});
    CHECK_FALSE(all.prompt);
    CHECK(all.picture == "a.png");
    CHECK(all.views == "v");
    CHECK(all.json);
    const auto settings = good({"score", "a.spz", "--prompt", "a", "--score.model", "./m",
                                "--score.device", "cpu", "--score.dtype", "fp16"})
                              .loaded.settings.score;
    CHECK(settings.model == "./m");
    CHECK(settings.device == "cpu");
    CHECK(settings.dtype == "fp16");
    CHECK(has(refused({"score", "--prompt", "a"}), "FILE: which one?"));
    CHECK(has(refused({"score", "a.spz"}), "--prompt: what should it show?"));
    CHECK(has(refused({"score", "a.spz", "--picture", ""}), "--prompt: what should it show?"));
    CHECK(has(refused({"score", "a.spz", "--prompt", "a", "--picture", "b.png"}), "either"));
    CHECK(has(refused({"score", "-", "--picture", "-"}), "standard input"));
    CHECK(has(refused({"score", "-", "-", "--prompt", "a"}), "standard input"));
    CHECK(has(refused({"score", "a.spz", "--prompt", "a", "--views", ""}), "--views"));
    CHECK(has(refused({"score", "a.spz", "--prompt", "a", "--score.device", "none"}),
              "score.device"));
    // Characters, as a validator counts, not bytes.
    std::string longest;
    for (int i = 0; i < 1024; ++i) longest += "ä";
    CHECK(good({"score", "a.spz", "--prompt", longest.c_str()}).score.prompt == longest);
    longest += "a";
    CHECK(has(refused({"score", "a.spz", "--prompt", longest.c_str()}), "1024 characters"));
    CHECK(good({"score", "a.spz", "--prompt", ""}).score.prompt == "");
}

TEST_CASE("the scorer's weights come in parts, at revisions of their own") {
    const auto all = good({"weights", "fetch", "validator-scorer"}).weights;
    CHECK(all.names == std::vector<std::string>{"validator-scorer"});
    CHECK(all.parts.empty());
    const auto some =
        good({"weights", "fetch", "validator-scorer", "--part", "quality,lpips"}).weights;
    CHECK(some.parts == std::vector<std::string>{"quality", "lpips"});
    CHECK(has(refused({"weights", "fetch", "validator-scorer", "--part", "quality,ssim"}),
              "--part: \"ssim\" is none of quality, text, picture, lpips"));
    CHECK(has(refused({"weights", "fetch", "validator-scorer", "--part", ""}), "--part"));
    CHECK(has(refused({"weights", "fetch", "trellis-image-large", "--part", "text"}), "--part"));
    CHECK(has(refused({"weights", "verify", "validator-scorer", "--part", "text"}), "--part"));
    CHECK(
        has(refused({"weights", "fetch", "validator-scorer", "--revision", "main"}), "--revision"));
    CHECK(has(refused({"weights", "fetch", "validator-score"}), "did you mean validator-scorer?"));
}

TEST_CASE("a wallet can be shown, and nothing else") {
    CHECK(good({"wallet", "show"}).command == miner::Command::wallet);
    CHECK(good({"wallet", "show", "--json"}).wallet.json);
    CHECK_FALSE(good({"wallet"}).wallet.json);
    CHECK(has(refused({"wallet", "drain"}), "\"drain\" is none of {show}"));
}

TEST_CASE("check is whole or quick") {
    CHECK(good({"check"}).command == miner::Command::check);
    CHECK_FALSE(good({"check"}).check.quick);
    CHECK(good({"check", "--quick", "--json"}).check.quick);
    CHECK(good({"check", "--quick", "--json"}).check.json);
}

TEST_CASE("weights are listed, fetched by name, and verified") {
    using Action = miner::WeightsOptions::Action;
    CHECK(good({"weights"}).weights.action == Action::list);
    CHECK(good({"weights", "list", "--json"}).weights.json);
    const auto fetch = good({"weights", "fetch", "trellis-image-large", "trellis-text-base",
                             "--revision", "v1", "--offline"});
    CHECK(fetch.weights.action == Action::fetch);
    CHECK(fetch.weights.names ==
          std::vector<std::string>{"trellis-image-large", "trellis-text-base"});
    CHECK(fetch.weights.revision == "v1");
    CHECK(fetch.loaded.settings.weights.offline);
    CHECK(good({"weights", "verify", "some/folder"}).weights.names.size() == 1);
    CHECK(good({"weights", "verify", "--json"}).weights.json);
    CHECK(has(refused({"weights", "fetch", "trellis-image-large", "--json"}),
              "--json: it goes with list and verify alone"));
    CHECK(has(refused({"weights", "fetch"}), "which model"));
    CHECK(has(refused({"weights", "fetch", "trellis-image-larg"}),
              "did you mean trellis-image-large?"));
    CHECK(has(refused({"weights", "burn"}), "action: \"burn\" is none of {list,fetch,verify}"));
}

TEST_CASE("a copy and a shell must be named") {
    CHECK(good({"backup", "/x/copy.db"}).copy == "/x/copy.db");
    CHECK(good({"restore", "copy.db"}).copy == "copy.db");
    CHECK(has(refused({"backup"}), "Name the copy"));
    CHECK(good({"completion", "fish"}).completion == "fish");
    CHECK(has(refused({"completion"}), "bash, zsh, fish or man"));
    CHECK(has(refused({"completion", "tcsh"}), "shell: \"tcsh\" is none of {bash,zsh,fish,man}"));
    CHECK_FALSE(has(refused({"completion", "\x1b[2J"}), "\x1b"));
    CHECK(good({"stats", "--watch"}).stats.watch);
    CHECK(has(refused({"stats", "--watch", "--json"}), "--watch"));
    CHECK(good({"serve"}).command == Command::serve);
    CHECK(good({"top"}).command == Command::top);
}

TEST_CASE("a bench takes random weights only, and sizes within limits") {
    const auto line = good({"bench", "--model", "trellis-image-large", "--random"});
    CHECK(line.bench.model == "trellis-image-large");
    CHECK(line.bench.steps == 12);
    CHECK_FALSE(line.bench.runs.has_value());
    CHECK(good({"bench", "--random", "--runs", "4"}).bench.runs == 4);
    CHECK(has(refused({"bench", "--random", "--runs", "0"}), "--runs"));
    CHECK(good({"bench", "--random", "--voxels", "500"}).bench.voxels == 500);
    CHECK(has(refused({"bench"}), "--random: needed"));
    CHECK(has(refused({"bench", "--random", "--steps", "0"}), "--steps"));
    CHECK(good({"bench", "--random", "--model", "validator-scorer"}).bench.voxels == 10'000);
    CHECK(has(refused({"bench", "--random", "--model", "validator-scorer", "--steps", "3"}),
              "--steps: validator-scorer takes none"));
    CHECK(has(refused({"bench", "--random", "--voxels", "1000000"}), "give 1 to 100000"));
    CHECK(has(over({"bench", "--help"}).text, "Example: miner bench --model"));
}

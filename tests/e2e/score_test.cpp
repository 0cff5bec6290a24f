// miner score and the fetch of its weights, with small random networks in the published layout.
#include "tests/e2e/scene.hpp"
#include "tests/network/loopback.hpp"
#include "weights/digest.hpp"
#include "weights/scorer_plan.hpp"

#include <fmt/format.h>

using namespace tests;

namespace {

const fs::path kTiny = project_path("tests/golden/scorer/tiny");
const fs::path kTokenizer = project_path("tests/golden/text/tokenizer");
const std::string kHamburger = project_path("tests/golden/gsplat/hamburger.ply");

// Where a file of the scorer lies among the goldens.
fs::path golden_of(std::string_view to) {
    const fs::path path(to);
    const bool words = path.filename() == "vocab.json" || path.filename() == "merges.txt";
    return words ? kTokenizer / path.filename() : kTiny / path;
}

// The small networks, but for these parts.
void lay_out(const fs::path& folder, const std::vector<std::string_view>& without = {}) {
    for (const auto& part : weights::scorer_parts()) {
        if (std::find(without.begin(), without.end(), part.name) != without.end()) continue;
        fs::create_directories(folder / part.name);
        for (const auto& file : part.files) fs::copy_file(golden_of(file.to), folder / file.to);
    }
    fs::create_directories(folder);
    fs::copy_file(kTiny / "scorer.json", folder / "scorer.json");
}

// A hub with the small networks, of which each answer closes its connection.
std::string answer_of(const std::string& request) {
    const auto target = request.substr(4, request.find(' ', 4) - 4);
    const auto reply = [](const std::string& status, const std::string& more,
                          const std::string& body) {
        return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n{}",
                           status, body.size(), more, body);
    };
    const std::string commit(40, 'c');
    std::string siblings;
    for (const auto& part : weights::scorer_parts()) {
        for (const auto& file : part.files) {
            if (file.repository.empty()) continue;
            const auto golden = golden_of(file.to);
            if (target == fmt::format("/{}/resolve/{}/{}", file.repository, commit, file.from)) {
                auto content = read_text(golden);
                const auto at = request.find("ange: bytes=");
                if (at == request.npos) return reply("200 OK", "", content);
                const auto first = std::stoul(request.substr(at + 12)),
                           last = std::stoul(request.substr(request.find('-', at + 12) + 1));
                return reply(
                    "206 Partial Content",
                    fmt::format("Content-Range: bytes {}-{}/{}\r\n", first, last, content.size()),
                    content.substr(first, last - first + 1));
            }
            if (target != fmt::format("/api/models/{}/revision/{}?blobs=true", file.repository,
                                      file.revision))
                continue;
            siblings += fmt::format(
                R"({}{{"rfilename":"{}","blobId":"{}","size":{}}})", siblings.empty() ? "" : ",",
                file.from, weights::git_blob_sha1_of(golden).value(), fs::file_size(golden));
        }
    }
    if (siblings.empty()) return reply("404 Not Found", "", "");
    return reply("200 OK", "", fmt::format(R"({{"sha":"{}","siblings":[{}]}})", commit, siblings));
}

}  // namespace

TEST_CASE("splats are scored by a prompt and by a picture, and say what was left out") {
    const Scene scene;
    lay_out(scene.home() / "scorer");
    const auto words = scene.ask({"score", kHamburger, "--prompt", "a hamburger", "--json",
                                  "--views", "views", "--score.model", "./scorer"});
    INFO(words.out << words.err);
    REQUIRE(words.exit_status == ProcessExit{.code = 0});
    const auto report = boost::json::parse(words.out);
    CHECK(report.at("device") == "cpu");
    CHECK(report.at("dtype") == "fp32");
    const auto& one = report.at("results").at(0);
    CHECK(one.at("left_out").as_array().empty());
    CHECK(one.at("ssim").to_number<double>() > 0.7);
    CHECK(one.at("iqa").to_number<double>() > 0);
    CHECK(one.at("lpips").to_number<double>() > 0);
    CHECK(fs::file_size(scene.home() / "views" / "view_14.png") > 1000);

    const auto picture = project_path("tests/golden/gsplat/hamburger_upstream_1080.png");
    const auto seen =
        scene.ask({"score", kHamburger, "--picture", picture, "--score.model", "./scorer"});
    INFO(seen.out << seen.err);
    CHECK(seen.exit_status == ProcessExit{.code = 0});
    for (const auto* part :
         {"hamburger.ply: ", "  iqa  ", "  alignment  ", "  ssim  ", "  lpips  "})
        CHECK_THAT(seen.out, contains(part));

    // The parts that are not there are left out by name.
    lay_out(scene.home() / "half", {"text", "lpips"});
    const auto half =
        scene.ask({"score", kHamburger, "--prompt", "a hamburger", "--score.model", "./half"});
    INFO(half.out << half.err);
    CHECK(half.exit_status == ProcessExit{.code = 0});
    CHECK_THAT(half.out, contains("alignment  left out, 0.17 in the sum instead: no text/ in"));
    CHECK_THAT(half.out, contains("lpips      left out, 0.0235 in the sum instead"));
    CHECK_THAT(half.err, contains("--part text"));
}

TEST_CASE("weights that are absent, truncated or not the scorer's are refused by file") {
    const Scene scene;
    const auto score = [&](const std::string& folder) {
        return scene.ask({"score", kHamburger, "--prompt", "a", "--score.model", folder});
    };
    const auto none = score("validator-scorer");
    INFO(none.err);
    CHECK(none.exit_status == ProcessExit{.code = 76});
    CHECK_THAT(none.err,
               contains("facebook/dinov2-small@150c8e7bb7cef2d30ec31b13a517af14840ee3f7"));
    CHECK_THAT(none.err, contains("miner weights fetch validator-scorer"));

    lay_out(scene.home() / "cut");
    const auto file = scene.home() / "cut/quality/model.safetensors";
    fs::resize_file(file, fs::file_size(file) / 2);
    const auto cut = score("./cut");
    INFO(cut.err);
    CHECK(cut.exit_status == ProcessExit{.code = 76});
    CHECK_THAT(cut.err, contains("quality/model.safetensors"));

    lay_out(scene.home() / "other");
    fs::remove(scene.home() / "other/text/open_clip_model.safetensors");
    fs::copy_file(kTiny / "picture/model.safetensors",
                  scene.home() / "other/text/open_clip_model.safetensors");
    const auto other = score("./other");
    INFO(other.err);
    CHECK(other.exit_status == ProcessExit{.code = 76});
    CHECK_THAT(other.err, contains("text/open_clip_model.safetensors"));

    // A network that is not needed is not read.
    fs::remove_all(scene.home() / "other/lpips");
    const auto picture = project_path("tests/golden/gsplat/view_01.png");
    CHECK(scene.ask({"score", kHamburger, "--picture", picture, "--score.model", "./other"})
              .exit_status == ProcessExit{.code = 0});
}

TEST_CASE("the scorer is fetched in parts, with licences and sizes first, and then scores") {
    const Scene scene;
    LoopbackPeer hub(
        [](LoopbackPeer::Socket& socket) { send(socket, answer_of(read_request(socket))); });
    const auto endpoint = fmt::format("http://127.0.0.1:{}", hub.port());
    const auto fetch = [&](const std::string& parts) {
        return scene.ask({"weights", "fetch", "validator-scorer", "--part", parts,
                          "--weights.endpoint", endpoint});
    };
    const auto first = fetch("quality,lpips");
    INFO(first.out << first.err);
    REQUIRE(first.exit_status == ProcessExit{.code = 0});
    const auto folder = scene.home() / "data/miner/models/validator-scorer";
    CHECK_THAT(first.out, contains("licence: Apache-2.0; of 404-Gen/validation not known"));
    CHECK_THAT(first.out, contains("size not known yet"));
    CHECK(first.out.find("licence") < first.out.find("validator-scorer: 3 files"));
    CHECK_THAT(first.out, contains("ops/reference/scorer_weights.py " + folder.string() + "\n"));
    CHECK_THAT(first.out, contains("validator-scorer is ready: --score.model validator-scorer"));
    CHECK_THAT(scene.ask({"weights", "list"}).out, contains("validator-scorer     quality"));

    // That alone is not to be had from the hub.
    const int before = hub.connections();
    const auto pickles = fetch("lpips");
    CHECK(pickles.exit_status == ProcessExit{.code = 69});
    CHECK_THAT(pickles.out, contains("scorer_weights.py"));
    CHECK(hub.connections() == before);

    CHECK(fetch("text,picture").exit_status == ProcessExit{.code = 0});
    fs::create_directories(folder / "lpips");
    for (const auto* name : {"lpips/alexnet.safetensors", "lpips/lin.safetensors", "scorer.json"})
        fs::copy_file(kTiny / name, folder / name);
    CHECK_THAT(scene.ask({"weights", "list"}).out, contains("validator-scorer     fetched"));
    const auto score = scene.ask(
        {"score", kHamburger, "--prompt", "a hamburger", "--score.model", "validator-scorer"});
    INFO(score.out << score.err);
    CHECK(score.exit_status == ProcessExit{.code = 0});
    CHECK(score.err.empty());

    // What somebody changed afterwards is not loaded.
    CHECK_THAT(scene.ask({"weights", "verify"}).out,
               contains("ok     validator-scorer/quality/model.safetensors"));
    auto bytes = read_text(folder / "quality/model.safetensors");
    bytes.back() = char(bytes.back() + 1);
    write_text(folder / "quality/model.safetensors", bytes);
    const auto verdict = scene.ask({"weights", "verify", "validator-scorer"});
    CHECK(verdict.exit_status == ProcessExit{.code = 76});
    CHECK_THAT(verdict.out, contains("WRONG  validator-scorer/quality/model.safetensors"));
    const auto changed =
        scene.ask({"score", kHamburger, "--prompt", "a", "--score.model", "validator-scorer"});
    INFO(changed.err);
    CHECK(changed.exit_status == ProcessExit{.code = 76});
}

TEST_CASE("the embedded judge scores with nothing fetched, and says what it leaves out") {
    Scene scene;
    const auto made = scene.ask({"generate", quick_picture().string(), "-o", "airplane.spz",
                                 "--seed", "1", "--gate.min_gaussians", "50000"});
    INFO(made.err);
    REQUIRE(made.exit_status == ProcessExit{.code = 0});
    const auto score = [&](Scene::Words words) {
        words.insert(words.begin(), {"score", "airplane.spz", "--score.model", "embedded"});
        words.emplace_back("--json");
        const auto said = scene.ask(words);
        INFO(said.err);
        REQUIRE(said.exit_status == ProcessExit{.code = 0});
        const auto first = boost::json::parse(said.out).at("results").at(0);
        CHECK(first.at("left_out").as_array().size() == 2);
        return first.at("total").as_double();
    };
    const auto right = score({"--prompt", "a gray airplane with blue wings"});
    CHECK(right > score({"--prompt", "a red donut"}) + 0.1);
    CHECK(score({"--picture", quick_picture().string()}) > 0.5);
}

// miner weights where there is no network, or must not be.
#include "tests/e2e/scene.hpp"
#include "tests/network/loopback.hpp"
#include "weights/digest.hpp"
#include "weights/weights_lock.hpp"

#include <mutex>

using namespace tests;

namespace {

// A fetched model with these files, as its lock has them.
void lay_out(const fs::path& model, const std::vector<std::string>& files) {
    weights::WeightsLock lock;
    for (const auto& file : files) {
        write_text(model / file, "content of " + file);
        lock.files.push_back({file, "owner/name@commit:" + file,
                              std::int64_t(fs::file_size(model / file)),
                              weights::sha256_of(model / file).value(), 0});
    }
    REQUIRE(weights::write_lock(model, lock).has_value());
}

// The shell's line by which a pod of this manifest brings its weights.
std::string fetching_line(const std::string& manifest) {
    const auto text = read_text(project_path("ops/kubernetes/" + manifest));
    const std::string before = "command: [sh, -c, '", after = "', fetch]";
    const auto at = text.find(before);
    REQUIRE(at != text.npos);
    const auto begin = at + before.size(), end = text.find(after, begin);
    REQUIRE(end != text.npos);
    return text.substr(begin, end - begin);
}

}  // namespace

TEST_CASE("offline, nothing is fetched and nobody is asked; what is here can still be listed") {
    const Scene scene;
    LoopbackPeer hub([](LoopbackPeer::Socket&) {});
    const auto endpoint = "http://127.0.0.1:" + std::to_string(hub.port());
    const auto fetch = scene.ask(
        {"weights", "fetch", "trellis-image-large", "--offline", "--weights.endpoint", endpoint});
    INFO(fetch.err);
    CHECK(fetch.exit_status == ProcessExit{.code = 69});
    CHECK_THAT(fetch.err, contains(endpoint));
    const auto list = scene.ask({"weights", "list", "--weights.endpoint", endpoint});
    INFO(list.err);
    CHECK(list.exit_status == ProcessExit{.code = 0});
    CHECK_THAT(list.out, contains("trellis-text-xlarge"));
    CHECK(hub.connections() == 0);
}

TEST_CASE("the hub, the token and being offline come from the hub's own variables") {
    const Scene scene;
    std::mutex mutex;
    std::string heard;
    LoopbackPeer hub([&](LoopbackPeer::Socket& socket) {
        const auto request = read_request(socket);
        {
            const std::lock_guard lock(mutex);
            heard += request;
        }
        send(socket, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    });
    const auto endpoint = "http://127.0.0.1:" + std::to_string(hub.port());
    const Scene::Words words{"weights", "fetch", "trellis-image-large"};
    const auto offline = scene.ask(words, {{"HF_ENDPOINT", endpoint}, {"HF_HUB_OFFLINE", "1"}});
    CHECK(offline.exit_status == ProcessExit{.code = 69});
    CHECK(hub.connections() == 0);
    const auto fetch = scene.ask(words, {{"HF_ENDPOINT", endpoint}, {"HF_TOKEN", "hf_abc"}});
    INFO(fetch.err);
    CHECK(fetch.exit_status == ProcessExit{.code = 69});
    CHECK_THAT(fetch.err, contains("401"));
    const std::lock_guard lock(mutex);
    CHECK_THAT(heard, contains("Bearer hf_abc"));
}

TEST_CASE("weights are verified as right only when all of a model has come") {
    const Scene scene;
    const auto model = scene.home() / "weights/trellis-image-large";
    const Scene::Words words{"weights", "verify", "trellis-image-large", "--weights.path",
                             model.parent_path()};
    CHECK(scene.ask(words).exit_status == ProcessExit{.code = 76});  // nothing has
    lay_out(model, {"ckpts/flow.safetensors"});
    const auto cut_off = scene.ask(words);
    CHECK(cut_off.exit_status == ProcessExit{.code = 76});
    CHECK_THAT(cut_off.out, contains("ok     trellis-image-large/ckpts/flow.safetensors"));
    CHECK_THAT(cut_off.out, contains("WRONG  trellis-image-large/pipeline.json"));
    CHECK_THAT(cut_off.out, contains("miner weights fetch trellis-image-large"));
    // Cut off once more, between the file's name and its entry in the lock.
    write_text(model / "pipeline.json", "{}");
    CHECK(scene.ask(words).exit_status == ProcessExit{.code = 0});
    lay_out(model, {"ckpts/flow.safetensors", "pipeline.json"});
    CHECK(scene.ask(words).exit_status == ProcessExit{.code = 0});
    fs::remove(model / "pipeline.json");
    const auto missing = scene.ask(words);
    CHECK(missing.exit_status == ProcessExit{.code = 76});
    CHECK(count(missing.out, "pipeline.json") == 1);
}

TEST_CASE("what is verified is told as JSON, too, and nothing besides") {
    const Scene scene;
    const auto model = scene.home() / "weights/trellis-image-large";
    const auto verified = [&](int code) {
        const auto outcome =
            scene.ask({"weights", "verify", "trellis-image-large", "trellis-text-base", "--json",
                       "--weights.path", model.parent_path()});
        INFO(outcome.out << outcome.err);
        CHECK(outcome.exit_status == ProcessExit{.code = code});
        return boost::json::parse(outcome.out).as_array();
    };
    lay_out(model, {"ckpts/flow.safetensors"});
    const auto cut_off = verified(76);
    REQUIRE(cut_off.size() == 2);
    CHECK(cut_off[0].at("name") == "trellis-image-large");
    CHECK(cut_off[0].at("folder").as_string() == model.string());
    CHECK_FALSE(cut_off[0].at("ok").as_bool());
    const auto& files = cut_off[0].at("files").as_array();
    REQUIRE(files.size() == 2);
    CHECK(files[0].at("path") == "ckpts/flow.safetensors");
    CHECK(files[0].at("fault") == "");
    CHECK(files[1].at("path") == "pipeline.json");
    CHECK(files[1].at("fault") != "");
    CHECK_FALSE(cut_off[1].at("ok").as_bool());
    CHECK(cut_off[1].at("files").as_array().empty());
    const auto other = model.parent_path() / "trellis-text-base";
    for (const auto& each : {model, other})
        lay_out(each, {"ckpts/flow.safetensors", "pipeline.json"});
    const auto whole = verified(0);
    CHECK(whole[0].at("ok").as_bool());
    CHECK(whole[1].at("ok").as_bool());
}

TEST_CASE(
    "a pod whose weights are whole, or cannot be read just now, asks no hub, any other does") {
    const Scene scene;
    const std::string manifest = GENERATE("miner.yaml", "serve.yaml");
    INFO(manifest);
    LoopbackPeer hub(answering("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"));
    const auto model = scene.home() / "weights/trellis-image-large";
    fs::create_directory(scene.home() / "bin");
    fs::create_symlink(miner_binary(), scene.home() / "bin/miner");
    const auto start = [&] {
        auto command = scene.miner({"-c", fetching_line(manifest), "fetch", "trellis-image-large",
                                    "--weights.path", model.parent_path(), "--weights.endpoint",
                                    "http://127.0.0.1:" + std::to_string(hub.port())},
                                   {{"PATH", (scene.home() / "bin").string()}});
        command.program = "/bin/sh";
        return run_to_end(std::move(command), kPatience);
    };
    lay_out(model, {"ckpts/flow.safetensors", "pipeline.json"});
    const auto whole = start();
    INFO(whole.out << whole.err);
    CHECK(whole.exit_status == ProcessExit{.code = 0});
    // A disk that fails for a moment is no reason to bring another model than that of before.
    const auto lock = model / "weights.lock.json", aside = model / "lock";
    fs::rename(lock, aside);
    fs::create_symlink("/proc/self/mem", lock);  // whose first byte nobody can read
    const auto away = start();
    INFO(away.out << away.err);
    CHECK(away.exit_status == ProcessExit{.code = 1});
    CHECK(scene
              .ask({"weights", "verify", "trellis-image-large", "--weights.path",
                    model.parent_path()})
              .exit_status == ProcessExit{.code = 74});
    fs::rename(aside, lock);
    CHECK(hub.connections() == 0);
    SECTION("nothing has come yet") { fs::remove_all(model); }
    SECTION("a fetch was cut off") {
        fs::remove_all(model);
        lay_out(model, {"ckpts/flow.safetensors"});
    }
    SECTION("a file is another one by now") {
        write_text(model / "ckpts/flow.safetensors", "CONTENT OF ckpts/flow.safetensors");
    }
    const auto other = start();
    INFO(other.out << other.err);
    CHECK(other.exit_status == ProcessExit{.code = 69});
    CHECK(hub.connections() > 0);
}

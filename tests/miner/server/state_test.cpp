#include "miner/server/state.hpp"

#include "tests/support/catch.hpp"

#include <boost/json/serialize.hpp>

#include <utility>
#include <vector>

using miner::State;
using Time = State::Time;
using namespace std::chrono_literals;

namespace {

const Time kStart{5000s};
const network::Task kTask{network::TaskKind::image, "task", "cGljdHVyZQ=="};
const miner::TaskInHand kInHand{3, "task"};

State running() {
    State state({.making = 60s, .submitting = 120s, .silence = 600s}, kStart);
    state.model_ready({.name = "m", .device = "cpu", .dtype = "fp32"});
    return state;
}

void pull(State& state, Time at) {
    state.pulled({.validator = "v", .reached = true, .task = &kTask, .row = 3}, at);
}

}  // namespace

TEST_CASE("a miner is unhealthy while it loads and while it stops, and says so") {
    State state({}, kStart);
    CHECK(state.health(kStart).reason == "loading the model");
    CHECK_FALSE(state.ready());
    state.model_ready({});
    CHECK(state.health(kStart).healthy);
    CHECK(state.ready());
    state.draining();
    CHECK(state.health(kStart).reason.starts_with("stopping"));
    CHECK_FALSE(state.ready());
}

TEST_CASE("a stage that outlasts its limit is a stall; a submission may take longer") {
    auto state = running();
    pull(state, kStart);
    state.stage(kInHand, "structure", kStart + 50s);
    CHECK(state.health(kStart + 100s).healthy);
    CHECK(state.health(kStart + 111s).reason.starts_with("stalled"));
    state.stage(kInHand, "submit", kStart + 111s);
    CHECK(state.health(kStart + 230s).healthy);
    CHECK_FALSE(state.health(kStart + 232s).healthy);
    state.turn({.task_id = "task", .row = 3}, kStart);
    CHECK(state.health(kStart + 1000s).healthy);
}

TEST_CASE("a submission is no stall for as long as sending and judging may take") {
    const config::Settings settings;
    State state(State::limits(settings), kStart);
    state.model_ready({});
    pull(state, kStart);
    state.stage(kInHand, "submit", kStart);
    const auto once = 2 * settings.schedule.submit_timeout;  // sent, and judged
    const auto longest = 2 * once;                           // where it is redirected at the end
    CHECK(state.health(kStart + longest + 10s).healthy);
    CHECK_FALSE(state.health(kStart + longest + 2min).healthy);
}

TEST_CASE("two hotkeys that were given one task are two tasks at hand") {
    auto state = running();
    pull(state, kStart);
    state.pulled({.validator = "v", .reached = true, .task = &kTask, .row = 4}, kStart + 50s);
    CHECK(state.tasks_at_hand() == 2);
    // One is done; the other has stood still for too long.
    state.turn({.task_id = "task", .row = 4}, kStart);
    CHECK(state.tasks_at_hand() == 1);
    CHECK(state.health(kStart + 59s).healthy);
    CHECK(state.health(kStart + 61s).reason.starts_with("stalled"));
    CHECK(state.now(kStart).at("tasks").as_array().at(0).at("row") == 3);
}

TEST_CASE("a miner that reaches nobody for long is unhealthy until somebody answers") {
    auto state = running();
    state.pulled({.validator = "v", .error = "refused"}, kStart);
    state.pulled({.validator = "w", .error = "timed\nout"}, kStart + 300s);
    CHECK(state.health(kStart + 599s).healthy);
    const auto health = state.health(kStart + 700s);
    CHECK_FALSE(health.healthy);
    CHECK(health.reason == "no validator was reached for 12 min");
    CHECK(health.detail.find("timed\nout") != std::string::npos);
    CHECK(health.all().find("timed\nout") != std::string::npos);
    state.pulled({.validator = "v", .reached = true}, kStart + 701s);
    CHECK(state.health(kStart + 702s).healthy);
}

TEST_CASE("a validator that was reached and wants to be left alone is no silence") {
    auto state = running();
    const auto others_fail = [&](Time from, Time to) {
        for (auto at = from; at <= to; at += 60s) {
            INFO((at - kStart) / 1s << " s");
            state.pulled({.validator = "w", .error = "refused"}, at);
            CHECK(state.health(at).healthy);
        }
    };
    const auto cooldown = GENERATE(3600s, 24 * 3600s);  // of which an hour counts
    state.pulled({.validator = "v", .reached = true, .cooldown = cooldown}, kStart);
    // Another's shorter one ends nothing.
    state.pulled({.validator = "u", .reached = true, .cooldown = 60s}, kStart + 1s);
    others_fail(kStart + 1s, kStart + 3600s + 600s);
    state.pulled({.validator = "w", .error = "refused"}, kStart + 3600s + 601s);
    CHECK_FALSE(state.health(kStart + 3600s + 601s).healthy);
}

TEST_CASE("an answer to a submission is as good as one to a pull") {
    const bool is_answered = GENERATE(true, false);
    auto state = running();
    pull(state, kStart);
    state.pulled({.validator = "w", .error = "refused"}, kStart + 1s);
    state.turn({.end = is_answered ? miner::Turn::End::answered : miner::Turn::End::unanswered,
                .task_id = "task",
                .row = 3,
                .cooldown = 870s},
               kStart + 60s);
    CHECK(state.health(kStart + 700s).healthy == is_answered);
    state.pulled({.validator = "w", .error = "refused"}, kStart + 301s);
    CHECK(state.health(kStart + 60s + 870s + 600s).healthy == is_answered);
    CHECK_FALSE(state.health(kStart + 60s + 870s + 601s).healthy);
}

TEST_CASE("what is in the way is told until it is no more, all of it") {
    auto state = running();
    CHECK(state.ready());
    state.hindered("chain", {"not registered: do this", ""});
    CHECK_FALSE(state.ready());
    CHECK_FALSE(state.health(kStart).healthy);
    CHECK(state.health(kStart).reason == "not registered: do this");
    state.hindered("database", {"not writable", "/var/lib/miner.db: full"});
    CHECK(state.health(kStart).reason == "not registered: do this; not writable");
    CHECK(state.now(kStart).at("reason") ==
          "not registered: do this; not writable: /var/lib/miner.db: full");
    state.hindered("chain", {});
    CHECK(state.health(kStart).reason == "not writable");
    state.hindered("database", {});
    CHECK(state.health(kStart).healthy);
    CHECK(state.ready());
}

TEST_CASE("a notice is the operator's, and is no reason to be unhealthy") {
    auto state = running();
    CHECK(state.now(kStart).at("notice").is_null());
    state.noted("candidates are off");
    CHECK(state.health(kStart).healthy);
    CHECK(state.now(kStart).at("notice") == "candidates are off");
    CHECK_FALSE(state.in_public(kStart).contains("notice"));
}

TEST_CASE("the public is told no address, path or task") {
    auto state = running();
    state.model_ready({.name = "/srv/models/large",
                       .device = "cuda:0",
                       .dtype = "fp16",
                       .device_choice = "cuda:0 NVIDIA L40S (8.9), driver 580.65.06"});
    pull(state, kStart);
    state.ask_backends([] {
        return std::vector<miner::BackendState>{
            {.name = "cuda:0", .able = true},
            {.name = "http://10.0.0.7:10006", .able = true, .load = 2, .remote = true},
            {.name = "http://10.0.0.8:10006", .remote = true},
            {.name = "http://[fd00::9]:10006/gpu", .remote = true}};
    });
    state.hindered("chain", {"no validator is known", "wss://10.0.0.9: 403"});
    const auto told = state.in_public(kStart);
    const auto text = boost::json::serialize(told);
    INFO(text);
    CHECK(text.find("10.0.0.") == std::string::npos);
    CHECK(text.find("/srv") == std::string::npos);
    CHECK_FALSE(told.contains("tasks"));
    CHECK(told.at("reason") == "no validator is known");
    CHECK(told.at("model").at("name") == "large");
    CHECK(text.find("580.65") == std::string::npos);
    CHECK(state.now(kStart).at("model").at("device_choice") ==
          "cuda:0 NVIDIA L40S (8.9), driver 580.65.06");
    const auto& backends = told.at("backends").as_array();
    REQUIRE(backends.size() == 4);
    CHECK(backends[0].at("name") == "cuda:0");
    CHECK(backends[1].at("name") == "remote 1");
    CHECK(backends[1].at("load") == 2);
    CHECK(backends[2].at("name") == "remote 2");
    CHECK(boost::json::serialize(state.now(kStart)).find("10.0.0.7") != std::string::npos);
    CHECK(state.without_addresses("http://10.0.0.8:10006: closed: 10.0.0.8:10006, cuda:0") ==
          "remote 2: closed: remote 2, cuda:0");
    CHECK(state.without_addresses("[fd00::9]:10006: closed") == "remote 3: closed");
}

TEST_CASE("an address within a longer one is another's") {
    auto state = running();
    state.ask_backends([] {
        return std::vector<miner::BackendState>{{.name = "http://gpu1:100", .remote = true},
                                                {.name = "http://gpu1:10006", .remote = true},
                                                {.name = "http://my-gpu1:100", .remote = true}};
    });
    CHECK(state.without_addresses("gpu1:10006, http://gpu1:100: closed; my-gpu1:100: gpu1:100.") ==
          "remote 2, remote 1: closed; remote 3: remote 1.");
}

TEST_CASE("with backends of which none can take work nothing can be earned") {
    auto state = running();
    std::vector<miner::BackendState> backends{{"cuda:0", false, 0}, {"http://gpu1:10006", true, 2}};
    state.ask_backends([&] { return backends; });
    CHECK(state.health(kStart).healthy);
    const auto now = state.now(kStart);
    const auto& second = now.at("backends").as_array().at(1).as_object();
    CHECK(second.at("name") == "http://gpu1:10006");
    CHECK(second.at("able") == true);
    CHECK(second.at("load") == 2);
    backends[1].able = false;
    CHECK(state.health(kStart).reason.starts_with("no backend"));
    CHECK_FALSE(state.ready());
    backends.clear();
    CHECK(state.health(kStart).healthy);
}

TEST_CASE("what any backend takes is taken, also without a model here") {
    auto state = running();
    std::vector<miner::BackendState> backends{{.name = "http://gpu1:10006", .remote = true}};
    state.ask_backends([&] { return backends; });
    const auto takes = [&] {
        const auto now = state.now(kStart);
        const auto& model = now.at("model");
        return std::pair(model.at("takes_pictures").as_bool(), model.at("takes_prompts").as_bool());
    };
    CHECK(takes() == std::pair(false, false));
    backends[0].takes_prompts = true;
    CHECK(takes() == std::pair(false, true));
    backends.push_back({.name = "http://gpu2:10006", .remote = true, .takes_pictures = true});
    CHECK(takes() == std::pair(true, true));
    state.model_ready({.picture_size = 518, .takes_prompts = true});
    backends.clear();
    CHECK(takes() == std::pair(true, true));
}

TEST_CASE("now tells the tasks at hand with their stages") {
    auto state = running();
    const auto before = state.version();
    pull(state, kStart + 1s);
    state.stage(kInHand, "structure", kStart + 2s);
    state.attempt(kInHand, {.number = 2, .gaussians = 77});
    CHECK(state.version() > before);
    const auto now = state.now(kStart + 5s);
    CHECK(now.at("phase") == "running");
    CHECK(now.at("status") == "healthy");
    const auto& task = now.at("tasks").as_array().at(0).as_object();
    CHECK(task.at("row") == 3);
    CHECK(task.at("stage") == "structure");
    CHECK(task.at("stage_s") == 3.0);
    CHECK(task.at("age_s") == 4.0);
    CHECK(task.at("attempt") == 2);
    CHECK(task.at("gaussians") == 77);
    state.turn({.task_id = "task", .row = 3}, kStart);
    CHECK(state.now(kStart).at("tasks").as_array().empty());
    CHECK(state.settled() == 1);
}

TEST_CASE("inputs are remembered, the newest of them, and none that are large") {
    auto state = running();
    network::Task task = kTask;
    for (int i = 1; i <= 100; ++i) {
        task.id = std::to_string(i);
        state.pulled({.validator = "v", .reached = true, .task = &task, .row = i}, kStart);
    }
    CHECK(state.input(1) == nullptr);
    REQUIRE(state.input(100) != nullptr);
    CHECK(state.input(100)->prompt == kTask.prompt);
    task.prompt.assign(2 << 20, 'a');
    state.pulled({.validator = "v", .reached = true, .task = &task, .row = 101}, kStart);
    CHECK(state.input(101) == nullptr);
}

TEST_CASE("inputs are remembered up to 16 MiB of them together") {
    auto state = running();
    network::Task task = kTask;
    task.prompt.assign(1 << 20, 'a');
    for (int i = 1; i <= 20; ++i) {
        task.id = std::to_string(i);
        state.pulled({.validator = "v", .reached = true, .task = &task, .row = i}, kStart);
    }
    CHECK(state.input(4) == nullptr);
    CHECK(state.input(5) != nullptr);
    CHECK(state.input(20) != nullptr);
}

TEST_CASE("whoever looks is told when the scores are no validator's") {
    auto state = running();
    CHECK(state.now(kStart).at("scored_by").is_null());
    state.scored_by("a stand-in");
    CHECK(state.now(kStart).at("scored_by") == "a stand-in");
}

TEST_CASE("a task of which nothing is made yet has no count of Gaussians") {
    auto state = running();
    pull(state, kStart);
    CHECK(state.now(kStart).at("tasks").at(0).at("gaussians").is_null());
}

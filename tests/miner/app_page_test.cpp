// The status page of the application, and what it says is in the way.
#include "tests/miner/app_stage.hpp"
#include "tests/storage/outsider.hpp"

#include <atomic>
#include <fstream>
#include <thread>

using namespace tests;

TEST_CASE("the status page answers while tasks are done, and ends with the miner") {
    Stage stage;
    stage.settings.http.listen = "127.0.0.1:0";
    stage.add_validator({image_task("a"), image_task("b")});
    stage.script->held = true;
    std::string health, tasks;
    const auto ask = [](std::uint16_t port, const char* target) {
        network::HttpRequest request;
        request.host = "127.0.0.1";
        request.port = port;
        request.method = "GET";
        request.target = target;
        const auto answer = tests::run(network::request(std::move(request), {}));
        return answer ? answer->body : answer.error().message();
    };
    std::thread visitor([&] {
        tests::eventually([&] { return stage.script->stage1_runs > 0; });
        std::unique_lock lock(stage.mutex);
        const auto lines = stage.lines;
        lock.unlock();
        const std::string_view mark = "status page url=http://127.0.0.1:";
        for (const std::string& line : lines) {
            const auto at = line.find(mark);
            if (at == line.npos) continue;
            const auto port = std::uint16_t(std::stoi(line.substr(at + mark.size())));
            health = ask(port, "/health");
            tasks = ask(port, "/api/tasks");
        }
        stage.script->held = false;
    });
    CHECK(stage.run() == ExitCode::ok);
    visitor.join();
    CHECK(health.find("\"status\":\"healthy\"") != std::string::npos);
    CHECK(tasks.find("\"task_id\":\"a\"") != std::string::npos);
    CHECK(stage.validators[0]->tally().accepted == 2);
}

TEST_CASE("candidates of tasks that the database does not have, as after a restore, are removed") {
    Stage stage;
    stage.settings.http.listen = "127.0.0.1:0";
    stage.add_validator({image_task("a")});
    const auto lost = stage.folder.path() / "candidates" / "10493.1.1.spz";
    std::filesystem::create_directory(lost.parent_path());
    std::ofstream(lost) << "x";
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK_FALSE(std::filesystem::exists(lost));
}

TEST_CASE("without a validator to ask the miner is unhealthy and says why") {
    Stage stage;
    stage.settings.http.listen = "127.0.0.1:0";
    stage.start_chain();
    stage.hotkeys = {1};
    network::HttpAnswer health, ready;
    std::atomic<bool> seen = false;
    std::thread visitor([&] {
        tests::eventually([&] {
            health = stage.ask_page("/health");
            return health.body.find("can be asked") != std::string::npos;
        });
        ready = stage.ask_page("/ready");
        seen = true;
    });
    stage.keep_running = true;
    stage.stop_once([&] { return seen.load(); });
    CHECK(stage.run() == ExitCode::ok);
    visitor.join();
    CHECK(health.status == 503);
    CHECK(health.body.find("no validator of subnet 17 can be asked") != std::string::npos);
    CHECK(ready.status == 503);
    CHECK(ready.body.find("no validator of subnet 17 can be asked") != std::string::npos);
    CHECK(stage.count_lines("no validator to ask") == 1);
}

TEST_CASE("while the database cannot be written the miner is unhealthy, and then healthy again") {
    Stage stage;
    stage.settings.http.listen = "127.0.0.1:0";
    stage.add_validator({image_task("a")});
    const auto reaches = [&](unsigned status) {
        return tests::eventually([&] { return stage.ask_page("/health").status == status; });
    };
    std::atomic<bool> done = false;
    bool was_well = false, was_ill = false, is_well = false;
    std::string ill;
    std::thread visitor([&] {
        was_well = reaches(200);
        {
            const tests::Outsider::Hold hold(stage.folder.path() / "miner.db");
            was_ill = reaches(503);
            ill = stage.ask_page("/health").body;
        }
        is_well = reaches(200);
        done = true;
    });
    stage.keep_running = true;
    stage.stop_once([&] { return done.load(); });
    CHECK(stage.run() == ExitCode::ok);
    visitor.join();
    CHECK(was_well);
    CHECK(was_ill);
    CHECK(is_well);
    CHECK(ill.find("the database cannot be written") != std::string::npos);
    CHECK(ill.find(stage.folder.path().string()) == std::string::npos);
}

TEST_CASE("a miner whose memory runs out in task after task is unhealthy until one has room") {
    Stage stage;
    stage.settings.http.listen = "127.0.0.1:0";
    std::vector<network::Task> tasks;
    for (const char* id : {"a", "b", "c", "d", "e", "f"}) tasks.push_back(image_task(id));
    stage.add_validator(std::move(tasks));
    // Three or four tasks find no room, each twice; then the work rests until that was seen.
    stage.script->full = std::vector<bool>{true, true, true, true, true, true, true, true, false};
    std::atomic<bool> seen = false, done = false;
    bool is_well = false;
    network::HttpAnswer ill;
    std::thread visitor([&] {
        tests::eventually([&] {
            ill = stage.ask_page("/health");
            return ill.body.find("generator.dtype") != std::string::npos;
        });
        seen = true;
        stage.script->held = false;
        is_well = tests::eventually([&] { return stage.ask_page("/health").status == 200; });
        done = true;
    });
    stage.keep_running = true;
    stage.stop_once([&] {
        if (stage.turns.size() >= 3 && !seen) stage.script->held = true;
        if (seen) stage.script->held = false;
        return done.load();
    });
    CHECK(stage.run() == ExitCode::ok);
    visitor.join();
    CHECK(ill.status == 503);
    CHECK(ill.body.find("GPU memory ran out in several tasks in a row") != std::string::npos);
    CHECK(is_well);
}

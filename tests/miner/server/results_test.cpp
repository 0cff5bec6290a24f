// Tasks and their splats as the page finds, compares and downloads them, over real sockets.
#include "generator/splat/splat_file.hpp"
#include "miner/server/task_query.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/miner/server/seen.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <list>
#include <string>
#include <vector>

using tests::Seen;
using tests::task;

namespace {

generator::StoredSplats splats_in(const network::HttpAnswer& answer, generator::SplatFormat as) {
    REQUIRE(answer.status == 200);
    const std::vector<std::uint8_t> bytes(answer.body.begin(), answer.body.end());
    CHECK(generator::format_of(bytes) == as);
    return generator::read_splats(bytes).value();
}

std::vector<std::int64_t> ids(const Seen& seen, const std::string& query) {
    std::vector<std::int64_t> ids;
    const auto listing = seen.json("/api/tasks?" + query);
    for (const auto& line : listing.at("tasks").as_array())
        ids.push_back(line.at("id").to_number<std::int64_t>());
    return ids;
}

std::string outcome_of(const std::string& text) {
    const auto query = miner::read_task_query({{"outcome", text}});
    if (!query) return "refused: " + query.error().detail;
    const auto& withheld = query->filter.withheld;
    return std::string(storage::name(query->filter.outcome.value())) +
           (withheld ? *withheld ? " withheld" : " not withheld" : "");
}

// A second's work or so for who draws it.
std::vector<std::uint8_t> slow_to_draw() {
    generator::StoredSplats splats;
    splats.resize(1'000'000);
    for (std::size_t i = 0; i < splats.size(); ++i) {
        const auto place = [i](std::size_t steps) {
            return float(i % steps) / float(steps) - 0.5f;
        };
        splats.position[i] = {place(997), place(991), place(983)};
        splats.log_scale[i] = {-4, -4, -4};
        splats.rotation[i] = {1, 0, 0, 0};
        splats.logit[i] = -4;
    }
    return generator::write_spz(splats, {.fraction_bits = 14});
}

// Asks, and hangs up in the end.
class Caller {
public:
    Caller(const Seen& seen, const std::string& target) {
        socket_.connect({boost::asio::ip::make_address("127.0.0.1"), seen.port()});
        tests::send(socket_, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    bool is_answered() const { return socket_.available() > 0; }

private:
    boost::asio::io_context io_;
    tests::LoopbackPeer::Socket socket_{io_};
};

}  // namespace

TEST_CASE("tasks are asked for by outcome, validator and score") {
    CHECK(outcome_of("passed") == "passed");
    CHECK(outcome_of("rejected") == "rejected not withheld");
    CHECK(outcome_of("withheld") == "rejected withheld");
    for (const auto* text : {"", "none", "PASSED", "passed "})
        CHECK(outcome_of(text) == "refused: outcome");
    const auto all =
        miner::read_task_query({{"validator", "5V"}, {"below", "0.6"}, {"limit", "7"}}).value();
    CHECK(all.filter.validator == "5V");
    CHECK(all.filter.below == 0.6);
    CHECK_FALSE(all.filter.outcome);
    CHECK(all.limit == 7);
    CHECK_FALSE(miner::read_task_query({{"validator", std::string(65, '5')}}));
}

TEST_CASE("the filter of a listing is the server's, and says where it goes on") {
    Seen seen;
    const auto refused = seen.answer_with_candidates("others");
    CHECK(ids(seen, "validator=others") == std::vector<std::int64_t>{refused});
    CHECK(ids(seen, "validator=them%1b") ==
          std::vector<std::int64_t>{seen.open, seen.submitting, seen.answered});
    CHECK(ids(seen, "below=0.5") == std::vector<std::int64_t>{refused});
    CHECK(ids(seen, "below=0.51") == std::vector<std::int64_t>{refused, seen.answered});
    CHECK(ids(seen, "outcome=rejected").empty());
    const auto first = seen.json("/api/tasks?outcome=passed&limit=2");
    CHECK(first.at("next") == seen.submitting);
    const auto rest =
        seen.json("/api/tasks?outcome=passed&limit=2&before=" + std::to_string(seen.submitting));
    CHECK(rest.at("tasks").as_array().size() == 1);
    CHECK(rest.at("next").is_null());
}

TEST_CASE("a result is converted for whoever wants another kind of file, upright in each") {
    using enum generator::SplatFormat;
    Seen seen;
    const auto sent = splats_in(seen.get(task(seen.answered, "/asset.spz")), spz_subnet);
    const auto viewer = seen.get(task(seen.answered, "/viewer.spz"));
    CHECK(splats_in(viewer, spz_niantic).position == sent.position);
    CHECK(network::find_header(viewer.headers, "content-disposition") ==
          "attachment; filename=\"task-" + std::to_string(seen.answered) + "-viewer.spz\"");
    const auto binary = seen.get(task(seen.answered, "/asset.glb"));
    CHECK(network::find_header(binary.headers, "content-type") == "model/gltf-binary");
    CHECK(splats_in(binary, generator::SplatFormat::glb).position == sent.position);
    auto turned = splats_in(seen.get(task(seen.answered, "/asset.ply")), ply);
    CHECK(turned.position != sent.position);
    generator::turn_half(turned);
    CHECK(turned.position == sent.position);
}

TEST_CASE("the SPZ for viewers has every byte that was sent, in the container that they read") {
    Seen seen;
    const auto payload = tests::fine_payload(40, 2);
    const auto answer = seen.get(task(seen.answer_with(tests::zstd(payload)), "/viewer.spz"));
    REQUIRE(answer.status == 200);
    CHECK(tests::gunzip({answer.body.begin(), answer.body.end()}) == payload);
}

TEST_CASE("nothing is converted before its submission is answered, or where there is no result") {
    Seen seen;
    for (const auto* path : {"/viewer.spz", "/asset.ply", "/asset.glb"}) {
        CHECK(seen.get(task(seen.submitting, path)).status == 409);
        CHECK(seen.get(task(seen.open, path)).status == 404);
    }
}

TEST_CASE("attempts whose splats are kept can be had beside the result") {
    using generator::SplatFormat;
    Seen seen;
    const tests::Watcher watcher(seen);
    const auto row = seen.answer_with_candidates();
    const auto story = seen.json(task(row));
    std::string kept;
    for (const auto& attempt : story.at("attempts").as_array())
        kept += attempt.at("splats").as_bool() ? '+' : '-';
    CHECK(kept == "++-");
    const auto size = [&](const std::string& path) {
        return splats_in(seen.get(task(row, path)), SplatFormat::spz_subnet).size();
    };
    CHECK(size("/asset.spz") == 2);
    CHECK(size("/asset.spz?attempt=1") == 1);
    CHECK(size("/asset.spz?attempt=2") == 2);
    CHECK(seen.get(task(row, "/asset.spz?attempt=3")).status == 404);
    CHECK(seen.get(task(row, "/asset.spz?attempt=4")).status == 404);
    CHECK(seen.get(task(row, "/splats.bin?attempt=1")).body.size() == 32);
    CHECK(seen.get(task(row, "/preview.png?attempt=1")).body !=
          seen.get(task(row, "/preview.png")).body);
    CHECK(splats_in(seen.get(task(row, "/asset.ply?attempt=1")), SplatFormat::ply).size() == 1);
    // An attempt that was sent is the result, though nobody told its splats.
    CHECK(seen.json(task(seen.answered)).at("attempts").at(0).at("splats") == true);
    CHECK(seen.get(task(seen.answered, "/asset.spz?attempt=1")).status == 200);
}

TEST_CASE("pictures that nobody waits for any more keep no result from being sent") {
    Seen seen;
    const auto status_of_result = [&] {
        return seen.get(task(seen.answered, "/asset.spz")).status;
    };
    Caller first(seen, task(seen.answer_with(slow_to_draw()), "/preview.png"));
    CHECK(seen.get("/api/tasks").status == 200);  // read behind it, so that it is the first
    {
        std::list<Caller> others;
        for (int i = 0; i < 7; ++i) others.emplace_back(seen, task(seen.answered, "/preview.png"));
        CHECK(tests::eventually([&] { return status_of_result() == 503 || first.is_answered(); }));
    }
    CHECK(tests::eventually([&] { return status_of_result() == 200; }));
    CHECK_FALSE(first.is_answered());
}

TEST_CASE("nobody's disk is filled with attempts that nobody looks at") {
    Seen seen;
    const auto row = seen.answer_with_candidates();
    CHECK(seen.get(task(row, "/asset.spz?attempt=1")).status == 404);
    CHECK(seen.get(task(row, "/asset.spz?attempt=2")).status == 200);
}

TEST_CASE("older tasks' attempts make room for newer ones', their results stay") {
    Seen seen;
    const tests::Watcher watcher(seen);
    const auto oldest = seen.answer_with_candidates();
    for (int i = 0; i < Seen::kKeptTasks; ++i) seen.answer_with_candidates();
    CHECK(seen.get(task(oldest, "/asset.spz?attempt=1")).status == 404);
    CHECK(seen.get(task(oldest, "/asset.spz?attempt=2")).status == 200);
    CHECK(seen.json(task(oldest)).at("attempts").at(0).at("splats") == false);
}

// What a browser may keep of a task's splats and pictures, over real sockets: other tasks have the
// same address once the database is another.
#include "generator/splat/spz.hpp"
#include "tests/miner/server/seen.hpp"
#include "tests/support/catch.hpp"

#include <set>
#include <string>
#include <vector>

using network::HttpAnswer;
using tests::Seen;
using tests::task;

namespace {

const std::vector<std::string> kForms{"/asset.spz", "/viewer.spz",  "/asset.ply",
                                      "/asset.glb", "/preview.png", "/splats.bin"};

std::string header(const HttpAnswer& answer, const char* name) {
    return std::string(network::find_header(answer.headers, name).value_or(""));
}

std::string tag_of(const HttpAnswer& answer) {
    CHECK(answer.status == 200);
    CHECK(header(answer, "cache-control") == "private, no-cache");
    const auto tag = header(answer, "etag");
    const bool quoted = tag.size() > 2 && tag.front() == '"' && tag.back() == '"';
    CHECK(quoted);
    return tag;
}

HttpAnswer ask(const Seen& seen, const std::string& target, const std::string& known,
               const std::string& method = "GET") {
    return seen.get(target, {{"if-none-match", known}}, method);
}

void check_not_modified(const HttpAnswer& answer, const std::string& tag) {
    CHECK(answer.status == 304);
    CHECK(answer.body.empty());
    CHECK(header(answer, "etag") == tag);
    CHECK(header(answer, "cache-control") == "private, no-cache");
}

std::vector<std::uint8_t> spz_at(float x) {
    auto splats = tests::two_gaussians();
    splats.position[0][0] = x;
    return generator::write_spz(splats, {.fraction_bits = 14});
}

void pull_picture(Seen& seen, storage::TaskRow row, const std::string& base64) {
    const network::Task picture{network::TaskKind::image, "x", base64};
    seen.on_io([&](auto& status_server) {
        status_server.state().pulled({.reached = true, .task = &picture, .row = row}, {});
    });
}

}  // namespace

TEST_CASE("each form of a result is kept as long as it is that task's") {
    Seen rehearsed, mining;
    const auto row = rehearsed.answer_with(spz_at(0.25f));
    REQUIRE(mining.answer_with(spz_at(0.5f)) == row);
    std::set<std::string> tags;
    for (const auto& form : kForms) {
        INFO(form);
        const auto target = task(row, form);
        const auto before = tag_of(rehearsed.get(target));
        const auto after = mining.get(target);
        tags.insert({before, tag_of(after)});
        check_not_modified(ask(rehearsed, target, before), before);
        const auto other = ask(mining, target, before);
        CHECK(other.status == 200);
        CHECK(other.body == after.body);
    }
    CHECK(tags.size() == 2 * kForms.size());
}

TEST_CASE("an attempt's splats are kept as long as they are that task's") {
    Seen rehearsed, mining;
    const tests::Watcher one(rehearsed), another(mining);
    const auto row = rehearsed.answer_with_candidates("rehearsal");
    REQUIRE(mining.answer_with_candidates("validator") == row);
    const auto of_attempt = task(row, "/splats.bin?attempt=1");
    const auto known = tag_of(rehearsed.get(of_attempt));
    CHECK(known != tag_of(rehearsed.get(task(row, "/splats.bin"))));
    CHECK(known != tag_of(mining.get(of_attempt)));
    check_not_modified(ask(rehearsed, of_attempt, known), known);
    CHECK(ask(mining, of_attempt, known).status == 200);
}

TEST_CASE("the picture that was sent is kept as long as it is that task's") {
    Seen rehearsed, mining;
    pull_picture(rehearsed, 7, "iVBORw==");
    pull_picture(mining, 7, "/9j/4A==");
    const auto target = task(7, "/input");
    const auto known = tag_of(rehearsed.get(target));
    check_not_modified(ask(rehearsed, target, known), known);
    const auto other = ask(mining, target, known);
    CHECK(tag_of(other) != known);
    CHECK(header(other, "content-type") == "image/jpeg");
}

TEST_CASE("tags are taken as HTTP has them, for HEAD, too") {
    const Seen seen;
    const auto target = task(seen.answered, "/splats.bin");
    const auto known = tag_of(seen.get(target));
    check_not_modified(ask(seen, target, known, "HEAD"), known);
    for (const auto& list : {"W/" + known, "\"another\", " + known, std::string("*")})
        check_not_modified(ask(seen, target, list), known);
    CHECK(ask(seen, target, "\"another\"").status == 200);
    const auto head = ask(seen, target, "\"another\"", "HEAD");
    CHECK(tag_of(head) == known);
    CHECK(head.body.empty());
}

TEST_CASE("what has not changed is neither read nor made again") {
    const Seen seen;
    std::vector<std::string> tags;
    for (const auto& form : kForms) tags.push_back(tag_of(seen.get(task(seen.answered, form))));
    seen.lose_results();
    for (std::size_t i = 0; i < kForms.size(); ++i)
        check_not_modified(ask(seen, task(seen.answered, kForms[i]), tags[i]), tags[i]);
    CHECK(seen.get(task(seen.answered, "/asset.ply")).status == 404);
}

TEST_CASE("a tag makes nothing of what is refused, and words are not kept") {
    Seen seen;
    CHECK(ask(seen, task(seen.submitting, "/preview.png"), "*").status == 409);
    CHECK(ask(seen, task(seen.open, "/preview.png"), "*").status == 404);
    CHECK(ask(seen, task(9999, "/asset.spz"), "*").status == 404);
    const network::Task prompt{network::TaskKind::text, "y", "a chair"};
    seen.on_io([&](auto& status_server) {
        status_server.state().pulled({.reached = true, .task = &prompt, .row = 8}, {});
    });
    const auto words = ask(seen, task(8, "/input"), "*");
    CHECK(words.status == 200);
    CHECK(header(words, "etag").empty());
    CHECK(header(words, "cache-control") == "no-store");
}

#include "network/subnet/messages.hpp"

#include "network/wallet/ss58.hpp"
#include "tests/network/subnet/dendrite_vectors.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <set>

using network::parse_pull_answer;
using network::parse_submit_answer;
using network::TaskKind;
using tests::dendrite;
using tests::lower;

namespace {

namespace json = boost::json;

using Headers = std::map<std::string, std::string>;

// Head and body of an answer with a length, or up to the end.
struct Answer {
    int status = 0;
    Headers headers;
    std::string body;
    bool whole = true;
};

Answer split(const std::vector<std::uint8_t>& raw) {
    const std::string text(raw.begin(), raw.end());
    Answer answer;
    const auto end = text.find("\r\n\r\n");
    if (end == text.npos || !text.starts_with("HTTP/1.1 ")) return answer;
    answer.status = std::stoi(text.substr(9, 3));
    for (auto at = text.find("\r\n") + 2; at < end;) {
        const auto stop = text.find("\r\n", at);
        const auto colon = text.find(": ", at);
        answer.headers[lower(text.substr(at, colon - at))] =
            text.substr(colon + 2, stop - colon - 2);
        at = stop + 2;
    }
    answer.body = text.substr(end + 4);
    if (answer.headers.contains("content-length")) {
        answer.whole = answer.body.size() == std::stoul(answer.headers["content-length"]);
    }
    return answer;
}

void check_task(const std::optional<network::Task>& task, const json::value* expected) {
    REQUIRE(task.has_value() == (expected != nullptr));
    if (expected == nullptr) return;
    CHECK((task->kind == TaskKind::image) == (tests::text(*expected, "type") == "image"));
    CHECK(task->id == tests::text(*expected, "id"));
    CHECK(task->prompt == tests::text(*expected, "prompt"));
}

void check_pull(std::string_view body, const json::value& expected) {
    const auto answer = parse_pull_answer(body);
    CAPTURE(body.substr(0, 1000));
    REQUIRE(answer.has_value());
    check_task(answer->task, tests::find(expected, "task"));
    CHECK(answer->validation_threshold == expected.at("validation_threshold").to_number<double>());
    CHECK(answer->throttle_period == expected.at("throttle_period").to_number<double>());
    CHECK(answer->cooldown_until == expected.at("cooldown_until").to_number<std::int64_t>());
    CHECK(answer->cooldown_violations ==
          expected.at("cooldown_violations").to_number<std::int64_t>());
}

void check_submit(std::string_view body, const json::value& expected) {
    const auto answer = parse_submit_answer(body);
    REQUIRE(answer.has_value());
    CHECK(answer->cooldown_until == expected.at("cooldown_until").to_number<std::int64_t>());
    const auto* feedback = tests::find(expected, "feedback");
    REQUIRE(answer->feedback.has_value() == (feedback != nullptr));
    if (feedback == nullptr) return;
    const auto number = [&](std::string_view field) {
        return feedback->as_object().at(field).to_number<double>();
    };
    CHECK(answer->feedback->validation_failed == feedback->at("validation_failed").as_bool());
    CHECK(answer->feedback->task_fidelity_score == number("task_fidelity_score"));
    CHECK(answer->feedback->average_fidelity_score == number("average_fidelity_score"));
    CHECK(double(answer->feedback->generations_within_the_window) ==
          number("generations_within_the_window"));
    CHECK(answer->feedback->current_duel_rating == number("current_duel_rating"));
    CHECK(answer->feedback->current_miner_reward == number("current_miner_reward"));
}

// A pull answer with a good task, but for what `task` says.
std::string with_task(std::string_view task) { return R"({"task":)" + std::string(task) + "}"; }

}  // namespace

TEST_CASE("scripted answers are taken as the SDK takes them") {
    // Stricter than the SDK, which would make up an id, or an empty prompt of which nothing can be
    // made.
    const std::set<std::string> stricter = {"task without id (a random one is made)",
                                            "task without prompt"};
    int taken = 0, refused = 0;
    for (const auto& entry : dendrite().at("client_responses").as_array()) {
        const std::string name = tests::text(entry, "case");
        CAPTURE(name);
        const auto answer = split(tests::base64(entry, "answer_raw_base64"));
        const auto type = answer.headers.find("content-type");
        const auto status = answer.headers.find("bt_header_axon_status_code");
        // What is not about the body is the HTTP client's to refuse or to undo.
        if (answer.status != 200 || !answer.whole || answer.headers.contains("transfer-encoding") ||
            answer.headers.contains("content-encoding") || type == answer.headers.end() ||
            type->second != "application/json" ||
            (status != answer.headers.end() && status->second != "200") ||
            tests::text(entry, "mode").find("silence") != std::string::npos) {
            continue;
        }
        if (entry.at("treated_as_pull_success").as_bool() && !stricter.contains(name)) {
            check_pull(answer.body, entry);
            ++taken;
        } else {
            CHECK_FALSE(parse_pull_answer(answer.body).has_value());
            ++refused;
        }
    }
    CHECK(taken > 0);
    CHECK(refused > 0);
}

TEST_CASE("answers of a real axon are read") {
    const auto validator = network::ss58_encode(
        tests::exactly<32>(tests::hex(dendrite().at("keys"), "validator_public_hex")));
    int read = 0;
    for (const auto& entry : dendrite().at("responses").as_array()) {
        if (entry.at("status") != 200 || !tests::find(entry, "raw_base64")) continue;
        const auto answer = split(tests::base64(entry, "raw_base64"));
        const auto expected = json::parse(answer.body);
        CAPTURE(tests::text(entry, "case"));
        if (answer.headers.at("name") == "PullTask") {
            check_pull(answer.body, expected);
            CHECK(parse_pull_answer(answer.body, validator).has_value());
            ++read;
        } else if (answer.headers.at("name") == "SubmitResults") {
            check_submit(answer.body, expected);
            ++read;
        }
    }
    CHECK(read > 0);
}

TEST_CASE("every answer of a validator's handlers is read") {
    for (const auto& entry : tests::vectors("synapses.json").at("messages").as_array()) {
        const auto* fields = tests::find(entry, "response_fields");
        if (fields == nullptr) continue;
        CAPTURE(tests::text(entry, "case"));
        const std::string body = json::serialize(*fields);
        if (fields->as_object().contains("task_id")) {
            check_submit(body, *fields);
        } else if (fields->as_object().contains("validation_threshold")) {
            check_pull(body, *fields);
        }
    }
}

TEST_CASE("a task is of the type that the union makes of it") {
    for (const auto& entry : tests::vectors("synapses.json").at("union").as_array()) {
        const std::string kind = tests::text(entry, "parsed_as");
        const auto answer = parse_pull_answer(with_task(json::serialize(entry.at("task"))));
        CAPTURE(kind);
        CHECK(answer.has_value() == (kind != "refused"));
        if (!answer) continue;
        CHECK(answer->task.has_value() == (kind != "NoneType"));
        if (answer->task) CHECK((answer->task->kind == TaskKind::image) == (kind == "ImageTask"));
    }
}

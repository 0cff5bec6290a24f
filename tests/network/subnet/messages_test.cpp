#include "network/subnet/messages.hpp"

#include "network/base64.hpp"
#include "network/errc.hpp"
#include "network/wallet/ss58.hpp"
#include "tests/support/vectors.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>

using network::parse_pull_answer;
using network::parse_submit_answer;
using network::Peer;
using network::TaskKind;

namespace {

namespace json = boost::json;

const json::object& dendrite() { return tests::vectors("dendrite.json"); }

network::Keypair miner_key() {
    return network::Keypair::from_seed(network::Secret<32>(
        tests::exactly<32>(tests::hex(dendrite().at("keys"), "miner_seed_hex"))));
}

std::string lower(std::string_view name) {
    std::string text(name);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return text;
}

// Nanoseconds stand in the vectors as text, because not every JSON reader keeps 64 bits.
std::int64_t nanoseconds(const json::value& value) {
    return value.is_string() ? std::stoll(std::string(value.get_string()))
                             : value.to_number<std::int64_t>();
}

// The prompt of a signed text; the long one is given as a rule.
std::string prompt_of(const json::value& entry) {
    if (const auto* prompt = tests::find(entry, "prompt")) return std::string(prompt->as_string());
    REQUIRE(tests::text(entry, "prompt_rule") == "base64 text of the bytes 0..255 four times");
    std::vector<std::uint8_t> bytes(1024);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::uint8_t(i);
    return network::base64_encode(bytes);
}

using Headers = std::map<std::string, std::string>;

// The request that the SDK sent, made anew from the same parts.
network::SynapseRequest rebuild(const json::value& entry) {
    const auto& body = entry.at("body_json");
    const network::CallIdentity call{
        tests::text(body.at("dendrite"), "hotkey"), tests::text(body.at("dendrite"), "ip"),
        nanoseconds(body.at("dendrite").at("nonce")), tests::text(entry, "uuid")};
    const Peer peer{tests::text(body.at("axon"), "hotkey"), tests::text(body.at("axon"), "ip"),
                    body.at("axon").at("port").to_number<std::uint16_t>()};
    CHECK(network::dendrite_text(call, peer) == tests::text(entry, "signed_message"));
    const double timeout_s = body.at("timeout").to_number<double>();
    const std::string signature = tests::text(entry, "signature");
    if (tests::text(entry, "synapse") == "PullTask") {
        return network::pull_request(call, peer, timeout_s, signature);
    }
    return network::submit_request(
        call, peer, timeout_s, signature,
        {tests::text(body, "task_id"), tests::text(body, "results"),
         nanoseconds(body.at("submit_time")), tests::text(body, "signature")});
}

// Equal but for what the vector leaves free, and numbers by value: 12.0 is 12.
bool same(const json::value& a, const json::value& b) {
    if (a.is_number() && b.is_number() && (a.is_double() || b.is_double())) {
        return a.to_number<double>() == b.to_number<double>();
    }
    if (a.is_object() && b.is_object()) {
        const auto& x = a.get_object();
        const auto& y = b.get_object();
        return x.size() == y.size() && std::all_of(x.begin(), x.end(), [&](const auto& field) {
                   const auto* other = y.if_contains(field.key());
                   return other != nullptr &&
                          (field.key() == "total_size" || same(field.value(), *other));
               });
    }
    return a == b;
}

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

template <class Result>
std::string refusal(const Result& result) {
    if (result.has_value()) return "";
    CHECK(result.error().code == network::Errc::malformed);
    return result.error().detail;
}

// A pull answer with a good task, but for what `task` says.
std::string with_task(std::string_view task) { return R"({"task":)" + std::string(task) + "}"; }

}  // namespace

TEST_CASE("requests are those of the SDK") {
    int built = 0;
    for (const auto& entry : dendrite().at("requests").as_array()) {
        if (tests::text(entry, "synapse") == "GetVersion") continue;  // a miner is not answered
        CAPTURE(tests::text(entry, "synapse"), tests::text(entry, "note"));
        const auto request = rebuild(entry);
        ++built;
        CHECK(request.target == tests::text(entry, "target"));

        // Free: sizes of Python objects. Ours by choice: no compression, our own name.
        const std::set<std::string> free = {"header_size", "total_size", "accept-encoding",
                                            "user-agent", "content-length"};
        Headers ours, theirs;
        for (const auto& [name, value] : request.headers) {
            CHECK(ours.emplace(lower(name), free.contains(lower(name)) ? "" : value).second);
        }
        for (const auto& header : entry.at("headers").as_array()) {
            const auto name = lower(header.at(0).as_string());
            theirs[name] = free.contains(name) ? "" : header.at(1).as_string();
        }
        CHECK(ours == theirs);
        CHECK(same(json::parse(request.body), entry.at("body_json")));
        for (const auto& [name, value] : request.headers) {
            if (name == "Content-Length") CHECK(value == std::to_string(request.body.size()));
        }
    }
    CHECK(built > 0);
}

TEST_CASE("the SDK's signatures stand over our text, and ours stand too") {
    const auto key = miner_key();
    CHECK(key.public_key() ==
          tests::exactly<32>(tests::hex(dendrite().at("keys"), "miner_public_hex")));
    for (const auto& entry : dendrite().at("requests").as_array()) {
        const std::string message = tests::text(entry, "signed_message");
        const auto theirs =
            tests::exactly<64>(tests::from_hex(tests::text(entry, "signature").substr(2)));
        CHECK(network::verify(key.public_key(), message, theirs));
        CHECK(network::verify(key.public_key(), message, key.sign(message)));
    }
}

TEST_CASE("a request survives odd characters") {
    const network::CallIdentity call{"miner", "", 1'732'350'000'123'456'789, "uuid"};
    const network::Submission submission{"a \"task\"\\\x01\n\x7fé", "AAAA", 9'007'199'254'740'993,
                                         "sig="};
    const auto request =
        network::submit_request(call, {"validator", "::1", 65535}, 0.25, "0x00", submission);
    const auto body = json::parse(request.body);
    CHECK(tests::text(body, "task_id") == submission.task_id);
    CHECK(body.at("submit_time").as_int64() == submission.submit_time_ns);
    CHECK(body.at("dendrite").at("nonce").as_int64() == call.nonce_ns);
    CHECK(body.at("dendrite").at("ip").is_null());
    CHECK(body.at("axon").at("ip").as_string() == "::1");
    CHECK(request.headers.at(0) == std::pair<std::string, std::string>("Host", "[::1]:65535"));
    for (const auto& [name, value] : request.headers) CHECK(name != "bt_header_dendrite_ip");
}

TEST_CASE("signed texts are those of the reference") {
    const auto& vectors = tests::vectors("synapses.json");
    for (const auto& entry : vectors.at("signed_text").as_array()) {
        const std::string text = network::signed_text(
            nanoseconds(entry.at("submit_time")), prompt_of(entry),
            tests::text(entry, "validator_hotkey"), tests::text(entry, "miner_hotkey"));
        if (tests::find(entry, "signed_text")) CHECK(text == tests::text(entry, "signed_text"));
        CHECK(text.size() == entry.at("signed_text_utf8_bytes").to_number<std::size_t>());
        CHECK(network::verify(tests::exactly<32>(tests::hex(entry, "miner_public_hex")), text,
                              tests::exactly<64>(tests::base64(entry, "signature_base64"))));
    }
    for (const auto& entry : dendrite().at("requests").as_array()) {
        const auto* submission = tests::find(entry, "submission");
        if (submission == nullptr) continue;
        const auto& body = entry.at("body_json");
        CHECK(network::signed_text(nanoseconds(submission->at("submit_time")),
                                   tests::text(*submission, "prompt"),
                                   tests::text(body.at("axon"), "hotkey"),
                                   tests::text(body.at("dendrite"), "hotkey")) ==
              tests::text(*submission, "signed_text"));
    }
}

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

TEST_CASE("fields that are missing have the synapse's defaults") {
    const auto pull = parse_pull_answer("{}");
    REQUIRE(pull.has_value());
    CHECK_FALSE(pull->task.has_value());
    CHECK(pull->validation_threshold == 0.6);
    CHECK(pull->throttle_period == 0);
    CHECK(pull->cooldown_until == 0);
    CHECK(pull->cooldown_violations == 0);
    const auto submit = parse_submit_answer(R"({"feedback":{}})");
    REQUIRE(submit.has_value());
    REQUIRE(submit->feedback.has_value());
    CHECK_FALSE(submit->feedback->validation_failed);
    CHECK(submit->feedback->task_fidelity_score == 0);
    CHECK_FALSE(parse_submit_answer("{}")->feedback.has_value());
}

TEST_CASE("a refusal names the field and never shows what it held") {
    CHECK(refusal(parse_pull_answer(with_task(R"({"id":"i"})"))) == "task.prompt is missing");
    CHECK(refusal(parse_pull_answer(with_task(R"({"id":"i","prompt":""})"))) ==
          "task.prompt is empty");
    CHECK(refusal(parse_pull_answer(with_task(R"({"id":"i","prompt":5})"))) ==
          "task.prompt is not text");
    CHECK(refusal(parse_pull_answer(with_task(R"({"prompt":"p"})"))) == "task.id is missing");
    CHECK(refusal(parse_pull_answer(with_task(R"({"id":"","prompt":"p"})"))) == "task.id is empty");
    CHECK(refusal(parse_pull_answer(with_task(R"({"id":null,"prompt":"p"})"))) ==
          "task.id is not text");
    CHECK(refusal(parse_pull_answer(with_task(R"({"id":"a\nb","prompt":"p"})"))) ==
          "task.id has control characters");
    CHECK(refusal(parse_pull_answer(with_task(R"({"id":"a\u0000b","prompt":"p"})"))) ==
          "task.id has control characters");
    CHECK(refusal(parse_pull_answer(with_task(R"({"type":1,"id":"i","prompt":"p"})"))) ==
          "task.type is neither text nor image");
    CHECK(refusal(parse_pull_answer(with_task(R"("task")"))) == "task is not an object");
    CHECK(refusal(parse_pull_answer(with_task("[]"))) == "task is not an object");
    CHECK(refusal(parse_pull_answer(R"({"cooldown_until":"soon"})")) ==
          "cooldown_until is not a whole number of 64 bits");
    CHECK(refusal(parse_pull_answer(R"({"validation_threshold":"0.6"})")) ==
          "validation_threshold is not a number");
    CHECK(refusal(parse_submit_answer(R"({"feedback":true})")) == "feedback is not an object");
    CHECK(refusal(parse_submit_answer(R"({"feedback":{"validation_failed":0}})")) ==
          "feedback.validation_failed is neither true nor false");
}

TEST_CASE("numbers that are none are refused with the field's name") {
    for (const char* number : {"NaN", "Infinity", "-Infinity"}) {
        const std::string text(number);
        CHECK(refusal(parse_submit_answer(
                  R"({"feedback":{"validation_failed":false,"task_fidelity_score": )" + text +
                  "}}")) == "task_fidelity_score is not a finite number");
        CHECK(refusal(parse_pull_answer(R"({"task":null,"validation_threshold":)" + text + "}")) ==
              "validation_threshold is not a finite number");
    }
    CHECK(refusal(parse_submit_answer(R"({"feedback":{"task_fidelity_score":"NaN"}})")) ==
          "feedback.task_fidelity_score is not a number");
    // The word in a text is nobody's number.
    CHECK(refusal(parse_pull_answer(R"({"task":{"id":"\"NaN","prompt":"NaN Infinity"},)")) ==
          "not JSON");
    CHECK(parse_pull_answer(with_task(R"({"id":"NaN","prompt":"Infinity"})")).has_value());
}

TEST_CASE("numbers too large for their place are refused") {
    CHECK(refusal(parse_submit_answer(R"({"feedback":{"current_duel_rating":1e999}})"))
              .starts_with("feedback.current_duel_rating"));
    for (const char* number :
         {"9223372036854775808", "18446744073709551615", "123456789012345678901234567890", "1e19",
          "-1e300", "1e999", "\"9223372036854775808\"", "\"1_0\"", "\" 1\"", "\"\"", "1.5", "true",
          "null", "{}"}) {
        CAPTURE(number);
        CHECK_THAT(refusal(parse_pull_answer(R"({"cooldown_until":)" + std::string(number) + "}")),
                   Catch::StartsWith("cooldown_until is not a whole number"));
    }
    const auto exact = parse_pull_answer(
        R"({"cooldown_until":9007199254740993,"cooldown_violations":-9223372036854775808})");
    REQUIRE(exact.has_value());
    CHECK(exact->cooldown_until == 9'007'199'254'740'993);
    CHECK(exact->cooldown_violations == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("sizes are bounded") {
    const auto task = [](std::size_t id, std::size_t prompt) {
        return with_task(R"({"id":")" + std::string(id, 'i') + R"(","prompt":")" +
                         std::string(prompt, 'A') + R"("})");
    };
    CHECK(parse_pull_answer(task(256, 1)).has_value());
    CHECK(refusal(parse_pull_answer(task(257, 1))) == "task.id is longer than 256 bytes");
    CHECK(parse_pull_answer(task(1, 32 << 20)).has_value());
    CHECK(refusal(parse_pull_answer(task(1, (32 << 20) + 1))) ==
          "task.prompt is longer than 33554432 bytes");
}

TEST_CASE("a long prompt in escapes is read all the same") {
    std::string prompt;
    for (int i = 0; i < 1 << 20; ++i) prompt += "\\/a";
    const auto answer = parse_pull_answer(with_task(R"({"id":"i","prompt":")" + prompt + R"("})"));
    REQUIRE(answer.has_value());
    CHECK(answer->task->prompt.size() == std::size_t(2) << 20);
}

TEST_CASE("an answer cannot take more memory than a few times its size") {
    std::string many = "{\"x\":[";
    for (int i = 0; i < 2'000'000; ++i) many += "[],";
    many += "[]]}";
    CHECK(refusal(parse_pull_answer(many)) == "too many values for its size");
    CHECK(refusal(parse_pull_answer("{\"x\":" + std::string(1'000'000, '['))) ==
          "nested too deeply");
    CHECK(refusal(parse_pull_answer("{\"x\":" + std::string(1'000, '[') + std::string(1'000, ']') +
                                    "}")) == "nested too deeply");
}

TEST_CASE("an answer in another validator's name is refused") {
    const std::string echoed = R"({"axon":{"hotkey":"asked"},"cooldown_until":5})";
    CHECK(parse_pull_answer(echoed, "asked").has_value());
    CHECK(parse_submit_answer(echoed, "asked").has_value());
    CHECK(parse_pull_answer(echoed).has_value());
    const std::string why = "axon.hotkey is not the validator that was asked";
    CHECK(refusal(parse_pull_answer(echoed, "another")) == why);
    CHECK(refusal(parse_submit_answer(echoed, "another")) == why);
    CHECK(refusal(parse_pull_answer(R"({"axon":{"hotkey":5}})", "asked")) == why);
    CHECK(refusal(parse_pull_answer(R"({"axon":[]})", "asked")) == "axon is not an object");
    for (const char* silent :
         {"{}", R"({"axon":null})", R"({"axon":{}})", R"({"axon":{"hotkey":null}})"}) {
        CHECK(parse_pull_answer(silent, "asked").has_value());
    }
}

TEST_CASE("what is not a message is refused") {
    for (const std::string& body :
         {std::string(), std::string("null"), std::string("[]"), std::string("5"),
          std::string("hello"), std::string("{"), std::string("{}{}"), std::string("{'a':1}"),
          std::string("\xef\xbb\xbf{}"), std::string("{\"task\":\"\xff\"}"), std::string("{}\0", 3),
          std::string(R"({"task":{"id":"\ud83d","prompt":"p"}})"), std::string("{\"a\":1,}"),
          std::string("<html></html>")}) {
        CAPTURE(body);
        CHECK_FALSE(refusal(parse_pull_answer(body)).empty());
        CHECK_FALSE(refusal(parse_submit_answer(body)).empty());
    }
    CHECK(parse_pull_answer(" {} \n").has_value());
}

TEST_CASE("no cut of a good answer is taken for one") {
    const std::string whole =
        R"({"task":{"type":"image","id":"i","prompt":"iVBOR"},"cooldown_until":5,"feedback":{"task_fidelity_score":0.8}})";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CHECK_FALSE(parse_pull_answer(whole.substr(0, length)).has_value());
        CHECK_FALSE(parse_submit_answer(whole.substr(0, length)).has_value());
    }
    CHECK(parse_pull_answer(whole).has_value());
}

TEST_CASE("validators are written HOTKEY@HOST:PORT") {
    const std::string hotkey = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const auto parse = [&](std::string_view rest) {
        return network::parse_peer(hotkey + std::string(rest));
    };
    CHECK(*parse("@127.0.0.1:8091") == Peer{hotkey, "127.0.0.1", 8091});
    CHECK(*parse("@validator-1.example.org:1") == Peer{hotkey, "validator-1.example.org", 1});
    CHECK(*parse("@[2001:db8::1]:65535") == Peer{hotkey, "2001:db8::1", 65535});
    CHECK(network::authority(*parse("@[::1]:80")) == "[::1]:80");
    CHECK(network::authority(*parse("@127.0.0.1:80")) == "127.0.0.1:80");
    for (const char* rest : {"",
                             "@",
                             "@:80",
                             "@host",
                             "@host:",
                             "@host:0",
                             "@host:65536",
                             "@host:-1",
                             "@host:+1",
                             "@host:80 ",
                             "@host:8x",
                             "@ho st:80",
                             "@host\r\nX: y:80",
                             "@::1:80",
                             "@[::1:80",
                             "@[host]:80",
                             "@[::1%eth0]:80",
                             "@host/path:80",
                             "@user@host:80",
                             "host:80",
                             ":80"}) {
        CAPTURE(rest);
        const auto peer = parse(rest);
        REQUIRE_FALSE(peer.has_value());
        CHECK(peer.error().code == network::Errc::malformed);
    }
    CHECK_THAT(network::parse_peer("5Grw@host:80").error().detail, Catch::Contains("hotkey"));
    CHECK_THAT(network::parse_peer(hotkey + "@host:x").error().detail, Catch::Contains("port"));
    CHECK_THAT(network::parse_peer(hotkey + "@a b:80").error().detail, Catch::Contains("host"));
    CHECK_THAT(network::parse_peer("127.0.0.1:80").error().detail,
               Catch::Contains("HOTKEY@HOST:PORT"));
}

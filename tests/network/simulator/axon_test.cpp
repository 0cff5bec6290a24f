#include "network/simulator/axon.hpp"

#include "network/hex.hpp"
#include "network/wallet/ss58.hpp"
#include "tests/network/http/raw_message.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <set>

namespace json = boost::json;
using network::Axon;
using network::ServerRequest;
using network::SynapseCall;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::string recorded_bytes(const json::value& record, std::string_view field) {
    const auto bytes = tests::base64(record, field);
    return {bytes.begin(), bytes.end()};
}

// The recorded response of that name.
const json::value& recording(std::string_view name) {
    for (const auto& response : tests::vectors("dendrite.json").at("responses").as_array())
        if (tests::text(response, "case") == name) return response;
    throw std::invalid_argument("no such recording");
}

ServerRequest recorded_request(std::string_view name) {
    return tests::parse_request(recorded_bytes(recording(name), "request_raw_base64"));
}

std::int64_t nonce_of(const ServerRequest& request) {
    return std::stoll(std::string(
        network::find_header(request.headers, "bt_header_dendrite_nonce").value_or("0")));
}

struct Stage {
    std::optional<std::string> blacklist;
    std::optional<json::object> fields = json::object{};
    std::vector<SynapseCall> seen;
    std::int64_t now_ns = 0;
    Axon axon{tests::validator_key(),
              "127.0.0.1",
              18091,
              {[this](const auto&, const auto&, const auto&) { return blacklist; },
               [this](SynapseCall call) -> boost::asio::awaitable<std::optional<json::object>> {
                   seen.push_back(std::move(call));
                   co_return fields;
               },
               [this] { return now_ns; }}};

    Axon::Answer answer(const ServerRequest& request, std::int64_t now) {
        now_ns = now;
        return tests::run(axon.answer(request));
    }
};

std::string message_of(const Axon::Answer& answer) {
    boost::system::error_code error;
    const auto body = json::parse(answer.reply.body, error);
    const auto* message =
        error || !body.is_object() ? nullptr : body.get_object().if_contains("message");
    return message ? std::string(std::string_view(message->as_string())) : std::string();
}

// A message of the real axon and ours say the same, but for numbers that are made up anew.
std::string without_uuid(std::string message) {
    return message.starts_with("Internal Server Error #") ? "Internal Server Error #" : message;
}

void drop_header(ServerRequest& request, std::string_view name) {
    std::erase_if(request.headers, [&](const auto& header) {
        return network::same_header_name(header.first, name);
    });
}

void set_header(ServerRequest& request, std::string_view name, std::string value) {
    drop_header(request, name);
    request.headers.emplace_back(name, std::move(value));
}

void sign_again(ServerRequest& request, const network::Keypair& key) {
    const auto part = [&](std::string_view name) {
        return std::string(network::find_header(request.headers, name).value_or("None"));
    };
    const auto text = part("bt_header_dendrite_nonce") + "." + part("bt_header_dendrite_hotkey") +
                      "." + tests::validator_key().address() + "." +
                      part("bt_header_dendrite_uuid") + "." + part("computed_body_hash");
    set_header(request, "bt_header_dendrite_signature", "0x" + network::to_hex(key.sign(text)));
}

}  // namespace

TEST_CASE("recorded requests get the status and the message that the real axon gave") {
    int checked = 0;
    for (const auto& response : tests::vectors("dendrite.json").at("responses").as_array()) {
        if (!tests::find(response, "request_raw_base64")) continue;
        const auto name = tests::text(response, "case");
        const auto status = response.at("status").to_number<unsigned>();
        if (status == 408) continue;  // a stage for priorities, which this axon does not have
        INFO(name);
        const auto request = tests::parse_request(recorded_bytes(response, "request_raw_base64"));
        const auto recorded = tests::parse_request(
            "GET / HTTP/1.1\r\n" +
            recorded_bytes(response, "raw_base64")
                .substr(recorded_bytes(response, "raw_base64").find("\r\n") + 2));

        Stage stage;
        if (status == 403) stage.blacklist = "[7] submitted results while having no task assigned.";
        if (name == "exception in the forward function") stage.fields.reset();
        const auto axon_time = network::find_header(recorded.headers, "bt_header_axon_nonce");
        const auto now =
            axon_time ? std::stoll(std::string(*axon_time)) : nonce_of(request) + kSecond;
        if (name.starts_with("the same nonce"))
            CHECK(stage.answer(request, now).reply.status == 200);
        if (status == 200) stage.fields = json::parse(recorded.body).as_object();

        const auto answer = stage.answer(request, now);
        CHECK(answer.reply.status == status);
        if (status != 200)
            CHECK(without_uuid(message_of(answer)) ==
                  without_uuid(tests::text(json::parse(recorded.body), "message")));

        std::set<std::string> theirs, ours{"content-length"};
        for (const auto& [key, value] : recorded.headers) theirs.insert(key);
        for (const auto& [key, value] : answer.reply.headers) ours.insert(key);
        if (status != 404) CHECK(ours == theirs);
        ++checked;
    }
    CHECK(checked >= 16);
}

TEST_CASE("an answer's body is the whole synapse, as the real axon writes it") {
    for (const char* name : {"success: PullTask, text task", "success: PullTask, image task",
                             "success: SubmitResults", "success: GetVersion"}) {
        INFO(name);
        auto expected = json::parse(tests::text(recording(name), "body_text")).as_object();
        Stage stage;
        stage.fields = expected;
        const auto request = recorded_request(name);
        const auto answer = stage.answer(request, nonce_of(request));
        auto body = json::parse(answer.reply.body).as_object();
        for (auto* object : {&expected, &body})
            object->at("axon").as_object().erase("process_time");
        CHECK(body == expected);
    }
}

TEST_CASE("a header left out has the consequence it has at the real axon") {
    for (const auto& row : tests::vectors("dendrite.json").at("header_requirements").as_array()) {
        const auto synapse = tests::text(row, "synapse");
        const auto header = tests::text(row, "without_header");
        if (header == "Host") continue;  // the server's business
        INFO(synapse << " without " << header);
        auto request = recorded_request(synapse == "PullTask" ? "success: PullTask, text task"
                                                              : "success: SubmitResults");
        drop_header(request, header);
        Stage stage;
        const auto answer = stage.answer(request, nonce_of(request) + kSecond);
        if (header == "bt_header_dendrite_signature") {
            // The real axon skips the check. A rehearsal that did would prove nothing.
            CHECK(answer.reply.status == 401);
            CHECK(answer.call_status == Axon::CallStatus::bad_signature);
            continue;
        }
        CHECK(answer.reply.status == row.at("status").to_number<unsigned>());
        const auto* message = tests::find(row, "message");
        if (message && message->is_string()) {
            const auto words = std::string(std::string_view(message->as_string()));
            CHECK(message_of(answer).substr(0, 22) == words.substr(0, 22));
        }
    }
}

TEST_CASE("a field of the body left out has the consequence it has at the real axon") {
    for (const auto& row : tests::vectors("dendrite.json").at("body_requirements").as_array()) {
        const auto synapse = tests::text(row, "synapse");
        const auto field = tests::text(row, "without_body_field");
        INFO(synapse << " without " << field);
        auto request = recorded_request(synapse == "PullTask" ? "success: PullTask, text task"
                                                              : "success: SubmitResults");
        auto body = json::parse(request.body).as_object();
        const auto dot = field.find('.');
        if (dot == field.npos)
            body.erase(field);
        else
            body.at(field.substr(0, dot)).as_object().erase(field.substr(dot + 1));
        request.body = json::serialize(body);
        Stage stage;
        const auto answer = stage.answer(request, nonce_of(request) + kSecond);
        CHECK(answer.reply.status == row.at("status").to_number<unsigned>());
        if (answer.reply.status != 200) continue;
        REQUIRE(stage.seen.size() == 1);
        const auto saw = [&](const char* side) {
            const auto* hotkey = tests::find(row, side);
            return hotkey && hotkey->is_string()
                       ? std::string(std::string_view(hotkey->as_string()))
                       : std::string();
        };
        CHECK(stage.seen[0].miner == saw("forward_saw_dendrite_hotkey"));
        CHECK(stage.seen[0].validator == saw("forward_saw_axon_hotkey"));
    }
}

TEST_CASE("nonces grow for each hotkey and uuid, over all routes, and refusals leave no trace") {
    Stage stage;
    const auto key = tests::miner_key();
    auto request = recorded_request("success: PullTask, text task");
    const auto n = nonce_of(request);
    const auto status = [&](std::int64_t nonce, const std::string& uuid, std::int64_t age_s = 0,
                            const std::string& target = "/PullTask", bool good = true) {
        auto next = request;
        next.target = target;
        if (target == "/SubmitResults")
            for (const char* field : {"results", "submit_time", "signature"})
                set_header(next, std::string("bt_header_input_obj_") + field, "IiI=");
        set_header(next, "bt_header_dendrite_nonce", std::to_string(nonce));
        set_header(next, "bt_header_dendrite_uuid", uuid);
        sign_again(next, good ? key : tests::another_key());
        return stage.answer(next, nonce + age_s * kSecond).reply.status;
    };
    CHECK(status(n, "u") == 200);
    CHECK(status(n, "u") == 401);
    CHECK(status(n - 1, "u") == 401);
    CHECK(status(n + 1, "u") == 200);
    CHECK(status(n, "another") == 200);
    CHECK(status(n + 1, "u", 0, "/GetVersion") == 401);
    CHECK(status(n + 2, "u", 0, "/PullTask", false) == 401);
    CHECK(status(n + 2, "u") == 200);
    CHECK(status(n, "fresh", 15) == 200);  // 12 s of timeout and 4 s
    CHECK(status(n, "older", 17) == 401);
    CHECK(status(n, "future", -3600) == 200);
    CHECK(status(n + 3, "u", 3600) == 200);  // only growth is checked once a nonce is stored
    set_header(request, "bt_header_dendrite_version", "7001000");
    CHECK(status(n, "old style", 3600) == 200);
}

TEST_CASE("odd headers, bodies, methods and routes are answered as the real axon does") {
    const auto key = tests::miner_key();
    const auto good = recorded_request("success: PullTask, text task");
    const auto submit = recorded_request("success: SubmitResults");
    const auto status = [&](const ServerRequest& request) {
        Stage stage;
        return stage.answer(request, nonce_of(good) + kSecond).reply.status;
    };
    const auto with_body = [&](ServerRequest request, std::string body) {
        request.body = std::move(body);
        return request;
    };
    const auto with_header = [&](const char* name, std::string value) {
        auto request = good;
        set_header(request, name, std::move(value));
        return request;
    };
    CHECK(status(with_body(good, "nonsense")) == 422);
    CHECK(status(with_body(good, "")) == 500);
    CHECK(status(with_body(good, "{}")) == 200);
    CHECK(status(with_body(submit, "{}")) == 500);
    CHECK(status(with_body(good, R"({"dendrite":5})")) == 500);
    CHECK(status(with_body(good, R"({"dendrite":{"hotkey":5}})")) == 500);
    CHECK(status(with_body(good, R"({"axon":{"status_code":403}})")) == 403);
    CHECK(status(with_body(good, R"({"axon":{"status_code":1}})")) == 500);
    CHECK(status(with_body(submit, R"({"results":"","submit_time":"soon","signature":""})")) ==
          500);
    CHECK(status(with_body(submit, R"({"results":"","submit_time":"12","signature":""})")) == 200);
    CHECK(status(with_body(good, std::string(100'000, '['))) == 422);
    CHECK(status(with_header("timeout", "soon")) == 500);
    CHECK(status(with_header("timeout", "inf")) == 500);
    CHECK(status(with_header("bt_header_dendrite_version", "9.9")) == 500);
    auto request = with_header("bt_header_dendrite_nonce", "x");
    Stage stage;
    CHECK(stage.answer(request, 0).reply.status == 500);
    CHECK(status(with_header("bt_header_dendrite_hotkey", "5Nobody")) == 401);
    CHECK(status(with_header("bt_header_dendrite_unknown", "x")) == 200);
    CHECK(status(with_header("bt_header_axon_hotkey", key.address())) == 200);

    auto wrong_hash = with_header("computed_body_hash", std::string(64, 'a'));
    CHECK(status(wrong_hash) == 401);
    sign_again(wrong_hash, key);
    CHECK(status(wrong_hash) == 500);

    for (const auto& [target, code] : {std::pair{"/pulltask", 404u},
                                       {"/Feedback", 404u},
                                       {"/", 404u},
                                       {"/PullTask/", 307u},
                                       {"/PullTask?x=1", 200u}}) {
        INFO(target);
        auto routed = good;
        routed.target = target;
        CHECK(status(routed) == code);
    }
    auto put = good;
    put.method = "PUT";
    CHECK(status(put) == 405);
    put.method = "GET";
    CHECK(status(put) == 200);
}

TEST_CASE("the real axon's own signature on a refusal covers what ours covers") {
    const auto& record = recording("signature of another message");
    const auto raw = recorded_bytes(record, "raw_base64");
    const auto answer =
        tests::parse_request("GET / HTTP/1.1\r\n" + raw.substr(raw.find("\r\n") + 2));
    const auto part = [&](const char* name) {
        return std::string(network::find_header(answer.headers, name).value());
    };
    network::Signature signature;
    REQUIRE(network::from_hex(part("bt_header_axon_signature"), signature));
    CHECK(network::verify(network::ss58_decode(part("bt_header_axon_hotkey")).value(),
                          part("bt_header_axon_nonce") + "." + part("bt_header_dendrite_hotkey") +
                              "." + part("bt_header_axon_hotkey") + "." +
                              part("bt_header_axon_uuid"),
                          signature));
}

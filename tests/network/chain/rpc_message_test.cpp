#include "network/chain/rpc_message.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

using namespace network;

TEST_CASE("a request is JSON-RPC 2.0") {
    CHECK(rpc_request(7, "state_call", {"a", nullptr}) ==
          R"({"jsonrpc":"2.0","id":7,"method":"state_call","params":["a",null]})");
}

TEST_CASE("answers, errors and notifications are told apart") {
    const auto answer = parse_rpc_message(R"({"jsonrpc":"2.0","result":null,"id":3})").value();
    CHECK(std::get<RpcAnswer>(answer).id == 3);
    CHECK(std::get<RpcAnswer>(answer).result.value().is_null());

    const auto error = parse_rpc_message(
        R"({"jsonrpc":"2.0","id":3,"error":{"code":1002,"message":"Verification","data":"x"}})");
    const auto& refused = std::get<RpcAnswer>(error.value()).result;
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::node_error);
    CHECK(refused.error().detail == "Verification: x (1002)");

    const auto notice = parse_rpc_message(
        R"({"jsonrpc":"2.0","method":"m","params":{"subscription":"s","result":[1]}})");
    CHECK(std::get<RpcNotice>(notice.value()).subscription == "\"s\"");
}

TEST_CASE("a header's number is one that blocks have") {
    const auto of = [](const char* text) {
        return block_number(boost::json::object{{"number", text}});
    };
    CHECK(of("0x0") == 0u);
    CHECK(of("0x68A1d2") == 0x68a1d2u);
    CHECK(of("0xffffffff") == 0xffffffffu);
    for (const auto* text : {"0x100000000", "0xffffffffffffffff", "0x1ffffffffffffffff", "0x", "",
                             "12", "0x-1", "-0x1", "0x1 ", " 0x1", "0x1g"})
        CHECK_FALSE(of(text).has_value());
    CHECK_FALSE(block_number(boost::json::object{{"number", 7}}).has_value());
    CHECK_FALSE(block_number(boost::json::object{{"hash", "0x1"}}).has_value());
    CHECK_FALSE(block_number("0x1").has_value());
    CHECK_FALSE(block_number(nullptr).has_value());
}

TEST_CASE("what is no message of a node is refused") {
    for (const auto* text :
         {"", "null", "[]", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}]", "{}",
          R"({"id":1,"result":1})", R"({"jsonrpc":"1.0","id":1,"result":1})",
          R"({"jsonrpc":"2.0","id":"1","result":1})", R"({"jsonrpc":"2.0","id":-1,"result":1})",
          R"({"jsonrpc":"2.0","id":1.5,"result":1})", R"({"jsonrpc":"2.0","id":1})",
          R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}})",
          R"({"jsonrpc":"2.0","method":"m"})", R"({"jsonrpc":"2.0","method":"m","params":[]})",
          R"({"jsonrpc":"2.0","method":"m","params":{"subscription":null,"result":1}})"}) {
        CAPTURE(text);
        const auto message = parse_rpc_message(text);
        REQUIRE_FALSE(message.has_value());
        CHECK(message.error().code == Errc::malformed);
    }
}

TEST_CASE("an answer as long as a chain's is read where it lies in memory once more, not twice") {
    const auto answer = [](const std::string& text) {
        return parse_rpc_message(R"({"jsonrpc":"2.0","id":1,"result":")" + text + "\"}");
    };
    const std::string digits(39 << 20, 'f');
    const auto read = answer(digits).value();
    CHECK((*std::get<RpcAnswer>(read).result == boost::json::string_view(digits)));
    // Still in the bounded memory that the message was read to: it was moved, not copied.
    CHECK(std::get<RpcAnswer>(read).result->storage().is_shared());
    CHECK(answer("\\n" + digits).error().detail == "too many values for its size");
}

TEST_CASE("a subscription is named by a number or a short text") {
    CHECK(subscription_name("name").value() == "\"name\"");
    CHECK(subscription_name(17).value() == "17");
    const auto item_of = [](const std::string& subscription) {
        return parse_rpc_message(
            R"({"jsonrpc":"2.0","method":"x","params":{"result":1,"subscription":)" + subscription +
            "}}");
    };
    for (const auto& odd : {std::string("[]"), std::string("0.5"), std::string("null"),
                            '"' + std::string(201, 'x') + '"'}) {
        CAPTURE(odd);
        CHECK(item_of(odd).error().code == Errc::malformed);
        CHECK(subscription_name(boost::json::parse(odd)).error().code == Errc::malformed);
    }
    CHECK(item_of('"' + std::string(200, 'x') + '"').has_value());
}

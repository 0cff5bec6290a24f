// What answers may leave out, and which are refused with the field's name.
#include "network/errc.hpp"
#include "network/subnet/messages.hpp"
#include "tests/support/catch.hpp"

#include <cstdint>
#include <limits>
#include <string>

using network::parse_pull_answer;
using network::parse_submit_answer;

namespace {

template <class Result>
std::string refusal(const Result& result) {
    if (result.has_value()) return "";
    CHECK(result.error().code == network::Errc::malformed);
    return result.error().detail;
}

// A pull answer with a good task, but for what `task` says.
std::string with_task(std::string_view task) { return R"({"task":)" + std::string(task) + "}"; }

}  // namespace

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
    const auto task = [](std::size_t id, std::size_t prompt, const char* kind = "image") {
        return with_task(R"({"type":")" + std::string(kind) + R"(","id":")" + std::string(id, 'i') +
                         R"(","prompt":")" + std::string(prompt, 'A') + R"("})");
    };
    CHECK(parse_pull_answer(task(256, 1)).has_value());
    CHECK(refusal(parse_pull_answer(task(257, 1))) == "task.id is longer than 256 bytes");
    CHECK(parse_pull_answer(task(1, 32 << 20)).has_value());
    CHECK(refusal(parse_pull_answer(task(1, (32 << 20) + 1))) ==
          "task.prompt is longer than 33554432 bytes");
    CHECK(parse_pull_answer(task(1, 128 << 10, "text")).has_value());
    CHECK(refusal(parse_pull_answer(task(1, (128 << 10) + 1, "text"))) ==
          "task.prompt is longer than 131072 bytes");
}

TEST_CASE("a long prompt in escapes is read all the same") {
    std::string prompt;
    for (int i = 0; i < 1 << 20; ++i) prompt += "\\/a";
    const auto answer =
        parse_pull_answer(with_task(R"({"type":"image","id":"i","prompt":")" + prompt + R"("})"));
    REQUIRE(answer.has_value());
    CHECK(answer->task->prompt.size() == std::size_t(2) << 20);
}

TEST_CASE("values are counted before any is made, commas in texts are none") {
    const std::string text(30, 'a');
    std::string many = "{\"x\":[";
    for (int i = 0; i < 400'001; ++i) many += "\"" + text + "\",";
    CHECK(refusal(parse_pull_answer(many + "0]}")) == "too many values for its size");
    const std::string commas(500'000, ',');
    CHECK(
        parse_pull_answer(with_task(R"({"type":"image","id":"i","prompt":"\")" + commas + R"("})"))
            .value()
            .task->prompt == "\"" + commas);
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

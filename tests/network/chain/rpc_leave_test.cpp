// A node is left when whoever asks has no use for it.
#include "tests/network/chain/conversing.hpp"

using namespace network;
using tests::ScriptedNode;

namespace json = boost::json;
namespace asio = boost::asio;

TEST_CASE("a node that is of no use to whoever asks is left for the next one") {
    ScriptedNode useless([](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "chain_subscribeNewHeads") return {};
        return {tests::error_to(request, -32005, "asked too often")};
    });
    ScriptedNode good(tests::echo());
    std::vector<std::string> losses;
    auto options = tests::rpc_to({useless.endpoint(), good.endpoint()});
    options.news = [&](const RpcNews& news) {
        if (news.lost) losses.push_back(news.lost->detail);
    };
    tests::converse(std::move(options), [&](Rpc& rpc) -> asio::awaitable<void> {
        rpc.leave(config::fail(Errc::throttled, "nobody is asked yet"));
        const auto refused = co_await rpc.call("question");
        CHECK(tests::failure(refused) == Errc::throttled);
        CHECK(rpc.connection() == 1);
        rpc.leave(refused.error());
        CHECK((co_await rpc.call("question")).value() == "question");
        CHECK(rpc.connection() == 2);
        CHECK(rpc.url() == good.endpoint().url());
    });
    CHECK(useless.connections() == 1);
    CHECK(losses == std::vector{useless.endpoint().url() + ": question: asked too often (-32005)"});
}

#include "miner/report/wallet_page.hpp"

#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

using network::HotkeyState;

namespace {

miner::WalletPage page() {
    miner::WalletPage page{
        .folder = "/w/cold", .coldkey = "5Cold", .hotkeys = {}, .chosen = {"hot"}};
    HotkeyState hot;
    hot.name = "hot";
    hot.path = "/w/cold/hotkeys/hot";
    hot.kind = HotkeyState::Kind::plain;
    hot.scheme = "sr25519";
    hot.mode = 0644;
    hot.address = "5DtDLm5rQHShDqojQpsvcN8tRXHVFaecfDoRet1SU6BFD9Fi";
    hot.warnings = {"open to other users"};
    HotkeyState locked;
    locked.name = "spare\033[2J";
    locked.kind = HotkeyState::Kind::sealed;
    locked.mode = 0600;
    locked.fault = "it is an Ansible vault";
    page.hotkeys = {hot, locked};
    return page;
}

}  // namespace

TEST_CASE("the wallet's page is this one") {
    CHECK(miner::render_wallet(page()) ==
          "Wallet   /w/cold\n"
          "Coldkey  5Cold\n"
          "\n"
          "Hotkeys (* mines)\n"
          "* hot           5DtDLm5rQHShDqojQpsvcN8tRXHVFaecfDoRet1SU6BFD9Fi  plain sr25519, mode "
          "644\n"
          "    open to other users\n"
          "  spare\\x1b[2J  address not known                                 sealed, mode 600\n"
          "    cannot be used: it is an Ansible vault\n");
}

TEST_CASE("an empty wallet says so") {
    CHECK_THAT(miner::render_wallet({.folder = "/w", .coldkey = "", .hotkeys = {}, .chosen = {}}),
               Catch::Contains("No hotkeys") && Catch::Contains("coldkeypub.txt"));
}

TEST_CASE("the wallet as JSON has the same") {
    const auto value = boost::json::parse(miner::render_wallet_json(page()));
    CHECK(value.at("coldkey") == "5Cold");
    const auto& hot = value.at("hotkeys").at(0);
    CHECK(hot.at("mines").as_bool());
    CHECK(hot.at("usable").as_bool());
    CHECK(hot.at("mode") == "644");
    CHECK(hot.at("kind") == "plain");
    CHECK(hot.at("warnings").at(0) == "open to other users");
    const auto& spare = value.at("hotkeys").at(1);
    CHECK_FALSE(spare.at("usable").as_bool());
    CHECK(spare.at("address").is_null());
}

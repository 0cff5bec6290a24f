// What a batch is made of: folders, lists and CSVs, good and bad.
#include "miner/batch/errc.hpp"
#include "miner/batch/inputs.hpp"
#include "miner/batch/plain_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

#include <sys/stat.h>

namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using miner::BatchErrc;
using miner::BatchInput;
using tests::TemporaryFolder;

void write(const fs::path& file, std::string_view content = "x") {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
}

std::vector<std::string> labels(const std::vector<BatchInput>& inputs) {
    std::vector<std::string> all;
    for (const auto& input : inputs) all.push_back(input.label);
    return all;
}

std::vector<BatchInput> csv(std::string_view text) {
    return miner::inputs_of_csv(text, "/lists").value();
}

}  // namespace

TEST_CASE("a folder gives its pictures by name, and nothing else that lies in it") {
    const TemporaryFolder folder;
    for (const auto* name : {"b.PNG", "a.jpeg", "c.tiff", "notes.txt", ".hidden.png", "._a.jpeg",
                             "inner/d.png", "e.png/f.png", ".png"})
        write(folder.path() / name);
    const auto inputs = miner::read_inputs(folder.path()).value();
    CHECK(labels(inputs) == std::vector<std::string>{"a.jpeg", "b.PNG", "c.tiff"});
    CHECK(inputs[1].file == folder.path() / "b.PNG");
    CHECK(inputs[1].name == "b");
    CHECK_FALSE(inputs[1].is_prompt);
}

TEST_CASE("pictures of kinds that are not read are counted, or a fault of their line") {
    const TemporaryFolder folder;
    for (const auto* name : {"a.HEIC", "b.heic", "c.avif", ".d.avif", "e.txt", ".heic"})
        write(folder.path() / name);
    CHECK(miner::unread_pictures(folder.path()) == "1 .avif, 2 .heic");
    CHECK_THAT(miner::read_inputs(folder.path()).error().detail, Contains("1 .avif, 2 .heic"));
    CHECK(miner::unread_pictures(folder.path() / "none").empty());
    write(folder.path() / "f.png");
    CHECK(miner::read_inputs(folder.path()).value().size() == 1);
    const auto listed = miner::inputs_of_list("photo.heic\na chair\n", "").value();
    CHECK_THAT(listed[0].fault, Contains(".heic pictures are not read"));
    CHECK_FALSE(listed[0].is_prompt);
    CHECK(listed[1].is_prompt);
}

TEST_CASE("a list has a picture or a prompt a line, from where the list lies") {
    const TemporaryFolder folder;
    write(folder.path() / "list.txt",
          "\xEF\xBB\xBF# chairs\r\n\r\n  pictures/red chair.png  \r\na blue chair\n/abs/c.webp");
    const auto inputs = miner::read_inputs(folder.path() / "list.txt").value();
    REQUIRE(labels(inputs) ==
            std::vector<std::string>{"pictures/red chair.png", "a blue chair", "/abs/c.webp"});
    CHECK(inputs[0].file == folder.path() / "pictures/red chair.png");
    CHECK(inputs[0].name == "red chair");
    CHECK(inputs[1].is_prompt);
    CHECK(inputs[1].name == "a blue chair");
    CHECK(inputs[2].file == "/abs/c.webp");
}

TEST_CASE("a CSV has pictures, prompts, names and seeds by the names of its columns") {
    const auto inputs =
        csv("id,Prompt, IMAGE ,name,seed\n"
            "1,,a.png,first,\n"
            "2,\"a chair,\nred\",,../../second,7\n"
            "3,,b.png\n");
    REQUIRE(inputs.size() == 3);
    CHECK(inputs[0].file == "/lists/a.png");
    CHECK(inputs[0].name == "first");
    CHECK_FALSE(inputs[0].seed);
    CHECK(inputs[1].is_prompt);
    CHECK(inputs[1].label == "a chair,\nred");
    CHECK(inputs[1].name == "../../second");
    CHECK(inputs[1].seed == 7U);
    CHECK(inputs[2].name == "b");
    for (const auto& input : inputs) CHECK(input.fault.empty());
}

TEST_CASE("a line of which nothing can be made says why, and the others stand") {
    const auto inputs =
        csv("picture,prompt,seed\n"
            "a.png,a chair,\n"
            ",,3\n"
            "b.png,,-1\n"
            "c.png,,9007199254740992\n"
            "d.png,,9007199254740991\n"
            ",\xff\xfe,\n");
    REQUIRE(inputs.size() == 6);
    CHECK_THAT(inputs[0].fault, Contains("both a picture and a prompt"));
    CHECK(inputs[0].label == "line 2");
    CHECK_THAT(inputs[1].fault, Contains("neither a picture nor a prompt"));
    CHECK_THAT(inputs[2].fault, Contains("line 4: \"-1\" is no seed"));
    CHECK_THAT(inputs[3].fault, Contains("is no seed"));
    CHECK(inputs[4].fault.empty());
    CHECK_THAT(inputs[5].fault, Contains("not UTF-8"));

    const std::string longest(miner::kLongestPrompt, 'a');
    const auto listed = miner::inputs_of_list(longest + "\n" + longest + "a\n", "").value();
    CHECK(listed[0].fault.empty());
    CHECK_THAT(listed[1].fault, Contains("more than 4096 bytes"));
    CHECK(listed[1].label.size() < 100);
}

TEST_CASE("a prompt that a comma would cut is a fault of its line") {
    const auto inputs =
        csv("prompt,name\n"
            "a chair, red, with arms,first\n"
            "a table,second,\n"
            ",,\n"
            "\"a stool, red\",third\n");
    REQUIRE(inputs.size() == 3);
    CHECK_THAT(inputs[0].fault, Contains("line 2: more fields") && Contains("quote"));
    CHECK(inputs[1].fault.empty());
    CHECK(inputs[2].label == "a stool, red");
}

TEST_CASE("a CSV of a spreadsheet whose decimals have commas is read as any") {
    const auto inputs =
        csv("\xEF\xBB\xBFpicture;prompt;seed\r\n;a chair, red;7\r\na.png;;\r\n;;\r\n");
    REQUIRE(inputs.size() == 2);
    CHECK(inputs[0].label == "a chair, red");
    CHECK(inputs[0].seed == 7U);
    CHECK(inputs[1].file == "/lists/a.png");
}

TEST_CASE("what holds no inputs is refused, and the words say what it is") {
    const TemporaryFolder folder;
    const auto refused = [&](const char* name, std::string_view content) {
        write(folder.path() / name, content);
        return miner::read_inputs(folder.path() / name).error();
    };
    CHECK(miner::read_inputs(folder.path()).error().code == BatchErrc::bad_list);
    CHECK(miner::read_inputs(folder.path() / "none").error().code == BatchErrc::unreadable);
    CHECK(refused("empty.txt", "# nothing\n").code == BatchErrc::bad_list);
    CHECK_THAT(refused("a.png", "x").detail, Contains("miner generate"));
    CHECK_THAT(refused("a.csv", "id,words\n1,a chair\n").detail, Contains("no column `picture`"));
    CHECK_THAT(refused("b.csv", "prompt\n\"a chair\n").detail, Contains("line 2"));
    CHECK(refused("c.txt", std::string_view("a\0b", 3)).code == BatchErrc::bad_list);
    std::string many;
    for (std::size_t i = 0; i <= miner::kMostInputs; ++i) many += "a\n";
    CHECK(refused("d.txt", many).code == BatchErrc::too_large);
    CHECK(refused("e.csv", "prompt\n" + many).code == BatchErrc::too_large);
}

TEST_CASE("a file is read within its limit, and nothing waits for what is none") {
    const TemporaryFolder folder;
    write(folder.path() / "four", "1234");
    CHECK(miner::read_plain_file(folder.path() / "four", 4).value().size() == 4);
    CHECK(miner::read_plain_file(folder.path() / "four", 3).error().code == BatchErrc::too_large);
    const auto pipe = folder.path() / "pipe.png";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_THAT(miner::read_plain_file(pipe, 100).error().detail, Contains("no plain file"));
    CHECK_THAT(miner::read_plain_file(folder.path(), 100).error().detail, Contains("a folder"));
    CHECK(miner::read_plain_file("/dev/zero", 100).error().code == BatchErrc::unreadable);
    CHECK(miner::sha256_of_file(folder.path() / "four").value().starts_with("03ac674216f3e15c"));
}

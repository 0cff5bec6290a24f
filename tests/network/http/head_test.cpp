#include "network/http/head.hpp"

#include "tests/support/catch.hpp"

#include <string>

using network::size_of_empty_lines;
using network::size_of_head;
using network::tidied_answer;
using network::tidied_request;

TEST_CASE("a head ends with its first empty line, wherever its bytes are torn apart") {
    for (const std::string head :
         {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n", "a\r\n\r\n", "a\n\n",
          "a\n\r\n", "a\r\n\n", "a\rb\r\n\rc\r\n\r\n", "a\r\n b\r\n\r\n"}) {
        INFO(head);
        const auto text = head + "\r\n\r\nbody\n\n";
        std::size_t looked = 0;
        for (std::size_t size = 0; size < head.size(); ++size)
            CHECK(size_of_head(std::string_view(text).substr(0, size), looked) == 0);
        CHECK(size_of_head(std::string_view(text).substr(0, head.size()), looked) == head.size());
        std::size_t at_once = 0;
        CHECK(size_of_head(text, at_once) == head.size());
    }
}

TEST_CASE("empty lines are those at the beginning, and whole") {
    CHECK(size_of_empty_lines("") == 0);
    CHECK(size_of_empty_lines("GET") == 0);
    CHECK(size_of_empty_lines("\r\n\n\r\nGET\r\n") == 5);
    CHECK(size_of_empty_lines("\r") == 0);
    CHECK(size_of_empty_lines("\r\r\n") == 0);
}

TEST_CASE("a head that is right is left as it is") {
    const std::string request = "GET / HTTP/1.1\r\nA: HTTP/1.2\r\n\r\n";
    const std::string answer = "HTTP/1.1 200 OK\r\nA : b: c\r\n d\r\n\r\n";
    CHECK(tidied_request(request) == request);
    CHECK(tidied_answer("HTTP/1.0 200 OK\r\nA: b : c\r\n d : e\r\n\r\n") ==
          "HTTP/1.0 200 OK\r\nA: b : c\r\n d : e\r\n\r\n");
    CHECK(tidied_answer(answer) == "HTTP/1.1 200 OK\r\nA: b: c\r\n d\r\n\r\n");
    for (const std::string odd : {"", "\n", ":\n\n", " :\n\n", "HTTP/", "HTTP/1.", "GET /", " "}) {
        CHECK(tidied_request(odd) == odd);
        CHECK(tidied_answer(odd).size() <= odd.size() + 3);
    }
}

#include "generator/score/formula.hpp"

#include "tests/generator/score/score_golden.hpp"
#include "tests/support/catch.hpp"

using namespace generator;
using tests::near;
using tests::number;

namespace {

std::string tables_file() {
    return tests::golden_with("tables.json", tests::project_path("tests/golden/scorer/tiny")) +
           "/tables.json";
}

template <class T>
void check_outliers(const boost::json::value& row) {
    std::vector<T> values;
    for (const auto& value : row.at("values").as_array()) values.push_back(T(number(value)));
    std::vector<std::int64_t> dropped;
    const auto out = formula::outliers<T>(values);
    for (std::size_t i = 0; i < out.size(); ++i)
        if (out[i]) dropped.push_back(std::int64_t(i));
    CHECK(dropped == boost::json::value_to<std::vector<std::int64_t>>(row.at("dropped")));
    CHECK(near(formula::geometric_mean<T>(values), number(row.at("geometric_mean")), 1e-6));
    if constexpr (std::is_same_v<T, float>)
        CHECK(near(formula::text_alignment(values), number(row.at("text_alignment")), 1e-6));
}

}  // namespace

TEST_CASE("the formula gives the golden scores to one step of a float", "[golden]") {
    const auto tables = tests::read_json(tables_file());
    for (const auto& row : tables.at("formula").as_array()) {
        INFO(row);
        const double alignment = number(row.at("alignment"));
        const auto terms = formula::terms(number(row.at("iqa")), alignment, number(row.at("ssim")),
                                          number(row.at("lpips")));
        const auto want = float(number(row.at("score")));
        const auto got = formula::total(terms, alignment);
        CHECK(near(got, double(want), double(std::nextafter(want, 2.0F) - want)));
    }
}

TEST_CASE("outliers and means are the golden ones, ties, NaN and all", "[golden]") {
    const auto tables = tests::read_json(tables_file());
    for (const auto& row : tables.at("outliers").as_array()) {
        INFO(row.at("what"));
        if (row.at("type").as_string() == "float32")
            check_outliers<float>(row);
        else
            check_outliers<double>(row);
    }
}

TEST_CASE("an alignment just below 0.3 is a score of 0 even where the quality is no number") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto total = [](double iqa, double alignment) {
        return formula::total(formula::terms(iqa, alignment, 0.9, 0.9), alignment);
    };
    CHECK(total(nan, 0.29) == 0);
    CHECK(total(0.9, std::nextafter(0.3, 0.0)) == 0);
    CHECK(total(0.9, 0.3) > 0);
    CHECK(std::isnan(total(nan, 0.9)));
    CHECK(std::isnan(total(0.9, nan)));
    CHECK(total(1, 1.3) > 1);
}

// JSON bodies of verify and of management calls, and the JSON that is written: the first line is
// the query of a target, the rest is a body.
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "base/time_text.h"
#include "fuzz/fuzz.h"
#include "http/ask/verify.h"
#include "http/decision/json.h"
#include "http/manage/fields.h"
#include "token/format.h"

using namespace hourgate;
using http::Fields;
using Json = nlohmann::ordered_json;

namespace {

constexpr int depth_max = 64;

int depth_of(std::string_view text) noexcept {
    int depth = 0;
    for (const char c : text)
        depth += c == '[' || c == '{';  // or more, as in a text
    return depth;
}

void check_failure(const Failure& failure) {
    HOURGATE_LAW(failure.fault == Fault::usage && !failure.what.empty() && !failure.next.empty());
    HOURGATE_LAW(failure.what.size() < 400 && !token::holds_token(failure.next));
    HOURGATE_LAW(std::none_of(failure.what.begin(), failure.what.end(), is_control_byte));
}

void check_question(std::string_view body) {
    const auto read = http::read_question(body);
    if (!read)
        return check_failure(read.failure());
    const http::Question& question = read.value();
    Json said = {{"token", std::string(question.token.reveal())},
                 {"method", question.method},
                 {"path", question.path},
                 {"spend", question.spend == Spend::yes}};
    if (question.address)
        said["address"] = question.address->text();
    const auto again = http::read_question(said.dump());
    HOURGATE_LAW(again.ok());
    const http::Question& same = again.value();
    HOURGATE_LAW(same.token.reveal() == question.token.reveal() && same.path == question.path);
    HOURGATE_LAW(same.method == question.method && same.spend == question.spend);
    HOURGATE_LAW(same.address == question.address);
    const Call call = http::call_of(question, http::Trust{}, Now{});
    HOURGATE_LAW(call.credentials.empty() || call.credentials == question.token.reveal());
}

void check_fields(Fields fields) {
    if (const auto name = fields.text("name"))
        HOURGATE_LAW(is_utf8(*name) && !token::holds_token(*name));
    if (const auto limit = fields.whole("limit", 1, 200))
        HOURGATE_LAW(*limit >= 1 && *limit <= 200);
    if (const auto end = fields.time("expires", DateMeans::its_end))
        HOURGATE_LAW(parse_time(format_time_ms(*end)) == end);
    if (const auto span = fields.span_s("grace"))
        HOURGATE_LAW(*span >= 0 && parse_duration_s(format_duration(*span)) == span);
    HOURGATE_LAW(fields.texts("scopes", 8).size() <= 8);
    static_cast<void>(fields.truth("api"));
    static_cast<void>(fields.has("cursor"));
    static_cast<void>(fields.list("windows"));
    static_cast<void>(fields.needed_text("email"));
    for (const auto& [name, what] : fields.flaws()) {
        HOURGATE_LAW(!what.empty() && !token::holds_token(what));
        HOURGATE_LAW(std::none_of(what.begin(), what.end(), is_control_byte));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::string query = "/tokens?" + std::string(input.line());
    const std::string_view body = input.rest();
    check_fields(Fields::of_query(query));
    check_question(body);
    auto fields = Fields::of_body(body);
    if (fields)
        check_fields(std::move(fields).value());
    else
        check_failure(fields.failure());

    const Json any = depth_of(body) > depth_max ? Json(Json::value_t::discarded)
                                                : Json::parse(body, nullptr, false);
    if (!any.is_discarded()) {
        const std::string text = http::text_of(any);
        HOURGATE_LAW(text == any.dump(-1, ' ', false, Json::error_handler_t::replace));
        HOURGATE_LAW(Json::parse(text, nullptr, false) == any);
    }
    // A text of any bytes, as it comes out of a database or a header.
    const std::string text = http::text_of(Json{{"any", std::string(body)}});
    HOURGATE_LAW(Json::accept(text));
    HOURGATE_LAW(std::none_of(text.begin(), text.end(), is_control_byte) ||
                 text.find('\x7f') != text.npos);
    return 0;
}

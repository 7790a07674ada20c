#include "http/ask/verify.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "http/decision/credentials.h"
#include "http/decision/json.h"
#include "http/decision/refusal_texts.h"
#include "token/format.h"

namespace hourgate::http {

namespace {

constexpr std::size_t method_bytes_max = 32;
constexpr std::size_t host_bytes_max = 300;
constexpr std::array<std::string_view, 6> members = {"token", "method",  "path",
                                                     "host",  "address", "spend"};
constexpr std::size_t required = 3;  // the first three

Failure wrong(std::string what, std::string next) {
    return {Fault::usage, std::move(what), std::move(next)};
}

/// Reads the events of the JSON parser, one member at a time. Nested values are skipped.
class QuestionReader final : public nlohmann::json_sax<Json> {
public:
    using Flaws = std::map<std::string, std::string>;

    /// Returns what was read, or the first flaw; `flaws` gets all of them.
    [[nodiscard]] Result<Question> finish(Flaws& flaws) && {
        for (std::size_t i = 0; is_object_ && !broken_ && i < required; ++i)
            if (!seen_[i])
                refuse(std::string(members[i]), "is missing; it has to be a text",
                       "The member '" + std::string(members[i]) + "' is missing.",
                       "Send token, method and path, each a text; an empty token means none.");
        flaws = std::move(flaws_);
        if (failure_)
            return *std::move(failure_);
        return std::move(question_);
    }

    bool start_object(std::size_t) override {
        if (depth_++ == 0)
            return is_object_ = true;
        return depth_ > 2 || wrong_type();
    }
    bool end_object() override {
        --depth_;
        return true;
    }

    bool key(std::string& name) override {
        if (depth_ > 1)
            return true;
        for (current_ = 0; current_ < members.size(); ++current_)
            if (members[current_] == name)
                break;
        if (current_ == members.size())
            return refuse(printable(token::blotted(name), 64),
                          "is not known here; known are token, method, path, host, address and "
                          "spend",
                          "The member '" + printable(token::blotted(name), 64) + "' is not known.",
                          "Send token, method, path, and if need be host, address and spend.");
        if (std::exchange(seen_[current_], true))
            return refuse(name, "is there more than once; send it once",
                          "The member '" + name + "' is there twice.", "Send it once.");
        return true;
    }

    bool string(std::string& value) override {
        if (depth_ != 1)
            return depth_ > 1 || not_an_object();
        if (current_ == members.size())
            return true;  // of an unknown member
        if (members[current_] == "token") {
            question_.token = Secret(std::move(value));
            return true;
        }
        if (members[current_] == "method")
            return take(question_.method, value, method_bytes_max);
        if (members[current_] == "path")
            // The gate checks the length.
            return take(question_.path, value, limits::verify_body_bytes_max);
        if (members[current_] == "host")
            return take(question_.host, value, host_bytes_max);
        if (members[current_] != "address")
            return wrong_type();
        question_.address = Address::parse(value);
        if (question_.address)
            return true;
        return refuse("address",
                      "is not an address; it has to be the client's IPv4 or IPv6 address alone",
                      "The member 'address' is not an address.",
                      "Send the client's IPv4 or IPv6 address alone, or leave the member out.");
    }

    bool boolean(bool value) override {
        if (depth_ != 1 || current_ == members.size() || members[current_] != "spend")
            return scalar();
        question_.spend = value ? Spend::yes : Spend::no;
        return true;
    }

    bool null() override { return scalar(); }
    bool number_integer(std::int64_t) override { return scalar(); }
    bool number_unsigned(std::uint64_t) override { return scalar(); }
    bool number_float(double, const std::string&) override { return scalar(); }
    bool binary(Json::binary_t&) override { return scalar(); }
    bool start_array(std::size_t) override {
        if (depth_++ == 0)
            return not_an_object();
        return depth_ > 2 || wrong_type();
    }
    bool end_array() override {
        --depth_;
        return true;
    }

    /// The parser's own message is not used: it quotes what it read, which may be the token.
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        return stop("The body is not JSON: byte " + std::to_string(position) + " does not fit.",
                    "Send one JSON object in UTF-8.");
    }

private:
    /// Records a flaw and continues with the next member.
    bool refuse(const std::string& name, std::string message, std::string what, std::string next) {
        flaws_.emplace(token::blotted(name), std::move(message));
        if (!failure_)
            failure_ = wrong(std::move(what), std::move(next));
        return true;
    }
    /// Records a flaw of the whole body, which makes flaws of members meaningless.
    bool stop(std::string what, std::string next) {
        broken_ = true;
        flaws_.clear();
        failure_ = wrong(std::move(what), std::move(next));
        return false;
    }
    bool not_an_object() {
        return stop("The body is not a JSON object.",
                    R"(Send {"token":"...","method":"GET","path":"/..."}.)");
    }
    bool scalar() {
        if (depth_ == 0)
            return not_an_object();
        return depth_ > 1 || wrong_type();
    }
    bool wrong_type() {
        if (current_ == members.size())
            return true;  // of an unknown member
        const std::string name(members[current_]);
        const bool is_spend = name == "spend";
        return refuse(name,
                      is_spend ? "has the wrong type; it has to be true or false"
                               : "has the wrong type; it has to be a text",
                      "The member '" + name + "' has the wrong type.",
                      is_spend ? "Send true or false." : "Send a text.");
    }
    bool take(std::string& into, std::string& value, std::size_t bytes_max) {
        if (value.size() > bytes_max) {
            const std::string name(members[current_]);
            return refuse(name,
                          "is " + std::to_string(value.size()) +
                              " bytes long; it may have at most " + std::to_string(bytes_max),
                          "The member '" + name + "' is too long.",
                          "Send at most " + std::to_string(bytes_max) + " bytes.");
        }
        into = std::move(value);
        return true;
    }

    Question question_;
    std::optional<Failure> failure_;
    Flaws flaws_;
    std::array<bool, members.size()> seen_{};
    std::size_t current_ = 0;  // index into members; their number: unknown
    std::size_t depth_ = 0;    // open objects and lists
    bool is_object_ = false;
    bool broken_ = false;
};

}  // namespace

Result<Question> read_question(std::string_view body, std::map<std::string, std::string>* flaws) {
    QuestionReader reader;
    Json::sax_parse(body.begin(), body.end(), &reader);
    QuestionReader::Flaws found;
    Result<Question> question = std::move(reader).finish(found);
    if (flaws != nullptr)
        *flaws = std::move(found);
    return question;
}

Call call_of(const Question& question, const Trust& trust, Now now) {
    Call call;
    call.now = now;
    call.presented = question.token.empty() ? Presented::nothing : Presented::bearer;
    call.credentials = question.token.reveal();
    call.method = question.method;
    call.target = question.path;
    call.address = question.address;
    call.spend = question.spend;
    check_method_and_target(call, trust);
    if (!trust.by_host)
        return call;
    call.host = question.host;
    if (call.host.empty() && call.problem == Problem::none) {
        call.problem = Problem::target_not_told;
        call.problem_detail = question_host;
    }
    return call;
}

Response verify_answer(const Decision& decision, const ReplySettings& settings) {
    static const Facts nobody;
    const bool known = decision.facts != nullptr;
    const Facts& facts = known ? *decision.facts : nobody;
    const bool granted = decision.granted();
    Json json = {
        {"granted", granted},
        {"status", status_of(decision)},
        {"reason", to_text(decision.reason)},
        {"observed", decision.observed},
        {"decision", Json()},
        {"workspace", text_or_null(facts.workspace->public_id)},
        {"member", text_or_null(facts.member->public_id)},
        {"role", text_or_null(decision.role())},
        {"plan", decision.plan != nullptr ? Json(decision.plan->name) : Json()},
        {"token", text_or_null(facts.token.prefix)},
        {"env", known ? Json(token::to_text(decision.env)) : Json()},
        {"scopes", scopes_of(decision)},
        {"own", text_or_null(decision.judgement.own)},
        {"limits", limits_of(decision)},
        {"notices", notices_of(decision, settings)},
        {"error", granted ? Json() : error_members(decision, settings)},
    };
    // Retry-After, WWW-Authenticate and similar headers would describe this response, which is a
    // 200.
    Response answer{200, {{"Content-Type", "application/json"}}, {}};
    if (decision.has_id()) {
        json["decision"] = shown_id(decision);
        answer.headers.push_back({"X-Hourgate-Decision", shown_id(decision)});
    } else {
        json.erase("decision");
    }
    answer.headers.push_back({"Cache-Control", "no-store"});
    answer.body = text_of(json) + "\n";
    return answer;
}

}  // namespace hourgate::http

#include "http/verify.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "http/credentials.h"
#include "http/json.h"
#include "token/format.h"

namespace hourgate::http {

namespace {

constexpr std::size_t method_bytes_max = 32;
constexpr std::array<std::string_view, 5> members = {"token", "method", "path", "address", "spend"};
constexpr std::size_t required = 3;  // the first three

Failure wrong(std::string what, std::string next) {
    return {Fault::usage, std::move(what), std::move(next)};
}

/// Takes the events of the JSON reader, one member after the other, and stops at the first that is
/// not as it should be: nothing nested is ever read.
class QuestionReader final : public nlohmann::json_sax<Json> {
public:
    /// What was read, or what is off.
    [[nodiscard]] Result<Question> finish() && {
        if (failure_)
            return *std::move(failure_);
        for (std::size_t i = 0; i < required; ++i) {
            if (seen_[i])
                continue;
            return wrong("The member '" + std::string(members[i]) + "' is missing.",
                         "Send token, method and path, each a text; an empty token means none.");
        }
        return std::move(question_);
    }

    bool start_object(std::size_t) override {
        if (inside_)
            return wrong_type();
        inside_ = true;
        return true;
    }
    bool end_object() override { return true; }

    bool key(std::string& name) override {
        for (current_ = 0; current_ < members.size(); ++current_)
            if (members[current_] == name)
                break;
        if (current_ == members.size())
            return refuse("The member '" + printable(token::blotted(name), 64) + "' is not known.",
                          "Send token, method, path, and if need be address and spend.");
        if (std::exchange(seen_[current_], true))
            return refuse("The member '" + name + "' is there twice.", "Send it once.");
        return true;
    }

    bool string(std::string& value) override {
        if (!inside_)
            return not_an_object();
        if (members[current_] == "token") {
            question_.token = Secret(std::move(value));
            return true;
        }
        if (members[current_] == "method")
            return take(question_.method, value, method_bytes_max);
        if (members[current_] == "path")
            return take(question_.path, value, limits::target_bytes_max);
        if (members[current_] != "address")
            return wrong_type();
        question_.address = Address::parse(value);
        if (question_.address)
            return true;
        return refuse("The member 'address' is not an address.",
                      "Send the client's IPv4 or IPv6 address alone, or leave the member out.");
    }

    bool boolean(bool value) override {
        if (!inside_)
            return not_an_object();
        if (members[current_] != "spend")
            return wrong_type();
        question_.spend = value ? Spend::yes : Spend::no;
        return true;
    }

    bool null() override { return inside_ ? wrong_type() : not_an_object(); }
    bool number_integer(std::int64_t) override { return null(); }
    bool number_unsigned(std::uint64_t) override { return null(); }
    bool number_float(double, const std::string&) override { return null(); }
    bool binary(Json::binary_t&) override { return null(); }
    bool start_array(std::size_t) override { return null(); }
    bool end_array() override { return true; }

    /// The reader's own text is not passed on: it quotes what it read, which may be the token.
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        return refuse("The body is not JSON: byte " + std::to_string(position) + " does not fit.",
                      "Send one JSON object in UTF-8.");
    }

private:
    bool refuse(std::string what, std::string next) {
        failure_ = wrong(std::move(what), std::move(next));
        return false;
    }
    bool not_an_object() {
        return refuse("The body is not a JSON object.",
                      R"(Send {"token":"...","method":"GET","path":"/..."}.)");
    }
    bool wrong_type() {
        const bool is_spend = members[current_] == "spend";
        return refuse("The member '" + std::string(members[current_]) + "' has the wrong type.",
                      is_spend ? "Send true or false." : "Send a text.");
    }
    bool take(std::string& into, std::string& value, std::size_t bytes_max) {
        if (value.size() > bytes_max)
            return refuse("The member '" + std::string(members[current_]) + "' is too long.",
                          "Send at most " + std::to_string(bytes_max) + " bytes.");
        into = std::move(value);
        return true;
    }

    Question question_;
    std::optional<Failure> failure_;
    std::array<bool, members.size()> seen_{};
    std::size_t current_ = 0;  // of members
    bool inside_ = false;
};

}  // namespace

Result<Question> read_question(std::string_view body) {
    QuestionReader reader;
    Json::sax_parse(body.begin(), body.end(), &reader);
    return std::move(reader).finish();
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
    return call;
}

Answer verify_answer(const Decision& decision, const ReplySettings& settings) {
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
    // Retry-After, WWW-Authenticate and their like would speak of this answer, and it is a 200.
    Answer answer{200, {{"Content-Type", "application/json"}}, {}};
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

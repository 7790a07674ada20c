#include "cli/doctor/check.h"

#include <algorithm>
#include <utility>

#include "base/visible.h"
#include "cli/print.h"

namespace hourgate::cli {

namespace {

constexpr std::size_t state_columns = 9;  // "skipped" and a gap
constexpr std::size_t name_columns = 18;

std::string padded(std::string_view text, std::size_t columns) {
    std::string out(text);
    out.resize(std::max(columns, out.size() + 1), ' ');
    return out;
}

Json json_of(const Check& check) {
    return {{"name", check.name},
            {"state", to_text(check.state)},
            {"seen", check.seen},
            {"fix", check.fix}};
}

}  // namespace

std::string_view to_text(State state) noexcept {
    switch (state) {
        case State::ok:
            return "ok";
        case State::warn:
            return "warn";
        case State::bad:
            return "bad";
        case State::skipped:
            return "skipped";
    }
    return "bad";
}

Check is_ok(std::string name, std::string seen) {
    return {std::move(name), State::ok, std::move(seen), ""};
}
Check is_doubtful(std::string name, std::string seen, std::string fix) {
    return {std::move(name), State::warn, std::move(seen), std::move(fix)};
}
Check is_bad(std::string name, std::string seen, std::string fix) {
    return {std::move(name), State::bad, std::move(seen), std::move(fix)};
}
Check is_skipped(std::string name, std::string why) {
    return {std::move(name), State::skipped, std::move(why), ""};
}
Check is_bad(std::string name, const Failure& failure) {
    return {std::move(name), State::bad, failure.what, failure.next};
}

std::string line_of(const Check& check) {
    std::string text =
        padded(to_text(check.state), state_columns) + padded(check.name, name_columns);
    text += visible_line(check.seen) + "\n";
    if (!check.fix.empty())
        text.append(state_columns, ' ').append("fix: ").append(visible_line(check.fix)) += "\n";
    return text;
}

void Report::add(Check check) {
    check.fix = session_.output.hinted(check.fix);
    if (!wants_json(session_)) {
        session_.output.progress("");
        // What cannot be printed now cannot be printed at the end either, where it is a failure.
        static_cast<void>(session_.output.print(shown(check)));
    }
    checks_.push_back(std::move(check));
}

/// One mistake may appear in many rows, but its fix is printed once.
std::string Report::shown(const Check& check) const {
    for (const Check& earlier : checks_)
        if (!check.fix.empty() && check.fix == earlier.fix)
            return line_of({check.name, check.state, check.seen, "as of '" + earlier.name + "'"});
    return line_of(check);
}

void Report::add(std::vector<Check> checks) {
    for (Check& check : checks)
        add(std::move(check));
}

Status Report::finish() const {
    const auto number_of = [&](State state) {
        return std::count_if(checks_.begin(), checks_.end(),
                             [&](const Check& check) { return check.state == state; });
    };
    const auto bad = number_of(State::bad), warnings = number_of(State::warn);
    Status printed = Done{};
    if (wants_json(session_)) {
        Json rows = Json::array();
        for (const Check& check : checks_)
            rows.push_back(json_of(check));
        printed = print(session_, Json{{"checks", rows}, {"ok", bad == 0}});
    } else {
        printed = session_.output.print(std::to_string(number_of(State::ok)) + " ok, " +
                                        std::to_string(warnings) + " worth a look, " +
                                        std::to_string(bad) + " bad, " +
                                        std::to_string(number_of(State::skipped)) + " skipped\n");
    }
    if (!printed)
        return printed;
    if (bad == 0)
        return Done{};
    return Failure{Fault::system,
                   std::to_string(bad) + (bad == 1 ? " check is" : " checks are") + " bad",
                   "fix the first one, then run it again: others may follow from it"};
}

}  // namespace hourgate::cli

#include "cli/replay/report.h"

#include <algorithm>
#include <vector>

#include "base/time_text.h"
#include "cli/output.h"

namespace hourgate::cli {

namespace {

using Kind = Replayed::Kind;

std::string shown_workspace(const std::string& name) {
    return name.empty() ? "(no token known)" : name;
}

}  // namespace

void ReplayReport::add_around(const manage::DecisionRecord& record, const Replayed& replayed) {
    // Counts as usage does: by token.
    granted_ += replayed.kind != Kind::probe &&
                        record.kind == manage::DecisionRecord::Kind::granted && !record.again &&
                        record.token_id != 0
                    ? 1
                    : 0;
}

void ReplayReport::add(const manage::DecisionRecord& record, const Replayed& replayed) {
    add_around(record, replayed);
    if (replayed.kind == Kind::probe) {
        ++probes_;
        return;
    }
    if (replayed.kind == Kind::same)
        ++same_;
    if (replayed.kind == Kind::left)
        ++left_;
    if (replayed.kind == Kind::same || replayed.kind == Kind::left)
        return;
    Changed& changed = changed_[{replayed.kind, replayed.workspace, replayed.was, replayed.now}];
    if (changed.calls++ == 0)
        changed.first_ms = record.at_ms;
    if (!record.prefix.empty())
        changed.tokens.insert(record.prefix);
}

bool ReplayReport::is_judged(const Group& group) const {
    const std::string full(to_text(Reason::window_full));
    return windows_judged() || (std::get<2>(group) != full && std::get<3>(group) != full);
}

std::int64_t ReplayReport::not_judged() const {
    std::int64_t calls = 0;
    for (const auto& [group, changed] : changed_)
        calls += is_judged(group) ? 0 : changed.calls;
    return calls;
}

std::int64_t ReplayReport::total(Kind kind) const {
    std::int64_t calls = 0;
    for (const auto& [group, changed] : changed_)
        if (std::get<0>(group) == kind && is_judged(group))
            calls += changed.calls;
    return calls;
}

http::Json ReplayReport::json_of(Kind kind) const {
    http::Json list = http::Json::array();
    for (const auto& [group, changed] : changed_) {
        if (std::get<0>(group) != kind || !is_judged(group))
            continue;
        list.push_back({{"workspace", http::text_or_null(std::get<1>(group))},
                        {"was", std::get<2>(group)},
                        {"now", std::get<3>(group)},
                        {"calls", changed.calls},
                        {"first", format_time(changed.first_ms)},
                        {"tokens", changed.tokens}});
    }
    return list;
}

http::Json ReplayReport::json() const {
    return {{"against", against},
            {"from", format_time(from_ms)},
            {"until", format_time(until_ms)},
            {"same", same_},
            {"left", left_},
            {"probesLeftOut", probes_},
            {"newlyRefused", json_of(Kind::newly_refused)},
            {"newlyGranted", json_of(Kind::newly_granted)},
            {"refusedOtherwise", json_of(Kind::refused_otherwise)},
            {"windowsJudged", windows_judged()},
            {"notJudged", not_judged()},
            {"grantedCalls",
             {{"from", format_time(hours_from_ms)},
              {"until", format_time(hours_until_ms)},
              {"onRecord", granted_},
              {"counted", calls_granted}}}};
}

std::string ReplayReport::table_of(Kind kind, const std::string& title) const {
    std::vector<std::vector<std::string>> rows = {
        {"WORKSPACE", "WAS", "WOULD BE", "CALLS", "TOKENS", "FIRST"}};
    for (const auto& [group, changed] : changed_)
        if (std::get<0>(group) == kind && is_judged(group))
            rows.push_back({shown_workspace(std::get<1>(group)), std::get<2>(group),
                            std::get<3>(group), std::to_string(changed.calls),
                            std::to_string(changed.tokens.size()), format_time(changed.first_ms)});
    if (rows.size() == 1)
        return "";
    return "\n" + title + "\n" + columns_of(rows);
}

std::string ReplayReport::text() const {
    std::string text = lines_of(
        {{"against", against},
         {"from", format_time(from_ms)},
         {"until", format_time(until_ms)},
         {"the same", std::to_string(same_)},
         {"newly refused", std::to_string(total(Kind::newly_refused))},
         {"newly granted", std::to_string(total(Kind::newly_granted))},
         {"refused otherwise", std::to_string(total(Kind::refused_otherwise))},
         {"left as it was", std::to_string(left_)},
         {"not judged", std::to_string(not_judged())},
         {"windows", windows_judged() ? "judged: every granted call is on record"
                                      : "cannot be judged: not every granted call is on record"}});
    if (same_ == 0 && left_ == 0 && changed_.empty())
        text += "\nThere are no matching decisions on record in this time.\n";
    if (probes_ > 0)
        text += "\nLeft out: " + std::to_string(probes_) + (probes_ == 1 ? " call" : " calls") +
                " on record that `hourgate doctor --through` made.\n";
    text += table_of(Kind::newly_refused, "Newly refused");
    text += table_of(Kind::newly_granted, "Newly granted");
    text += table_of(Kind::refused_otherwise, "Refused for another reason");
    text +=
        "\nEach call of this period is judged for itself. Usage is counted by the hour, and "
        "parts of an hour\ncannot be separated: whether windows are judged follows from the "
        "whole hours from\n" +
        format_time(hours_from_ms) + " until " + format_time(hours_until_ms) + ".\n";
    if (!windows_judged())
        text += "\nOf about " + std::to_string(calls_granted) + " granted calls in these hours " +
                std::to_string(granted_) +
                " are on record, so windows would fill later here than they did, and calls that "
                "a window\ndecides are not judged.\nTo try limits, have [decisions] grants = "
                "\"all\" for a while, and rows high enough.\nIf both are set, name with --from a "
                "full hour (UTC) that began after they were.\n";
    return text;
}

}  // namespace hourgate::cli

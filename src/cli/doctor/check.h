// What `hourgate doctor` says: one check is one row. Findings are made by functions that look at
// nothing themselves, so that each can be tested; a Report takes them and prints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command_context.h"

namespace hourgate::cli {

enum class State : std::uint8_t { ok, warn, bad, skipped };
[[nodiscard]] std::string_view to_text(State state) noexcept;

struct Check {
    std::string name;
    State state = State::ok;
    std::string seen;  ///< what was found, in words
    std::string fix;   ///< one step; empty when there is none to take
};

[[nodiscard]] Check is_ok(std::string name, std::string seen);
[[nodiscard]] Check is_doubtful(std::string name, std::string seen, std::string fix);
[[nodiscard]] Check is_bad(std::string name, std::string seen, std::string fix);
/// `why`: what it would have needed.
[[nodiscard]] Check is_skipped(std::string name, std::string why);
/// What kept a check from being made.
[[nodiscard]] Check is_bad(std::string name, const Failure& failure);

/// "warn  disk            7 MiB are free", "      fix: …", "      …": with its line end.
[[nodiscard]] std::string line_of(const Check& check);

/// Prints each row as it comes, so that a slow check keeps nobody waiting for the others; with
/// --json all of them as one object at the end.
class Report {
public:
    explicit Report(const CommandContext& session) : session_(session) {}

    void add(Check check);
    void add(std::vector<Check> checks);
    [[nodiscard]] const std::vector<Check>& checks() const noexcept { return checks_; }

    /// The summary, or the object. Failure::system when a check is bad.
    [[nodiscard]] Status finish() const;

private:
    [[nodiscard]] std::string shown(const Check& check) const;

    const CommandContext& session_;
    std::vector<Check> checks_;
};

}  // namespace hourgate::cli

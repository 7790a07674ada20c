// The rows of `hourgate doctor`: one check is one row. The functions that make findings do no I/O,
// so that each can be tested. A Report collects rows and prints them.
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
    std::string seen;  ///< what was found, as text
    std::string fix;   ///< the next step; empty if there is none
};

[[nodiscard]] Check is_ok(std::string name, std::string seen);
[[nodiscard]] Check is_doubtful(std::string name, std::string seen, std::string fix);
[[nodiscard]] Check is_bad(std::string name, std::string seen, std::string fix);
/// `why`: what the check would have needed.
[[nodiscard]] Check is_skipped(std::string name, std::string why);
/// `failure`: why the check could not be made.
[[nodiscard]] Check is_bad(std::string name, const Failure& failure);

/// Returns "warn  disk            7 MiB are free", "      fix: …", "      …", with line ends.
[[nodiscard]] std::string line_of(const Check& check);

/// Prints each row when it is added, so that a slow check does not delay the others. With --json,
/// prints all rows as one object at the end.
class Report {
public:
    explicit Report(const CommandContext& session) : session_(session) {}

    void add(Check check);
    void add(std::vector<Check> checks);
    [[nodiscard]] const std::vector<Check>& checks() const noexcept { return checks_; }

    /// Prints the summary or the JSON object. Returns Failure::system if a check is bad.
    [[nodiscard]] Status finish() const;

private:
    [[nodiscard]] std::string shown(const Check& check) const;

    const CommandContext& session_;
    std::vector<Check> checks_;
};

}  // namespace hourgate::cli

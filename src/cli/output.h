// What a command prints: results to standard output, the rest to standard error, as lines for
// people or as JSON for programs. Nothing is buffered, and no text can change the terminal's state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/hints.h"

namespace hourgate::cli {

enum class Form : std::uint8_t { plain, json };

class Output {
public:
    /// `hints` complete the commands that appear in failures, warnings and notes.
    explicit Output(Form form, Hints hints = {}) : form_(form), hints_(std::move(hints)) {}
    [[nodiscard]] Form form() const noexcept { return form_; }
    /// Returns any other text with its commands completed; see Hints.
    [[nodiscard]] std::string hinted(std::string_view text) const { return hints_.in(text); }

    /// Writes to standard output at once; escapes control characters except line ends. Returns
    /// Failure::system if the text cannot be written (full disk, closed pipe). The command has done
    /// its work then, but its result is lost.
    [[nodiscard]] Status print(std::string_view text) const;

    /// Does the same for a command that changed nothing. A reader that closed the pipe, as head(1)
    /// does, has seen enough: that is no failure.
    [[nodiscard]] Status print_found(std::string_view text) const;

    /// Returns true if standard output is a terminal.
    [[nodiscard]] bool is_for_people() const noexcept;

    /// Prints "hourgate: warning: WHAT" on standard error.
    void warn(std::string_view what) const noexcept;

    /// Prints a line for people on standard error, below a result. Does nothing with JSON.
    void note(std::string_view what) const noexcept;

    /// Prints "hourgate: WHAT" for each line of `what`, then "  next: NEXT" and "  config: CONFIG",
    /// on standard error. Empty ones are left out. In JSON, "code" is a stable word for the kind of
    /// failure, and "reason", if any, for the failure itself. Several lines of `what` are also a
    /// list, "mistakes".
    void fail(const Failure& failure, std::string_view config) const noexcept;

    /// Shows a line on a terminal that the next one overwrites; "" removes it. Does nothing
    /// elsewhere.
    void progress(std::string_view line) const noexcept;

private:
    const Form form_;
    const Hints hints_;
};

/// Returns a stable word: "usage", "not_found", "conflict", "forbidden", "full", "config", "store",
/// "permission" or "system".
[[nodiscard]] std::string_view code_of(Fault fault) noexcept;

/// Returns 2 for wrong usage, else 1.
[[nodiscard]] int exit_code_of(const Failure& failure) noexcept;

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Returns one "key  value" a line, with aligned values; "-" for an empty value. Values come from
/// the database and may be anybody's, so each stays on one line: line ends are escaped like any
/// other control character.
[[nodiscard]] std::string lines_of(const Pairs& pairs);
/// Returns columns of equal width, two spaces apart; the first row is the heading. A row is one
/// line, whatever its cells contain.
[[nodiscard]] std::string columns_of(std::vector<std::vector<std::string>> rows);

}  // namespace hourgate::cli

// What a command prints: results to standard output, the rest to standard error; as lines for
// people or as JSON for programs. Nothing stays in a buffer, and nothing can colour or break a
// terminal.
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
    /// `hints` complete the commands that failures, warnings and notes name.
    explicit Output(Form form, Hints hints = {}) : form_(form), hints_(std::move(hints)) {}
    [[nodiscard]] Form form() const noexcept { return form_; }
    /// Returns a text of another kind with its commands completed; see Hints.
    [[nodiscard]] std::string hinted(std::string_view text) const { return hints_.in(text); }

    /// Writes to standard output at once, with control characters escaped but for line ends.
    /// Failure::system when it cannot be written (a full disk, a closed pipe): the command did its
    /// work, and what it had to say is lost.
    [[nodiscard]] Status print(std::string_view text) const;

    /// The same for a command that changed nothing: a reader that closed the pipe, as head(1) does,
    /// has seen enough, and that is no failure.
    [[nodiscard]] Status print_found(std::string_view text) const;

    /// Whether people look at standard output, on a terminal.
    [[nodiscard]] bool is_for_people() const noexcept;

    /// "hourgate: warning: WHAT" on standard error.
    void warn(std::string_view what) const noexcept;

    /// A line on standard error for people, below a result; nothing in JSON.
    void note(std::string_view what) const noexcept;

    /// Prints "hourgate: WHAT" for each line of it, "  next: NEXT" and "  config: CONFIG" on
    /// standard error. Empty ones are left out. In JSON the lines of WHAT are also a list,
    /// "mistakes", if there are several; "code" is a stable word for the kind of failure, and
    /// "reason", where there is one, for the failure itself.
    void fail(const Failure& failure, std::string_view config) const noexcept;

    /// A line that is written over by the next, on a terminal; nothing elsewhere. "" removes it.
    void progress(std::string_view line) const noexcept;

private:
    const Form form_;
    const Hints hints_;
};

/// A stable word: "usage", "not_found", "conflict", "forbidden", "full", "config", "store",
/// "permission" or "system".
[[nodiscard]] std::string_view code_of(Fault fault) noexcept;

/// 0 done, 1 failed, 2 wrong usage.
[[nodiscard]] int exit_code_of(const Failure& failure) noexcept;

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// One "key  value" a line, values aligned. An empty value is "-". What is in a database may be
/// anybody's, so a value is one line: a line end in it is escaped like any other control character.
[[nodiscard]] std::string lines_of(const Pairs& pairs);
/// Columns of equal width, two spaces between them; the first row is the heading. A row is one
/// line, whatever its cells hold.
[[nodiscard]] std::string columns_of(std::vector<std::vector<std::string>> rows);

}  // namespace hourgate::cli

// The outcome of an operation whose failure an operator can fix: bad input, a file, a database.
// Refusals of callers are not failures; they are values of type Decision (gate/decision.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace hourgate {

/// The kind of a failure. The command line turns it into an exit code, HTTP into a status.
enum class Fault {
    usage,       ///< the request itself is wrong (ambiguous name, bad date): exit 2
    not_found,   ///< the named thing does not exist
    conflict,    ///< the rules forbid it in the present state (last owner, name taken)
    forbidden,   ///< the rules forbid it to this caller in every state
    full,        ///< a window for this operation is full; `window` says when there is room
    config,      ///< the configuration file
    store,       ///< the database or its file
    permission,  ///< this user may not read or write the file: the command line shows the sudo line
    system,      ///< the machine (port taken, disk full)
};

/// A limit on how often something may be done in a time, once it is reached.
struct FullWindow {
    std::string_view name;  ///< static text: "mints"
    std::int64_t limit = 0;
    std::int64_t seconds = 0;        ///< at most `limit` times in any period this long
    std::int64_t retry_after_s = 0;  ///< the earliest time at which there is room
};

/// Why an operation failed, as text for a person.
struct Failure {
    Fault fault = Fault::system;
    std::string what;  ///< names the thing and the value: "plan 'gold' does not exist"
    std::string next;  ///< one step that fixes it: "see `hourgate plan list`"; may be empty

    // For callers over HTTP, whose next step differs: see http/manage/failure.h.
    std::string_view reason = {};  ///< stable word, "last_owner"; static text or empty
    std::string_view field = {};   ///< usage: the member of the request that is wrong; static text
    std::string object = {};       ///< conflict: public id or prefix of the conflicting object
    FullWindow window = {};        ///< full: which window
};

/// Either a T or a Failure. REQUIRES: `value()` only when ok, `failure()` only when not.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] T& value() & {
        HOURGATE_CHECK(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] const T& value() const& {
        HOURGATE_CHECK(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] T&& value() && {
        HOURGATE_CHECK(ok());
        return std::move(*std::get_if<0>(&state_));
    }
    [[nodiscard]] const Failure& failure() const {
        HOURGATE_CHECK(!ok());
        return *std::get_if<1>(&state_);
    }

private:
    std::variant<T, Failure> state_;
};

/// A Result without a value.
struct Done {};
using Status = Result<Done>;

}  // namespace hourgate

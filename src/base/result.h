// The outcome of an operation that can fail for an operator to mend: bad input, a file, a database.
// Refusals of callers are not failures; they are values of type Decision (gate/decision.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace hourgate {

/// What kind of failure: the command line turns it into an exit code, HTTP into a status.
enum class Fault {
    usage,       ///< the request itself is wrong (ambiguous name, bad date): exit 2
    not_found,   ///< the named thing does not exist
    conflict,    ///< the rules forbid it in the present state (last owner, name taken)
    forbidden,   ///< the rules forbid it to whoever asks, whatever the state
    full,        ///< it was done as often as a window allows; `window` says when there is room
    config,      ///< the configuration file
    store,       ///< the database or its file
    permission,  ///< this user may not read or write the file: the command line shows the sudo line
    system,      ///< the machine (port taken, disk full)
};

/// A bound on how often something may be done within a time, which is used up.
struct FullWindow {
    std::string_view name;  ///< static text: "mints"
    std::int64_t limit = 0;
    std::int64_t seconds = 0;        ///< at most `limit` times in any so many seconds
    std::int64_t retry_after_s = 0;  ///< there is room after so many seconds, and no sooner
};

/// Why something could not be done, in words for a person.
struct Failure {
    Fault fault = Fault::system;
    std::string what;  ///< names the thing and the value: "plan 'gold' does not exist"
    std::string next;  ///< one step that mends it: "see `hourgate plan list`"; may be empty

    // For whoever asks over HTTP, where the next step is another one: see http/manage/failure.h.
    std::string_view reason = {};  ///< stable word of its own, "last_owner"; static text or empty
    std::string_view field = {};   ///< usage: the member of the request that is off; static text
    std::string object = {};       ///< conflict: public id or prefix of what stands in the way
    FullWindow window = {};        ///< full: which one
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

/// A Result with nothing to hand over.
struct Done {};
using Status = Result<Done>;

}  // namespace hourgate

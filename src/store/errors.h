// From exceptions and errno to words: the one place where store/ turns what SQLite or the machine
// reports into a Failure that names the file and the next step. No exception leaves store/.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace hourgate::store {

/// Thrown inside store/ for a row that cannot be: an unknown role, an unreadable scope. The file
/// was changed by another hand, or is damaged.
struct ImpossibleRow : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Thrown inside store/ when a Progress says that it is to end.
struct Stopped : std::runtime_error {
    Stopped() : std::runtime_error("stopped") {}
};

/// What SQLite says of a file, or what stands in it, as one printable line: names of tables are in
/// it, and a file may be anybody's.
[[nodiscard]] std::string one_line(std::string_view said);

/// The exception being handled, as a Failure about `path`. REQUIRES: called inside a catch block.
[[nodiscard]] Failure failure_in_flight(const std::string& path) noexcept;

/// A failed system call: `what` as in "cannot open", `error` is errno.
[[nodiscard]] Failure system_failure(const std::string& what, const std::string& path, int error);

/// This user may not do `what` ("read", "write") with `path`.
[[nodiscard]] Failure permission_failure(const std::string& what, const std::string& path);

/// Runs `action`, which gives a Result; an exception becomes its Failure.
template <typename Action>
[[nodiscard]] auto guarded(const std::string& path, Action&& action) noexcept
    -> decltype(action()) {
    try {
        return std::forward<Action>(action)();
    } catch (...) {
        return failure_in_flight(path);
    }
}

}  // namespace hourgate::store

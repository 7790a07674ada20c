// Lines to standard error in logfmt, with journald's level prefix when systemd reads it
// ($JOURNAL_STREAM). One write(2) a line, so lines of threads never mix. Nothing of a token but its
// prefix, nothing of a query; every value a caller controls goes through logfmt_value(), and a
// token that a caller put into the path is blotted out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gate/decision.h"

namespace hourgate::ops {

enum class Level : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6 };

class Log {
public:
    /// `fd` is standard error but in tests. It stays open and the caller's.
    explicit Log(int fd = 2) noexcept;
    /// The same with another clock for line(). `clock` must outlive the log.
    Log(int fd, const Clock& clock) noexcept;

    /// time=… level=… msg=… key=value …  Keys are the program's own words. A message has at most
    /// 1,000 bytes, a value 500, a line 4,096; what is over is cut off. What cannot be written is
    /// lost: there is nobody left to tell. Any thread.
    void line(
        Level level, std::string_view message,
        const std::vector<std::pair<std::string_view, std::string>>& fields = {}) const noexcept;

    /// One line per refusal: time=… level=notice msg=refused decision=dec_… reason=… status=…
    /// prefix=… workspace=ws_… member=mem_… method=… path=… address=…, request=… where the client
    /// sent X-Request-Id, and because=… behind too_many_failures. What is not known is "".
    /// `status` is the one the caller gets to see. Granted calls write nothing; observed ones do,
    /// with msg=observed. store_failed is an error.
    void refusal(const Decision& decision, int status) const noexcept;

private:
    void write_line(Level level, std::string line) const noexcept;

    const int fd_;
    const Clock& clock_;
    const bool journal_;  // the descriptor is the journal's socket
};

}  // namespace hourgate::ops

// The file `hourgate.state`: what the limiters have counted, for the server that starts next.
//
//   "HGSTATE\n"  version (4 bytes)  boot id (36)  database (32)
//   part (1)  bytes (4)  piece …                 as often as there are pieces
//   255  16  until (8)  ahead (8)                the end: see Saved
//   seal (32)                                    of all before, keyed: BLAKE2b-256 (RFC 7693)
//
// Numbers have their low byte first. The key is the database's own, so what is read is what a
// server of this database wrote, unchanged and whole; what is in a piece is the limiters' business
// (limiter/saved.h).
// The file is disposable: whatever is wrong with it is a Failure in words, and windows start empty.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "token/seal.h"

namespace hourgate::ops {

/// Whose counters a piece has. Stored: never renumbered.
enum class StatePart : std::uint8_t {
    limiter = 0,
    urgent = 1,  ///< of earlier versions: read over, not written
    failures = 2,
    public_calls = 3,
    preflights = 4,
    own = 5,  ///< of the gate's own routes
};

/// When it was written.
struct Saved {
    std::string boot_id;        ///< of the machine then; "" when there was none to read
    std::int64_t until_us = 0;  ///< time of the limiters (Timeline) once all was copied
    std::int64_t ahead_us = 0;  ///< what of it was not CLOCK_BOOTTIME
};

/// A state file beside the database: "…/hourgate.db" has "…/hourgate.state", another name gets
/// ".state" at its end.
[[nodiscard]] std::string state_path_of(const std::string& database);

/// /proc/sys/kernel/random/boot_id, or "" where there is none.
[[nodiscard]] std::string read_boot_id();

/// The next state file, being written under a name of its own ("….state.new", 0600, of the same
/// owner as the one in place) and removed unless it was moved into place. What is small is only on
/// the disk once it is placed. Not thread-safe.
class StateFileWriter {
public:
    /// `key`: of the database, 16 to 64 bytes.
    StateFileWriter(const std::string& path, std::string_view key, const std::string& boot_id);
    StateFileWriter(const StateFileWriter&) = delete;
    StateFileWriter& operator=(const StateFileWriter&) = delete;
    ~StateFileWriter();

    /// REQUIRES: the piece has at most limits::state_piece_bytes_max.
    [[nodiscard]] Status add(StatePart part, std::string_view piece);
    /// Of what was added so far: two drafts with one seal have the same counters.
    [[nodiscard]] token::Sealing::Seal seal() const noexcept { return sealing_.seal(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// Writes the end, syncs it, puts it in place of the present file and syncs the folder: also a
    /// machine that loses its power has either the old one or this one.
    [[nodiscard]] Status place(std::int64_t until_us, std::int64_t ahead_us);

private:
    void append(std::string_view bytes);
    [[nodiscard]] Status flush();
    [[nodiscard]] Status open();

    const std::string path_;
    const std::string draft_path_;
    int fd_ = -1;  // -1: not there yet, or moved into place
    token::Sealing sealing_;
    std::string pending_;  // not written yet
    std::uint64_t bytes_ = 0;
};

/// A state file that is whole. Not thread-safe.
class StateFile {
public:
    /// Reads all of it once, in blocks, and checks it. Nothing when there is none. Failure when it
    /// is no plain file, too large, cut short, changed, or of another version or database.
    [[nodiscard]] static Result<std::optional<StateFile>> open(const std::string& path,
                                                               std::string_view key);
    StateFile(StateFile&& other) noexcept;
    StateFile& operator=(StateFile&&) = delete;
    ~StateFile();

    [[nodiscard]] const Saved& saved() const noexcept { return saved_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// Hands over piece after piece; Failure once `take` says no, or for a part nobody knows.
    [[nodiscard]] Status read(const std::function<bool(StatePart, std::string_view)>& take) const;

private:
    StateFile(int fd, std::string path) : path_(std::move(path)), fd_(fd) {}
    [[nodiscard]] Status check(std::string_view key);
    [[nodiscard]] Status check_seal(std::string_view key) const;
    [[nodiscard]] Failure unusable(const std::string& why) const;
    [[nodiscard]] bool read_at(std::uint64_t at, char* to, std::size_t count) const noexcept;

    std::string path_;
    int fd_;
    std::uint64_t bytes_ = 0;
    Saved saved_;
};

}  // namespace hourgate::ops

// What the machine says of itself, for `hourgate doctor`: room on the disk, rights of files, the
// clock's keeper, addresses, limits of a process. Reads only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"

namespace hourgate::ops {

struct DiskSpace {
    std::int64_t free_bytes = 0;  ///< for a user without privileges
    std::int64_t all_bytes = 0;
    std::int64_t free_files = 0;  ///< -1: this file system does not count them
};
/// Of the file system that `path`, a file or folder that exists, is on.
[[nodiscard]] std::optional<DiskSpace> space_next_to(const std::string& path);

struct FileRights {
    std::string path;
    uid_t owner = 0;
    mode_t mode = 0;  ///< the permission bits
    bool folder = false;
    std::int64_t bytes = 0;
};
/// Nothing when it does not exist or cannot be looked at.
[[nodiscard]] std::optional<FileRights> rights_of(const std::string& path);

struct FoundFile {
    std::string path;
    std::int64_t changed_ms = 0;
};
/// The regular file with that ending in a folder that was changed last. The second is false when
/// the folder cannot be read.
struct Newest {
    std::optional<FoundFile> file;
    bool readable = true;
};
[[nodiscard]] Newest newest_in(const std::string& folder, std::string_view ending);

/// Whether a time service keeps the wall clock (adjtimex(2), STA_UNSYNC); nothing when the kernel
/// does not say.
[[nodiscard]] std::optional<bool> clock_is_kept() noexcept;

/// What others may know this machine by: no loopback, no link-local address.
[[nodiscard]] std::vector<Address> own_addresses();

/// Of this machine, nothing else: 127.0.0.0/8 and ::1.
[[nodiscard]] bool is_loopback(const Address& address);
/// Of networks that the internet does not route (RFC 1918, RFC 4193, RFC 3927, RFC 6598).
[[nodiscard]] bool is_private(const Address& address);

/// What a name or numeric address resolves to first; nothing when it does not.
[[nodiscard]] std::optional<Address> resolved(const std::string& host);
/// The address of this machine that a connection to `there` comes from. Sends nothing.
[[nodiscard]] std::optional<Address> source_toward(const Address& there);

/// Whether a connection from an address of this machine to another address of it is accepted. Sends
/// nothing on it. REQUIRES: both of one family, and both of this machine, so that it takes no time.
[[nodiscard]] bool can_connect(const Address& from, const Address& to, std::uint16_t port);

/// Whether this user can listen on a TCP port of that address of this machine now. Returns "" if
/// so, else why not, as in "Address already in use". Nothing listens there afterwards.
[[nodiscard]] std::string why_not_listened(const Address& where, std::uint16_t port);

/// Where a connection is to be made to.
struct ConnectTarget {
    std::string host;  ///< name or numeric address
    std::uint16_t port = 0;
    std::string socket_path;  ///< a Unix socket instead, if not empty
};
/// Connects, and sends nothing. Returns "" if that works; else why it does not, as in "Connection
/// refused", "no answer within 2 s" or "the name does not resolve". Waits at most `wait_ms` for
/// each of the first four addresses that a name stands for.
[[nodiscard]] std::string why_not_connected(const ConnectTarget& place, int wait_ms);

/// The users who listen on a Unix socket, as the kernel remembers them (unix(7), SO_PEERCRED).
/// Empty when nobody does. Connects, and sends nothing.
[[nodiscard]] std::vector<uid_t> listening_users(const std::string& socket_path);
/// The users who listen on a TCP port at `where` or at all addresses, of /proc/net/tcp and tcp6.
/// Empty when nobody does, or when that is in another network namespace, as behind the port of a
/// container.
[[nodiscard]] std::vector<uid_t> listening_users(const Address& where, std::uint16_t port);

/// Of another process; nothing when it cannot be told.
[[nodiscard]] std::optional<std::int64_t> open_files_max(int pid);  ///< soft limit
[[nodiscard]] std::optional<uid_t> user_of(int pid);

}  // namespace hourgate::ops

// Files that look like backups to a command that checks whether one may be replaced or removed.
#pragma once

#include <string>

namespace hourgate::test {

/// Returns the first bytes of a backup. Nothing else is checked before one is replaced or removed.
inline std::string first_bytes_of_backup() {
    std::string bytes(100, '\0');
    bytes.replace(0, 15, "SQLite format 3");
    bytes[18] = bytes[19] = 1;  // no WAL
    bytes.replace(68, 4, "HGAT");
    return bytes;
}

inline const std::string earlier_backup = first_bytes_of_backup() + "an earlier backup";

}  // namespace hourgate::test

// Files that look like backups to a command that asks whether one may be replaced or removed.
#pragma once

#include <string>

namespace hourgate::test {

/// The first bytes of a backup, which is all that is looked at before one is replaced or removed.
inline std::string first_bytes_of_backup() {
    std::string bytes(100, '\0');
    bytes.replace(0, 15, "SQLite format 3");
    bytes[18] = bytes[19] = 1;  // no WAL
    bytes.replace(68, 4, "HGAT");
    return bytes;
}

inline const std::string earlier_backup = first_bytes_of_backup() + "an earlier backup";

}  // namespace hourgate::test

#include "base/file_kind.h"

#include <sys/stat.h>

namespace hourgate {

std::string_view noun_of_file(mode_t mode) noexcept {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return "a file";
        case S_IFDIR:
            return "a folder";
        case S_IFLNK:
            return "a symbolic link";
        case S_IFIFO:
            return "a pipe";
        case S_IFSOCK:
            return "a socket";
        default:
            return "a device";
    }
}

}  // namespace hourgate

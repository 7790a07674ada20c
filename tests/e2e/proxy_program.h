// Finds the proxies that tests start.
#pragma once

#include <string>

#include "e2e/program.h"
#include "places.h"

namespace hourgate::e2e {

/// Returns the installed program, or the one that scripts/setup unpacked; "" if there is none.
[[nodiscard]] inline std::string executable(const std::string& name) {
    const std::string unpacked = HOURGATE_SOURCE_DIR "/.deps/proxies/usr/";
    if (installed(name))
        return name;
    for (const std::string& path :
         {"/usr/sbin/" + name, unpacked + "sbin/" + name, unpacked + "bin/" + name})
        if (exists(path))
            return path;
    return "";
}

/// Returns the folders of the libraries that were unpacked with it.
[[nodiscard]] inline std::string library_path() {
    const std::string folder = HOURGATE_SOURCE_DIR "/.deps/proxies/usr/lib/";
    std::string path;
    if (exists(folder))
        for (const std::string& name : names_in(folder))
            path += (path.empty() ? "" : ":") + folder + name;
    return path;
}

/// Returns the beginning of a minimal main file of nginx, up to its http block. It keeps all files
/// in `folder`.
[[nodiscard]] inline std::string nginx_begin(const Folder& folder) {
    const auto temp = [&](const std::string& kind) {
        return kind + "_temp_path " + folder.file(kind) + ";\n";
    };
    return "daemon off;\npid " + folder.file("pid") + ";\nerror_log stderr;\n" +
           (is_root() ? "user root;\n" : "") + "events {}\nhttp {\naccess_log off;\n" +
           temp("client_body") + temp("proxy") + temp("fastcgi") + temp("uwsgi") + temp("scgi");
}

}  // namespace hourgate::e2e

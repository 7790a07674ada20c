# The libraries, all linked as static archives or used as headers, behind one target `third_party`.
# They are found by the CMake configurations and pkg-config files that their packages bring. Three
# things cannot be taken from there as they are in Debian 12 and 13:
#   - libsodium's and utf8proc's pkg-config files do not tell the static archive from the shared
#     library, so the archive is looked for in the folder that they name;
#   - toml++'s target links the shared library, so only its header folder is used;
#   - SQLiteCpp's target links the machine's SQLite, which is too old, so it gets ours instead.
#
# Leaves `parts`: "name|version|sha256|license|purl" for each, for `hourgate version`. The hash is of
# the file that is compiled or linked in; a library of many headers has none. Licenses are SPDX
# identifiers; a purl (github.com/package-url/purl-spec) is the name scanners know a package by.
set(parts "")
add_library(third_party INTERFACE)

# read_define(OUT FILE NAME): the value of a #define, quotes removed; empty when absent.
function(read_define out file name)
    set(value "")
    set(define "^[ \t]*#[ \t]*define[ \t]+${name}[ \t]+\"?")
    if(EXISTS "${file}")
        file(STRINGS "${file}" line REGEX "${define}" LIMIT_COUNT 1)
        string(REGEX REPLACE "${define}([^\" \t]*).*" "\\1" value "${line}")
    endif()
    set(${out} "${value}" PARENT_SCOPE)
endfunction()

# read_version(OUT FILE PREFIX): joins the #defines PREFIX_MAJOR, _MINOR and _PATCH.
function(read_version out file prefix)
    foreach(part MAJOR MINOR PATCH)
        read_define(${part} "${file}" ${prefix}_${part})
    endforeach()
    set(${out} ${MAJOR}.${MINOR}.${PATCH} PARENT_SCOPE)
endfunction()

# record(NAME VERSION LICENSE PURL [FILE]): adds a line to `parts`.
macro(record name version license purl)
    set(hash "")
    if(${ARGC} GREATER 4)
        file(SHA256 "${ARGV4}" hash)
    endif()
    list(APPEND parts "${name}|${version}|${hash}|${license}|${purl}")
endmacro()

# source_package(OUT PACKAGE): the purl of the Debian source that an installed package was built from;
# empty where dpkg does not know it.
function(source_package out package)
    set(${out} "" PARENT_SCOPE)
    execute_process(COMMAND dpkg-query -W -f "pkg:deb/debian/\${source:Package}@\${source:Version}"
        "${package}" OUTPUT_VARIABLE purl RESULT_VARIABLE failed ERROR_QUIET)
    if(NOT failed)
        string(REPLACE "+" "%2B" purl "${purl}")
        set(${out} "${purl}" PARENT_SCOPE)
    endif()
endfunction()

# require_source(NAME FOLDER VERSION): stops unless the folder has the file that cmake/sources.txt
# names, or a version that HOURGATE_UNPINNED allows.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS cmake/sources.txt)
function(require_source name folder version)
    file(STRINGS "${CMAKE_SOURCE_DIR}/cmake/sources.txt" line REGEX "^${name} ")
    string(REGEX MATCHALL "[^ ]+" pin "${line}")
    list(GET pin 1 minimum)
    list(GET pin 2 pinned)
    list(GET pin 3 file)
    list(GET pin 4 hash)
    if(version STREQUAL "" OR version VERSION_LESS minimum)
        message(FATAL_ERROR "${name} ${minimum} or later is needed in ${folder} (found there: "
            "\"${version}\"). Run scripts/setup first.")
    endif()
    file(SHA256 "${folder}/${file}" found)
    if(found STREQUAL hash)
        return()
    endif()
    if(HOURGATE_UNPINNED OR "$ENV{HOURGATE_UNPINNED}")
        message(WARNING "${name} ${version} in ${folder} is not ${pinned}, which Hourgate was tested "
            "with. It is used because HOURGATE_UNPINNED is set.")
    else()
        message(FATAL_ERROR "${folder}/${file} is not that of ${name} ${pinned}, which Hourgate was "
            "tested with: it is of version ${version} and has the SHA-256 ${found}. Run "
            "scripts/setup to get ${pinned}, or accept this file with -DHOURGATE_UNPINNED=ON. "
            "cmake/sources.txt says more.")
    endif()
endfunction()

# pkg_archive(OUT MODULE FILE): the static archive of a pkg-config module. Sets `include`, too.
macro(pkg_archive out module file)
    pkg_check_modules(${out} REQUIRED ${module})
    find_library(${out}_archive ${file} HINTS "${${out}_LIBDIR}" REQUIRED)
    set(archive "${${out}_archive}")
    set(include "${${out}_INCLUDEDIR}")
endmacro()

find_package(PkgConfig REQUIRED)

# cpp-httplib. Releases before 0.41 read the unread body of a refused request as the next request.
# No CPPHTTPLIB_*_SUPPORT is defined: TLS and compression are left to whoever stands in front.
read_define(version "${HTTPLIB_INCLUDE_DIR}/httplib.h" CPPHTTPLIB_VERSION)
require_source(httplib "${HTTPLIB_INCLUDE_DIR}" "${version}")
record(cpp-httplib "${version}" MIT "pkg:github/yhirose/cpp-httplib@v${version}"
    "${HTTPLIB_INCLUDE_DIR}/httplib.h")
target_include_directories(third_party SYSTEM INTERFACE "${HTTPLIB_INCLUDE_DIR}")

# SQLite. Releases before 3.51.3 can corrupt a WAL database when two connections checkpoint and
# commit at once.
read_define(version "${SQLITE3_DIR}/sqlite3.h" SQLITE_VERSION)
require_source(sqlite "${SQLITE3_DIR}" "${version}")
record(sqlite "${version}" blessing "pkg:generic/sqlite@${version}" "${SQLITE3_DIR}/sqlite3.c")
add_library(sqlite3 STATIC "${SQLITE3_DIR}/sqlite3.c" cmake/sqlite3_no_extensions.c)
target_include_directories(sqlite3 SYSTEM PUBLIC "${SQLITE3_DIR}")
target_compile_options(sqlite3 PRIVATE -w)
target_compile_definitions(sqlite3 PRIVATE
    SQLITE_THREADSAFE=2              # a connection belongs to one thread
    SQLITE_DQS=0                     # "text" in double quotes is an error, not a string
    SQLITE_DEFAULT_FOREIGN_KEYS=1
    SQLITE_TRUSTED_SCHEMA=0          # a tampered file cannot call functions through its schema
    SQLITE_TEMP_STORE=2              # temporary tables in memory: no file beside the database
    SQLITE_MAX_MMAP_SIZE=0           # an I/O error is an error code, never a signal
    SQLITE_DEFAULT_MEMSTATUS=0       # no lock shared by all threads for each allocation
    SQLITE_LIKE_DOESNT_MATCH_BLOBS
    SQLITE_MAX_EXPR_DEPTH=0
    SQLITE_ENABLE_COLUMN_METADATA    # SQLiteCpp refers to it
    SQLITE_OMIT_DEPRECATED
    SQLITE_OMIT_SHARED_CACHE
    SQLITE_OMIT_LOAD_EXTENSION       # no dlopen in a static program
    HAVE_USLEEP=1 HAVE_FDATASYNC=1 HAVE_LOCALTIME_R=1 HAVE_GMTIME_R=1)

# SQLiteCpp asks FindSQLite3 for its SQLite: the answer is the target above.
add_library(SQLite::SQLite3 ALIAS sqlite3)
set(SQLite3_INCLUDE_DIR "${SQLITE3_DIR}")
set(SQLite3_LIBRARY sqlite3)
find_package(SQLiteCpp CONFIG REQUIRED)
source_package(purl libsqlitecpp-dev)
get_target_property(archive SQLiteCpp LOCATION)
record(SQLiteCpp ${SQLiteCpp_VERSION} MIT "${purl}" "${archive}")
target_link_libraries(third_party INTERFACE SQLiteCpp)

pkg_archive(sodium libsodium libsodium.a)
source_package(purl libsodium-dev)
record(libsodium ${sodium_VERSION} ISC "${purl}" "${archive}")
target_link_libraries(third_party INTERFACE "${archive}")

set(ZLIB_USE_STATIC_LIBS ON)
find_package(ZLIB REQUIRED)
source_package(purl zlib1g-dev)
record(zlib ${ZLIB_VERSION_STRING} Zlib "${purl}" "${ZLIB_LIBRARIES}")
target_link_libraries(third_party INTERFACE ZLIB::ZLIB)

# Unicode's compatibility forms and letter case. Its data is Unicode's, under a licence of its own.
# The version that its pkg-config file names is that of the shared library, not the release.
pkg_archive(utf8proc libutf8proc libutf8proc.a)
source_package(purl libutf8proc-dev)
read_version(version "${include}/utf8proc.h" UTF8PROC_VERSION)
record(utf8proc ${version} "MIT AND Unicode-DFS-2015" "${purl}" "${archive}")
target_link_libraries(third_party INTERFACE "${archive}")

find_package(tomlplusplus CONFIG REQUIRED)
source_package(purl libtomlplusplus-dev)
record(toml++ ${tomlplusplus_VERSION} MIT "${purl}")
get_target_property(include tomlplusplus::tomlplusplus INTERFACE_INCLUDE_DIRECTORIES)
target_include_directories(third_party SYSTEM INTERFACE "${include}")
target_compile_definitions(third_party INTERFACE TOML_HEADER_ONLY=1)

find_package(fmt CONFIG REQUIRED)
source_package(purl libfmt-dev)
record(fmt ${fmt_VERSION} MIT "${purl}")
target_link_libraries(third_party INTERFACE fmt::fmt-header-only)

find_package(nlohmann_json CONFIG REQUIRED)
source_package(purl nlohmann-json3-dev)
record(nlohmann-json ${nlohmann_json_VERSION} MIT "${purl}")
target_link_libraries(third_party INTERFACE nlohmann_json::nlohmann_json)

find_package(CLI11 CONFIG REQUIRED)
source_package(purl libcli11-dev)
record(CLI11 ${CLI11_VERSION} BSD-3-Clause "${purl}")
target_link_libraries(third_party INTERFACE CLI11::CLI11)

# The C and C++ runtimes, which a static program carries, too: of whatever compiler this is.
# record_runtime(NAME ARCHIVE LICENSE)
function(record_runtime name archive license)
    execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=${archive}
        OUTPUT_VARIABLE file OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT IS_ABSOLUTE "${file}")
        return()  # there is none: the program is not linked statically either
    endif()
    file(REAL_PATH "${file}" file)  # dpkg knows /usr/lib, clang says /lib
    execute_process(COMMAND dpkg-query -S "${file}" OUTPUT_VARIABLE owner ERROR_QUIET)
    string(REGEX MATCH "^[^:,]+" owner "${owner}")
    set(version unknown)
    source_package(purl "${owner}")
    if(purl MATCHES "@(.*)$")
        string(REGEX REPLACE "-[^-]*$" "" version "${CMAKE_MATCH_1}")  # upstream's part of it
    endif()
    record(${name} ${version} "${license}" "${purl}" "${file}")
    set(parts "${parts}" PARENT_SCOPE)
endfunction()
record_runtime(glibc libc.a LGPL-2.1-or-later)
record_runtime(libstdc++ libstdc++.a "GPL-3.0-or-later WITH GCC-exception-3.1")
record_runtime(libgcc libgcc.a "GPL-3.0-or-later WITH GCC-exception-3.1")

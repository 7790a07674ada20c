# The libraries, all linked as static archives or used as headers, behind one target `third_party`.
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

# read_number(OUT FILE NAME STEP): the version in a #define, major * STEP^2 + minor * STEP + patch.
function(read_number out file name step)
    read_define(number "${file}" ${name})
    math(EXPR major "${number} / ${step} / ${step}")
    math(EXPR minor "${number} / ${step} % ${step}")
    math(EXPR patch "${number} % ${step}")
    set(${out} ${major}.${minor}.${patch} PARENT_SCOPE)
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

# require_source(NAME FOLDER VERSION MINIMUM): stops when what scripts/setup fetches is not there.
function(require_source name folder version minimum)
    if(version STREQUAL "" OR version VERSION_LESS minimum)
        message(FATAL_ERROR "${name} ${minimum} or later is needed in ${folder} (found there: "
            "\"${version}\"). Run scripts/setup first.")
    endif()
endfunction()

# require_package(PACKAGE HEADER [ARCHIVE]): sets `include` and `archive` to where Debian's package
# put them, and `purl`.
macro(require_package package header)
    find_path(${package}_include ${header})
    set(include "${${package}_include}")
    if(${ARGC} GREATER 2)
        find_library(${package}_archive ${ARGV2})
        set(archive "${${package}_archive}")
    else()
        set(archive "")
    endif()
    if("${include}" MATCHES "NOTFOUND$" OR "${archive}" MATCHES "NOTFOUND$")
        message(FATAL_ERROR "${package} is missing. Run scripts/setup first.")
    endif()
    source_package(purl ${package})
endmacro()

# cpp-httplib. Releases before 0.41 read the unread body of a refused request as the next request.
# No CPPHTTPLIB_*_SUPPORT is defined: TLS and compression are left to whoever stands in front.
read_define(version "${HTTPLIB_INCLUDE_DIR}/httplib.h" CPPHTTPLIB_VERSION)
require_source(cpp-httplib "${HTTPLIB_INCLUDE_DIR}" "${version}" 0.41.0)
record(cpp-httplib "${version}" MIT "pkg:github/yhirose/cpp-httplib@v${version}"
    "${HTTPLIB_INCLUDE_DIR}/httplib.h")
target_include_directories(third_party SYSTEM INTERFACE "${HTTPLIB_INCLUDE_DIR}")

# SQLite. Releases before 3.51.3 can corrupt a WAL database when two connections checkpoint and
# commit at once.
read_define(version "${SQLITE3_DIR}/sqlite3.h" SQLITE_VERSION)
require_source(SQLite "${SQLITE3_DIR}" "${version}" 3.51.3)
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

require_package(libsqlitecpp-dev SQLiteCpp/SQLiteCpp.h libSQLiteCpp.a)
read_number(version "${include}/SQLiteCpp/SQLiteCpp.h" SQLITECPP_VERSION_NUMBER 1000)
record(SQLiteCpp ${version} MIT "${purl}" "${archive}")
target_link_libraries(third_party INTERFACE "${archive}" sqlite3)

require_package(libsodium-dev sodium.h libsodium.a)
read_define(version "${include}/sodium/version.h" SODIUM_VERSION_STRING)
record(libsodium ${version} ISC "${purl}" "${archive}")
target_link_libraries(third_party INTERFACE "${archive}")

require_package(zlib1g-dev zlib.h libz.a)
read_define(version "${include}/zlib.h" ZLIB_VERSION)
record(zlib ${version} Zlib "${purl}" "${archive}")
target_link_libraries(third_party INTERFACE "${archive}")

# Unicode's compatibility forms and letter case. Its data is Unicode's, under a licence of its own.
require_package(libutf8proc-dev utf8proc.h libutf8proc.a)
read_version(version "${include}/utf8proc.h" UTF8PROC_VERSION)
record(utf8proc ${version} "MIT AND Unicode-DFS-2015" "${purl}" "${archive}")
target_link_libraries(third_party INTERFACE "${archive}")

# toml++ and fmt as headers: their packaged libraries are shared.
require_package(libtomlplusplus-dev toml++/toml.h)
file(GLOB file "${include}/toml++/impl/version.h*")  # .h in 3.3, .hpp in 3.4
read_version(version "${file}" TOML_LIB)
record(toml++ ${version} MIT "${purl}")
target_compile_definitions(third_party INTERFACE TOML_HEADER_ONLY=1)

require_package(libfmt-dev fmt/core.h)
read_number(version "${include}/fmt/core.h" FMT_VERSION 100)
record(fmt ${version} MIT "${purl}")
target_compile_definitions(third_party INTERFACE FMT_HEADER_ONLY)

require_package(nlohmann-json3-dev nlohmann/json.hpp)
read_version(version "${include}/nlohmann/detail/abi_macros.hpp" NLOHMANN_JSON_VERSION)
record(nlohmann-json ${version} MIT "${purl}")

require_package(libcli11-dev CLI/Version.hpp)
read_define(version "${include}/CLI/Version.hpp" CLI11_VERSION)
record(CLI11 ${version} BSD-3-Clause "${purl}")

# The C and C++ runtimes, which a static program carries, too: of whatever compiler this is.
# record_runtime(NAME ARCHIVE LICENSE)
function(record_runtime name archive license)
    execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=${archive}
        OUTPUT_VARIABLE file OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT IS_ABSOLUTE "${file}")
        return()  # there is none: the program is not linked statically either
    endif()
    cmake_path(ABSOLUTE_PATH file NORMALIZE)
    execute_process(COMMAND dpkg-query -S "${file}" OUTPUT_VARIABLE owner ERROR_QUIET)
    string(REGEX MATCH "^[^:,]*" owner "${owner}")
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

# hourgate_tests: everything under tests/. Each file with test cases is one ctest test, picked by
# Catch2's file-name tag: a failure prints its sentence, and a run starts tens of processes rather
# than thousands. Tests of tests/e2e/ start the real executable, HOURGATE_BINARY.
enable_testing()
find_package(Catch2 REQUIRED)

file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS tests/*.cpp)
list(FILTER test_sources EXCLUDE REGEX "/tests/fuzz/")
if(NOT test_sources)
    return()
endif()

add_executable(hourgate_tests ${test_sources})
# places.h names the two paths that differ between checkouts. Only the files that need them include
# it, so a compiler cache serves all others to every checkout.
set(places_dir "${CMAKE_BINARY_DIR}/generated_tests")
file(CONFIGURE OUTPUT "${places_dir}/places.h" CONTENT [[
#pragma once
#define HOURGATE_SOURCE_DIR "@CMAKE_SOURCE_DIR@"
#define HOURGATE_BINARY "@CMAKE_BINARY_DIR@/hourgate"
]] @ONLY)
target_include_directories(hourgate_tests PRIVATE tests "${places_dir}")
target_compile_options(hourgate_tests PRIVATE ${own_warnings})
target_link_libraries(hourgate_tests PRIVATE hourgate_core)
if(HOURGATE_SANITIZE)  # what is looked at is the program: a fourth of the time to compile
    target_compile_options(hourgate_tests PRIVATE -O0 -fno-sanitize=undefined)
endif()
# Catch2 2 is compiled there, and not ours to warn about.
set_source_files_properties(tests/support/catch_main.cpp PROPERTIES COMPILE_OPTIONS -w)
if(TARGET Catch2::Catch2WithMain)  # version 3; version 2 is one header, tests/support has its main
    target_link_libraries(hourgate_tests PRIVATE Catch2::Catch2WithMain)
endif()

set(test_timeout_s 300)
if(HOURGATE_SANITIZE)  # five to ten times as slow, and two at a time
    set(test_timeout_s 1500)
endif()
set(tags "")
foreach(file IN LISTS test_sources)
    file(STRINGS "${file}" test_case REGEX "^(TEMPLATE_)?(TEST_CASE|SCENARIO)" LIMIT_COUNT 1)
    if(test_case STREQUAL "")
        # It may get its first test case later: look again when it changes.
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
        continue()
    endif()
    cmake_path(GET file STEM tag)
    if(tag IN_LIST tags)
        message(FATAL_ERROR "Two test files are named ${tag}.cpp. Catch2 tells files apart by this "
            "name: rename one.")
    endif()
    list(APPEND tags ${tag})
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${CMAKE_SOURCE_DIR}/tests" OUTPUT_VARIABLE name)
    string(REGEX REPLACE "[.]cpp$" "" name "${name}")
    add_test(NAME ${name} COMMAND hourgate_tests --filenames-as-tags "[#${tag}]")
    set_tests_properties(${name} PROPERTIES TIMEOUT ${test_timeout_s}
        FAIL_REGULAR_EXPRESSION "No test cases matched;No tests ran")
endforeach()

# hourgate_fuzz: our reading against cpp-httplib's, and the fast path against the long way, by a mutator
# that knows requests. A minute of it here; by hand, as long as you like. cmake/Fuzz.cmake has the
# other targets.
add_executable(hourgate_fuzz tests/fuzz/fast_path_main.cpp tests/fuzz/fast_path_law.cpp
    tests/fuzz/by_httplib.cpp)
target_include_directories(hourgate_fuzz PRIVATE tests)
target_compile_options(hourgate_fuzz PRIVATE ${own_warnings})
target_link_libraries(hourgate_fuzz PRIVATE hourgate_core)
add_test(NAME fuzz/fast_path_fuzz
    COMMAND hourgate_fuzz --seconds 60 "${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/fast_path")
set_tests_properties(fuzz/fast_path_fuzz PROPERTIES TIMEOUT 300 COST 1000)  # the longest goes first

# Nothing here asserts a time: that scripts/bench can be read, and says how it is used.
find_program(PYTHON3 python3)
if(PYTHON3)
    add_test(NAME bench/help COMMAND "${CMAKE_SOURCE_DIR}/scripts/bench" --help)
endif()
foreach(script fuzz sanitize)
    add_test(NAME scripts/${script}_help COMMAND "${CMAKE_SOURCE_DIR}/scripts/${script}" --help)
endforeach()

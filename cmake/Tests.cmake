# hourgate_tests: everything under tests/. Each file with test cases is one ctest test, picked by
# Catch2's file-name tag: a failure prints its sentence, and a run starts tens of processes rather
# than thousands. Tests of tests/e2e/ start the real executable, HOURGATE_BINARY.
#
# Each test has one label:
#   unit   works in memory: seconds for all of them
#   e2e    starts the program, opens sockets or writes files: a few minutes for all of them
#   long   fuzzes, kills the server, or lets every single write fail
# Which one a file gets is told by its folder and by the helpers that it includes.
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

set(long_tests e2e/e2e_kill_test store/write_faults_test)
# The helpers that open sockets or write files.
string(JOIN "|" outside_memory running_server raw_client one_loop forwarding database_bench
    manage_bench temp_folder faulty_disk small_disk terminal_run)

# label_of(OUT NAME FILE): the label of a test file.
function(label_of out name file)
    file(STRINGS "${file}" outside LIMIT_COUNT 1
        REGEX "^#include \"(e2e/|support/(${outside_memory})[.]h\")")
    if(name IN_LIST long_tests)
        set(${out} long PARENT_SCOPE)
    elseif(name MATCHES "^e2e/" OR NOT outside STREQUAL "")
        set(${out} e2e PARENT_SCOPE)
    else()
        set(${out} unit PARENT_SCOPE)
    endif()
endfunction()

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
    label_of(label ${name} "${file}")
    set_tests_properties(${name} PROPERTIES TIMEOUT ${test_timeout_s} LABELS ${label}
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
set_tests_properties(fuzz/fast_path_fuzz PROPERTIES TIMEOUT 300 LABELS long
    COST 1000)  # the longest goes first

# Each script explains itself.
foreach(script bench build ci fuzz install release run sanitize setup soak test tidy)
    add_test(NAME scripts/${script}_help COMMAND "${CMAKE_SOURCE_DIR}/scripts/${script}" --help)
    set_tests_properties(scripts/${script}_help PROPERTIES TIMEOUT 60 LABELS unit)
endforeach()

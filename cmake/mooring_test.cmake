# mooring_test(<name>
#   SOURCES <file>...
#   [LIBS <lib>...]            default: mooring::mooring
#   [INTERNALS <library>...]   libraries whose src/ the test may include, by their mooring:: name ("core")
#   [LABELS <label>...]        ctest labels, besides the folder's name ("unit")
#   [TIMEOUT <seconds>])       for each test case; default 120
#
# Makes the executable mooring_test_<name>, linked with Catch2 and tests/support, and one ctest test for each of its
# test cases. Sources say #include "support/catch.hpp".
include_guard(GLOBAL)

function(mooring_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;TARGET;PREFIX" "SOURCES;LIBS;INTERNALS;LABELS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mooring_test(${name}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_LIBS)
    set(arg_LIBS mooring::mooring)
  endif()
  if(NOT arg_TARGET)
    cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME folder)
    list(PREPEND arg_LABELS ${folder})
    list(REMOVE_DUPLICATES arg_LABELS)
    set(arg_TARGET mooring_test_${name})
  endif()

  mooring_executable(${arg_TARGET} SOURCES ${arg_SOURCES} LIBS ${arg_LIBS} mooring_test_support)
  foreach(library IN LISTS arg_INTERNALS)
    target_include_directories(${arg_TARGET} PRIVATE $<TARGET_PROPERTY:mooring_${library},SOURCE_DIR>/src)
    target_link_libraries(${arg_TARGET} PRIVATE mooring::${library})
  endforeach()

  if(MOORING_TEST_EXECUTOR)
    set_target_properties(${arg_TARGET} PROPERTIES CROSSCOMPILING_EMULATOR "${MOORING_TEST_EXECUTOR}")
  endif()
  mooring_discover_tests(${arg_TARGET} NAME ${arg_TARGET} PREFIX "${arg_PREFIX}" LABELS ${arg_LABELS}
                         TIMEOUT ${arg_TIMEOUT})
endfunction()

# mooring_discover_tests(<target>
#   NAME <name>                unique in its folder
#   PREFIX <prefix>            of the tests' names
#   LABELS <label>...
#   TIMEOUT <seconds>          five times as long under a sanitizer
#   [SPEC <pattern>]           which test cases, as Catch2 takes it; default: all
#   [ENVIRONMENT <name=value>...])
#
# One ctest test for each test case of an executable of mooring_test(). Called again, it runs the same executable once
# more, in another environment.
function(mooring_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NAME;PREFIX;TIMEOUT;SPEC" "LABELS;ENVIRONMENT")
  # A sanitized program takes its time: 64 MiB through an emulator's archive are two minutes for tsan.
  if(MOORING_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
  endif()
  # Reading a test's properties in one list is beyond Catch2 2.13's script, so these are set on the list it leaves.
  catch_discover_tests(
    ${target}
    TEST_SPEC "${arg_SPEC}"
    TEST_PREFIX "${arg_PREFIX}"
    TEST_LIST ${arg_NAME}_cases
    PROPERTIES TIMEOUT ${arg_TIMEOUT})
  set(properties_file "${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}_properties.cmake")
  file(CONFIGURE OUTPUT "${properties_file}" @ONLY CONTENT [[
if(@arg_NAME@_cases)
  set_tests_properties(${@arg_NAME@_cases} PROPERTIES LABELS "@arg_LABELS@" ENVIRONMENT "@arg_ENVIRONMENT@")
endif()
]])
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${properties_file}")
endfunction()

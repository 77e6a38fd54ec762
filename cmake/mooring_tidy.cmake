# With MOORING_TIDY (preset lint), clang-tidy reads each file before it is compiled, and what it says fails the build.
# As a build, so that a file that was found clean is not read again before it, one of its headers, or .clang-tidy
# changes.
include_guard(GLOBAL)

if(MOORING_TIDY)
  find_program(MOORING_CLANG_TIDY NAMES clang-tidy-19 clang-tidy REQUIRED)
  mark_as_advanced(MOORING_CLANG_TIDY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/.clang-tidy")
  # Part of the command, for the build tool knows a changed command, not a changed configuration.
  file(SHA256 "${PROJECT_SOURCE_DIR}/.clang-tidy" checks)
  set(CMAKE_CXX_CLANG_TIDY "${CMAKE_COMMAND}" -E env MOORING_TIDY_CHECKS=${checks} "${MOORING_CLANG_TIDY}" --quiet)
endif()

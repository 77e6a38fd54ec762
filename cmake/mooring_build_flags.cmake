# Compile settings of first-party code, as interface targets so that nothing leaks into global flags:
#
#   mooring_warnings          diagnostics only
#   mooring_instrumentation   what MOORING_SANITIZE and MOORING_COVERAGE ask for
#   mooring_build_flags       both; mooring_library(), mooring_executable() and mooring_test() link it
#
# A binary that must never be instrumented (a static helper, say) is a plain add_executable() that links
# mooring_warnings and calls mooring_target_defaults(<target>) for the language level.
include_guard(GLOBAL)

add_library(mooring_warnings INTERFACE)
target_compile_options(
  mooring_warnings
  INTERFACE
    -Wall
    -Wextra
    -Wpedantic
    -Wshadow
    -Wconversion
    -Wold-style-cast
    -Wnon-virtual-dtor
    -Woverloaded-virtual
    -Wcast-qual
    -Wextra-semi
    -Wformat=2
    -Wimplicit-fallthrough
    -Wundef
    # Asio recycles coroutine frames through its own operator new/delete pair, which inlining at -O2 pulls apart.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
    # False in GCC 12 once std::optional, std::variant, std::expected or coroutine frames are inlined or sanitized.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    # False in GCC 12 for std::string concatenation (GCC bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond>
    $<$<CXX_COMPILER_ID:GNU>:-Wlogical-op>)

add_library(mooring_instrumentation INTERFACE)
if(MOORING_SANITIZE)
  list(JOIN MOORING_SANITIZE "," sanitizers)
  target_compile_options(
    mooring_instrumentation
    INTERFACE
      -fsanitize=${sanitizers}
      -fno-sanitize-recover=all
      -fno-omit-frame-pointer
      # Asio's fences are invisible to the thread sanitizer; GCC warns about each of them.
      $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  target_link_options(mooring_instrumentation INTERFACE -fsanitize=${sanitizers})
endif()
if(MOORING_COVERAGE)
  target_compile_options(mooring_instrumentation INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(mooring_instrumentation INTERFACE --coverage)
endif()

add_library(mooring_build_flags INTERFACE)
target_link_libraries(mooring_build_flags INTERFACE mooring_warnings mooring_instrumentation)

function(mooring_target_defaults target)
  target_compile_features(${target} PRIVATE cxx_std_23)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
endfunction()

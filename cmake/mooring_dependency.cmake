# mooring_dependency(<package> [<version>] [COMPONENTS <component>...])
#
# find_package() for what a library links, public or private: static linking passes both on, so the call is also
# written into the installed mooringConfig.cmake. Tools of the build alone (Catch2, benchmark, CLI11) use find_package().
include_guard(GLOBAL)

macro(mooring_dependency)
  find_package(${ARGV} REQUIRED)
  string(REPLACE ";" " " mooring_dependency_call "${ARGV}")
  set_property(GLOBAL APPEND PROPERTY MOORING_DEPENDENCIES "${mooring_dependency_call}")
endmacro()

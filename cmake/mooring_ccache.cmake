# Compiles through ccache where it is installed and the caller chose no launcher of their own.
include_guard(GLOBAL)

if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER AND NOT MOORING_COVERAGE)
  find_program(MOORING_CCACHE ccache)
  mark_as_advanced(MOORING_CCACHE)
  if(MOORING_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${MOORING_CCACHE}")
  endif()
endif()

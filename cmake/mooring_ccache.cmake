# Compiles through ccache where it is installed and the caller chose no launcher of their own. What one checkout has
# compiled serves every other, wherever it lies: a fresh clone, a worktree, a second build folder.
include_guard(GLOBAL)

if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER AND NOT MOORING_COVERAGE)
  find_program(MOORING_CCACHE ccache)
  mark_as_advanced(MOORING_CCACHE)
  if(MOORING_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${MOORING_CCACHE}")
    # Or a shared object file would name the folder of whoever compiled it first.
    add_compile_options("-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.")
  endif()
endif()

# mooring_subdirectory(<folder>): add_subdirectory() where the folder has a CMakeLists.txt.
include_guard(GLOBAL)

function(mooring_subdirectory folder)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory(${folder})
  endif()
endfunction()

# mooring_executable(<target>
#   [SOURCES <file>...]     default: every *.cpp in this folder and in src/
#   [LIBS <lib>...]
#   [OUTPUT_NAME <name>]    the file's name, where it differs from the target's
#   [INSTALL])              goes into bin/
include_guard(GLOBAL)

function(mooring_executable target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INSTALL" "OUTPUT_NAME" "SOURCES;LIBS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mooring_executable(${target}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_SOURCES)
    file(GLOB arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    file(GLOB_RECURSE nested CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp")
    list(APPEND arg_SOURCES ${nested})
  endif()

  add_executable(${target} ${arg_SOURCES})
  mooring_target_defaults(${target})
  if(IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/src")
    target_include_directories(${target} PRIVATE src)
  endif()
  target_link_libraries(${target} PRIVATE ${arg_LIBS} mooring_build_flags)
  if(arg_OUTPUT_NAME)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${arg_OUTPUT_NAME})
  endif()
  if(arg_INSTALL AND MOORING_INSTALL)
    install(TARGETS ${target} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endfunction()

# mooring_library(<name>
#   [SOURCES <file>...]   default: src/**.cpp
#   [HEADERS <file>...]   default: include/**.hpp; these are the public headers
#   [PUBLIC <lib>...]     what the public headers include
#   [PRIVATE <lib>...])   what only the sources use
#
# Makes the static library mooring_<name>, to be linked as mooring::<name>, with warnings, sanitizers, install and
# export rules. Each public header is also compiled alone. src/ is on the private include path, so that sources say
# #include "detail/x.hpp". Third-party packages come through mooring_dependency().
include_guard(GLOBAL)

function(mooring_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mooring_library(${name}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_SOURCES)
    file(GLOB_RECURSE arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp")
  endif()
  if(NOT arg_HEADERS)
    file(GLOB_RECURSE arg_HEADERS CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp")
  endif()

  set(target mooring_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(mooring::${name} ALIAS ${target})
  mooring_target_defaults(${target})
  target_compile_features(${target} PUBLIC cxx_std_23)
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
  target_include_directories(${target} PRIVATE src)
  target_link_libraries(
    ${target}
    PUBLIC ${arg_PUBLIC}
    PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:mooring_build_flags>)
  set_target_properties(
    ${target} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})

  if(MOORING_INSTALL)
    install(
      TARGETS ${target}
      EXPORT mooringTargets
      ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
      FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  endif()
endfunction()

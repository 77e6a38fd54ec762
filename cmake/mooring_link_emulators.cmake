# mooring_link_emulators(<target>)
#
# Links every emulator listed by mooring_emulator() into <target> and generates into it the definition of
#   const std::vector<std::pair<std::string, mooring::emulation::EmulatorFactory>>& mooring::builtinEmulators();
include_guard(GLOBAL)

function(mooring_link_emulators target)
  get_property(emulators GLOBAL PROPERTY MOORING_EMULATORS)
  set(declarations "")
  set(entries "")
  foreach(name IN LISTS emulators)
    string(APPEND declarations "namespace ${name} {\nResult<std::unique_ptr<emulation::Emulator>> makeEmulator(const emulation::Stage& stage);\n}\n")
    string(APPEND entries "      {\"${name}\", ${name}::makeEmulator},\n")
    target_link_libraries(${target} PRIVATE mooring::emulator_${name})
  endforeach()
  target_link_libraries(${target} PRIVATE mooring::emulation)

  set(source "${CMAKE_CURRENT_BINARY_DIR}/builtin_emulators.cpp")
  configure_file("${MOORING_CMAKE_DIR}/builtin_emulators.cpp.in" "${source}" @ONLY)
  target_sources(${target} PRIVATE "${source}")
endfunction()

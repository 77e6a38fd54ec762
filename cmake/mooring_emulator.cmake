# mooring_emulator(<name>)
#
# One line in providers/CMakeLists.txt for each provider that has an emulator. Builds providers/<name>/emulator, whose
# CMakeLists.txt calls mooring_library(emulator_<name> ...) and whose sources define
#   mooring::Result<std::unique_ptr<mooring::emulation::Emulator>> mooring::<name>::makeEmulator(
#       const mooring::emulation::Stage&);
# It is linked by the command line (mooring_link_emulators) and by tests; never by the facade.
include_guard(GLOBAL)

function(mooring_emulator name)
  add_subdirectory(${name}/emulator)
  set_property(GLOBAL APPEND PROPERTY MOORING_EMULATORS ${name})
endfunction()

#include "command_line.hpp"
#include "exit_codes.hpp"

#include <cstring>
#include <fcntl.h>
#include <unistd.h>

using namespace mooring::cli;

namespace {

/// A descriptor that is closed would be given to the next file that is opened: the database, say.
void openStandardDescriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) < 0)
      ::open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY);
  }
}

int finish(Session& session, const mooring::Result<int>& result, ExitCodes codes) {
  auto& output = session.output();
  if (output.readerLeft()) return exit_code::signalBase + SIGPIPE;
  const int ownFailure = codes == ExitCodes::own ? exit_code::failed : exit_code::mooringFailed;
  if (output.error() != 0) {
    const std::string why = std::string("cannot write standard output: ") + std::strerror(output.error());
    session.report(mooring::makeError(mooring::Errc::unavailable, why), ownFailure);
    return ownFailure;
  }
  if (result) return *result;
  int code = codes == ExitCodes::own ? exitCodeOf(result.error().code)
                                     : exitCodeBesideCommand(result.error().code);
  const int number = session.interrupts().signalNumber();
  if (number != 0 && result.error().code == mooring::Errc::cancelled) code = exit_code::signalBase + number;
  session.report(result.error(), code);
  return code;
}

int run(std::vector<std::string> arguments) {
  Interrupts interrupts;
  Output output(interrupts);
  CommandLine line;
  addCreateCommand(line);
  addRunCommand(line);
  addStartedCommands(line);
  addFileCommands(line);
  addRecordCommands(line);
  addLifecycleCommands(line);
  addHistoryCommand(line);
  addCheckpointCommands(line);
  addVolumeCommands(line);
  addPreviewCommand(line);
  addForwardCommand(line);
  addProviderCommands(line);
  addEmulateCommand(line);
  addDoctorCommand(line);
  addSmokeCommand(line);
  addRecoverCommand(line);
  addVersionCommand(line);
  if (const auto code = line.parse(std::move(arguments), output)) return *code;

  Session session(line.globals(), line.tail(), interrupts, output);
  return finish(session, line.action()(session), line.exitCodes());
}

}  // namespace

int main(int argc, char** argv) {
  openStandardDescriptors();
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    const auto line = std::string("mooring: internal: ") + e.what() +
                      "; this is a defect, please report it\n";
    const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    static_cast<void>(written);
    return exit_code::failed;
  }
}

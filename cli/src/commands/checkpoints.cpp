// checkpoint create|list|restore|rm.
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "table.hpp"
#include "words.hpp"

namespace mooring::cli {
namespace {

struct CheckpointOptions {
  std::string id = {};
  std::string checkpoint = {};
  std::string comment = {};
};

Result<Checkpoints> checkpointsOf(Session& session, const CheckpointOptions& options) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  return service->sandbox(options.id).checkpoints();
}

Result<int> create(Session& session, const CheckpointOptions& options) {
  auto checkpoints = checkpointsOf(session, options);
  if (!checkpoints) return std::unexpected(std::move(checkpoints).error());
  auto made = checkpoints->create(options.comment, session.call()).get();
  if (!made) return std::unexpected(std::move(made).error());
  if (session.json()) {
    session.printJson(toJson(*made));
  } else {
    session.printLine(made->id.value);
  }
  return exit_code::ok;
}

Result<int> list(Session& session, const CheckpointOptions& options) {
  auto checkpoints = checkpointsOf(session, options);
  if (!checkpoints) return std::unexpected(std::move(checkpoints).error());
  auto all = checkpoints->list(session.call()).get();
  if (!all) return std::unexpected(std::move(all).error());
  if (session.json()) {
    for (const auto& checkpoint : *all)
      session.printJson(toJson(checkpoint));
    return exit_code::ok;
  }
  Table table({"CHECKPOINT", "CREATED", "SIZE", "COMMENT"});
  for (const auto& checkpoint : *all) {
    table.add({checkpoint.id.value,
               timeText(checkpoint.createdAt),
               checkpoint.sizeBytes ? sizeText(*checkpoint.sizeBytes) : std::string(),
               checkpoint.comment});
  }
  session.print(session.showsTables() ? table.aligned() : table.tabbed());
  return exit_code::ok;
}

Result<int> done(Session& session, const CheckpointOptions& options, const Result<void>& result) {
  if (!result) return std::unexpected(result.error());
  if (session.json()) session.printJson({{"sandboxId", options.id}, {"id", options.checkpoint}});
  return exit_code::ok;
}

Result<int> restore(Session& session, const CheckpointOptions& options) {
  auto checkpoints = checkpointsOf(session, options);
  if (!checkpoints) return std::unexpected(std::move(checkpoints).error());
  return done(session, options, checkpoints->restore(CheckpointId(options.checkpoint), session.call()).get());
}

Result<int> remove(Session& session, const CheckpointOptions& options) {
  auto checkpoints = checkpointsOf(session, options);
  if (!checkpoints) return std::unexpected(std::move(checkpoints).error());
  return done(session, options, checkpoints->remove(CheckpointId(options.checkpoint), session.call()).get());
}

CLI::App* add(CommandLine& line,
              CLI::App& group,
              const std::string& name,
              const std::string& description,
              Result<int> (*body)(Session&, const CheckpointOptions&)) {
  auto [app, options] = line.leaf<CheckpointOptions>(group, name, description, body);
  app->add_option("ID", options->id, "The sandboxId")->required();
  if (body == create) app->add_option("--comment", options->comment, "What it is for")->type_name("TEXT");
  if (body == restore || body == remove) {
    app->add_option("CHECKPOINT", options->checkpoint, "What `checkpoint create` printed")->required();
  }
  return app;
}

}  // namespace

void addCheckpointCommands(CommandLine& line) {
  auto* group = line.group("checkpoint", "Save the files of a sandbox, and put them back");
  add(line, *group, "create", "Save its files and print the checkpoint's id", create);
  add(line, *group, "list", "List what is saved, oldest first", list);
  add(line, *group, "restore", "Put the files back as they were; its processes end", restore);
  add(line, *group, "rm", "Forget a checkpoint", remove);
}

}  // namespace mooring::cli

#include <mooring/provider.hpp>

namespace mooring {

Task<void> FilesApi::writeMany(Instance instance,
                               std::function<std::optional<FileUpload>()> next,
                               CallOptions call) {
  for (auto upload = next(); upload; upload = next()) {
    auto written = co_await write(instance, upload->path, upload->source, upload->options, call);
    if (!written) co_return std::unexpected(withContext(std::move(written).error(), upload->path.value));
  }
  co_return Result<void>();
}

std::any Provider::native(const Instance&) { return {}; }

}  // namespace mooring

using WanSharp.Cli.Terminal;
using WanSharp.Jobs.Results;
using WanSharp.Storage;

namespace WanSharp.Cli.Batches;

/// <summary>The user's result cache, or none.</summary>
internal sealed class OpenedResults(ContentStore? store) : IDisposable
{
    public IResultCache? Cache { get; } = store is null ? null : new ResultCache(store);

    public static OpenedResults In(CliEnvironment environment) => new(EngineSetup.OpenSection(environment, CacheSections.Results));

    public void Dispose() => store?.Dispose();
}

using WanSharp.Cli.Terminal;
using WanSharp.Jobs.Results;
using WanSharp.Runtime.Storage;

namespace WanSharp.Cli.Batches;

/// <summary>The user's result cache, or none.</summary>
internal sealed class OpenedResults(ContentStore? store) : IDisposable
{
    public IResultCache? Cache { get; } = store is null ? null : new ResultCache(store);

    public static OpenedResults In(CliEnvironment environment) => new(new CacheRoot(EngineSetup.CacheFolder(environment), environment.Clock)
        .Open(CacheSections.Results, message => environment.Error.WriteLine($"wan: {PlainText.OneLine(message)}")));

    public void Dispose() => store?.Dispose();
}

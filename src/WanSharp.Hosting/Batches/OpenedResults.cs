using WanSharp.Jobs.Results;
using WanSharp.Storage;

namespace WanSharp.Hosting.Batches;

/// <summary>The user's result cache, or none.</summary>
/// <param name="store">Where results are kept; null for none.</param>
public sealed class OpenedResults(ContentStore? store) : IDisposable
{
    /// <summary>The cache; null for none.</summary>
    public IResultCache? Cache { get; } = store is null ? null : new ResultCache(store);

    /// <summary>Opens the user's result cache.</summary>
    /// <param name="host">Where it is.</param>
    public static OpenedResults In(WanHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return new OpenedResults(host.OpenSection(CacheSections.Results));
    }

    /// <inheritdoc/>
    public void Dispose() => store?.Dispose();
}

using WanSharp.Storage;

namespace WanSharp.Engine.Features;

/// <summary>Features as entries of a folder that processes share.</summary>
/// <param name="store">The folder; stays the caller's.</param>
public sealed class DiskFeatureStore(ContentStore store) : IFeatureStore
{
    /// <inheritdoc/>
    public byte[]? Find(string key) => store.TryRead(key);

    /// <inheritdoc/>
    public void Store(string key, byte[] feature) => store.Put(key, feature);
}

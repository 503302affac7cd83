namespace WanSharp.Engine.Features;

/// <summary>Keeps features (text embeddings, latents and CLIP rows of images) beyond one process.</summary>
/// <remarks>Thread-safe. A store that cannot read or write finds nothing and stores nothing; it fails no clip.</remarks>
public interface IFeatureStore
{
    /// <summary>Finds a feature.</summary>
    /// <param name="key">SHA-256 of all that decides the feature, in lower-case hexadecimal.</param>
    /// <returns>The bytes that were stored, or null.</returns>
    byte[]? Find(string key);

    /// <summary>Stores a feature.</summary>
    /// <param name="key">As for <see cref="Find"/>.</param>
    /// <param name="feature">The bytes.</param>
    void Store(string key, byte[] feature);
}

namespace WanSharp.Engine.Features;

/// <summary>Keeps features (text embeddings, latents and CLIP rows of images) on behalf of later processes.</summary>
/// <remarks>
/// Thread-safe. A store that cannot be read or written finds nothing and stores nothing, but does not fail a clip.
/// </remarks>
public interface IFeatureStore
{
    /// <summary>Finds a feature.</summary>
    /// <param name="key">SHA-256 of everything that determines the feature, in lower-case hexadecimal.</param>
    /// <returns>The bytes that were stored, or null.</returns>
    byte[]? Find(string key);

    /// <summary>Stores a feature.</summary>
    /// <param name="key">As for <see cref="Find"/>.</param>
    /// <param name="feature">The bytes.</param>
    void Store(string key, byte[] feature);
}

namespace WanSharp.Storage;

/// <summary>An entry on disk.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Bytes">What its files take.</param>
/// <param name="LastUse">When it was last used.</param>
internal sealed record StoredEntry(string Key, long Bytes, DateTimeOffset LastUse);

namespace WanSharp.Hosting.Hub;

/// <summary>A file of a pull.</summary>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Missing">Bytes that were not there before.</param>
public sealed record PulledFile(string Name, string Path, long Length, long Missing);

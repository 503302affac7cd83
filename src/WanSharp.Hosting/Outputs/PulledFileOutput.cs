namespace WanSharp.Hosting.Outputs;

/// <summary>A file of a pull.</summary>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="MissingBytes">Bytes that were not there before.</param>
public sealed record PulledFileOutput(string Name, string Path, long Bytes, long MissingBytes);

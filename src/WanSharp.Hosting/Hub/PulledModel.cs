using WanSharp.Models.Hub;

namespace WanSharp.Hosting.Hub;

/// <summary>What a pull found and brought. Immutable.</summary>
/// <param name="Reference">The repository at the revision that was asked for.</param>
/// <param name="Commit">The commit that the revision is.</param>
/// <param name="Folder">The folder with the files.</param>
/// <param name="Files">The files, in the order of their names.</param>
public sealed record PulledModel(HubReference Reference, string Commit, string Folder, IReadOnlyList<PulledFile> Files)
{
    /// <summary>Bytes of all files.</summary>
    public long Length => Files.Sum(file => file.Length);

    /// <summary>Bytes that had to come.</summary>
    public long Missing => Files.Sum(file => file.Missing);
}

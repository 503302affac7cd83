namespace WanSharp.Hosting.Outputs;

/// <summary>What a pull brought, or would bring.</summary>
/// <param name="Name">What was asked for.</param>
/// <param name="Repository">The repository.</param>
/// <param name="Revision">The revision that was asked for.</param>
/// <param name="Commit">The commit that it is.</param>
/// <param name="Folder">The folder with the files.</param>
/// <param name="Bytes">Bytes of all files.</param>
/// <param name="MissingBytes">Bytes that were not there before.</param>
/// <param name="Files">The files.</param>
public sealed record PullOutput(
    string Name,
    string Repository,
    string Revision,
    string Commit,
    string Folder,
    long Bytes,
    long MissingBytes,
    IReadOnlyList<PulledFileOutput> Files
);

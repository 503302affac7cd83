namespace WanSharp.Storage;

/// <summary>
/// An entry of a <see cref="ContentStore"/>, held: until it is disposed, no process removes it. Its files are for reading
/// only. Thread-safe except for <see cref="Dispose"/>.
/// </summary>
public sealed class ContentEntry : IDisposable
{
    private readonly FileStream _lease;
    private readonly EntryManifest _manifest;

    internal ContentEntry(string folder, FileStream lease, EntryManifest manifest) =>
        (Folder, _lease, _manifest) = (folder, lease, manifest);

    /// <summary>Where the entry's files are.</summary>
    public string Folder { get; }

    /// <summary>The names of its files.</summary>
    public IEnumerable<string> Files => _manifest.Files.Select(file => file.Name);

    /// <summary>The full path of one of its files.</summary>
    public string PathOf(string file) => Path.Combine(Folder, file);

    /// <summary>Reads every byte.</summary>
    /// <returns>Whether all is as it was written. If not, dispose the entry and <see cref="ContentStore.Remove"/> it.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public bool Verify(CancellationToken cancellationToken = default) => _manifest.Fits(Folder, EntryCheck.Whole, cancellationToken);

    /// <summary>Lets the entry go.</summary>
    public void Dispose() => _lease.Dispose();
}

namespace WanSharp.Testing;

/// <summary>
/// A folder for one test's files, gone with it; in memory where the system has such folders, so that flushing takes no time.
/// </summary>
public sealed class ScratchFolder : IDisposable
{
    private const string InMemory = "/dev/shm";

    private readonly Lazy<string> _path = new(() =>
        Directory.Exists(InMemory)
            ? Directory.CreateDirectory(Path.Combine(InMemory, $"wansharp-{Guid.NewGuid():N}")).FullName
            : Directory.CreateTempSubdirectory("wansharp-").FullName
    );

    public static implicit operator string(ScratchFolder folder) => folder._path.Value;

    public void Dispose()
    {
        if (_path.IsValueCreated)
        {
            Directory.Delete(_path.Value, recursive: true);
        }
    }
}

namespace WanSharp.Tensors;

/// <summary>
/// A hidden folder for what is unfinished, next to the place where it will be. Disposing it removes it; what a killed process left, the
/// next work folder there removes. Not thread-safe.
/// </summary>
public sealed class WorkFolder : IDisposable
{
    private const int MostTries = 5;

    private readonly FileStream _owner;

    private WorkFolder(string path, FileStream owner) => (Path, _owner) = (path, owner);

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>A path in the folder.</summary>
    /// <param name="name">The name of a file.</param>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Makes a folder of this process's own.</summary>
    /// <param name="parent">The folder that it is made in, which must exist.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static WorkFolder Create(string parent)
    {
        ArgumentNullException.ThrowIfNull(parent);
        if (!Directory.Exists(parent))
        {
            throw new DirectoryNotFoundException($"There is no folder {parent}.");
        }

        for (var attempt = 1; ; attempt++)
        {
            var path = System.IO.Path.GetFullPath(System.IO.Path.Combine(parent, $"{AtomicFile.TemporaryPrefix}{Guid.NewGuid():N}"));
            Directory.CreateDirectory(path);
            try
            {
                var owner = new FileStream(
                    System.IO.Path.Combine(path, Leftovers.LockName),
                    FileMode.CreateNew,
                    FileAccess.Write,
                    FileShare.None,
                    bufferSize: 0
                );
                if (attempt < MostTries && !File.Exists(owner.Name))
                {
                    owner.Dispose(); // another process took it for a leftover before it was locked
                    continue;
                }

                Leftovers.Sweep(parent);
                return new WorkFolder(path, owner);
            }
            catch (IOException) when (attempt < MostTries)
            {
                Remove(path); // another process took the new folder for a leftover
            }
            catch
            {
                Remove(path);
                throw;
            }
        }
    }

    /// <summary>Makes a folder of this process's own among the system's temporary files.</summary>
    /// <inheritdoc cref="Create" path="/exception"/>
    public static WorkFolder CreateTemporary()
    {
#pragma warning disable RS0030 // the one place that asks for it
        var parent = System.IO.Path.GetTempPath();
#pragma warning restore RS0030
        Directory.CreateDirectory(parent); // TMPDIR may name a folder that is not there yet
        return Create(parent);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _owner.Dispose();
        Remove(Path);
    }

    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another process took it for a leftover once its lock was free.
        }
    }
}

using WanSharp.Tensors;

namespace WanSharp.Tools.Export;

/// <summary>A folder that appears complete or not at all: it is filled under another name next to its place.</summary>
internal sealed class ExportFolder : IDisposable
{
    private readonly string _target;
    private readonly WorkFolder _work;

    private ExportFolder(string target, WorkFolder work) => (_target, _work) = (target, work);

    /// <summary>Where files go until the folder is published.</summary>
    public string Staging => _work["export"];

    /// <summary>Makes sure that the folder may and can be written.</summary>
    /// <param name="path">The folder: new, empty, or with <paramref name="replace"/> an earlier export.</param>
    /// <param name="replace">Whether an earlier export may be replaced.</param>
    /// <param name="bytes">What will be written.</param>
    /// <exception cref="InvalidRequestException">The folder holds something else.</exception>
    /// <exception cref="IOException">The disk has no room, or the folder cannot be made.</exception>
    public static ExportFolder Open(string path, bool replace, long bytes)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        RequireReplaceable(path, target, replace);
        var parent =
            Path.GetDirectoryName(target)
            ?? throw new InvalidRequestException("output", $"{path} is the root of a disk: name a folder on it.");
        try
        {
            Directory.CreateDirectory(parent);
            RequireRoom(parent, bytes);
            var folder = new ExportFolder(target, WorkFolder.Create(parent));
            Directory.CreateDirectory(folder.Staging);
            return folder;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new IOException($"{path} cannot be written: {exception.Message}", exception);
        }
    }

    private static void RequireRoom(string parent, long bytes)
    {
        var free = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(parent)! : parent).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new IOException(
                $"the files take {ByteSize.Text(bytes)}, but the disk has {ByteSize.Text(free)} left. Free some, or export fewer networks."
            );
        }
    }

    /// <summary>Gives the folder its name; what it replaces is gone only then.</summary>
    /// <returns>The folder.</returns>
    public string Publish()
    {
        AtomicFolder.Publish(Staging, _target);
        return _target;
    }

    /// <summary>Keeps the files for inspection.</summary>
    /// <returns>Where that is.</returns>
    public string Keep() => AtomicFolder.KeepNextTo(Staging, _target);

    /// <summary>Removes what was neither published nor kept.</summary>
    public void Dispose() => _work.Dispose();

    private static void RequireReplaceable(string path, string target, bool replace)
    {
        if (File.Exists(target))
        {
            throw new InvalidRequestException("output", $"{path} is a file: name a folder.");
        }

        if (!Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any())
        {
            return;
        }

        if (!ExportManifest.IsIn(target))
        {
            throw new InvalidRequestException(
                "output",
                $"{path} holds files that no export wrote, and they are left alone: name a new or an empty folder."
            );
        }

        if (!replace)
        {
            throw new InvalidRequestException(
                "output",
                $"{path} holds an export already: name another folder, or replace it with --force."
            );
        }
    }
}

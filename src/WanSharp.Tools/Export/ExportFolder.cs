using System.Globalization;
using WanSharp.Tensors;

namespace WanSharp.Tools.Export;

/// <summary>A folder that appears whole or not at all: it is filled under another name beside its place.</summary>
internal sealed class ExportFolder : IDisposable
{
    private readonly string _target;
    private bool _isKept;

    private ExportFolder(string target, string staging) => (_target, Staging) = (target, staging);

    /// <summary>Where files go until the folder is published.</summary>
    public string Staging { get; }

    /// <summary>Makes sure that the folder may and can be written.</summary>
    /// <param name="path">The folder: new, empty, or with <paramref name="replace"/> an earlier export.</param>
    /// <param name="replace">Whether an earlier export may be replaced.</param>
    /// <param name="bytes">What will be written.</param>
    /// <exception cref="InvalidRequestException">Something else is there.</exception>
    /// <exception cref="IOException">The disk has no room, or the folder cannot be made.</exception>
    public static ExportFolder Open(string path, bool replace, long bytes)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        RequireReplaceable(path, target, replace);
        var parent = Path.GetDirectoryName(target) ?? throw new InvalidRequestException("output", $"{path} is the root of a disk: name a folder on it.");
        Directory.CreateDirectory(parent);
        var free = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(parent)! : parent).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture,
                $"{path}: the files take {bytes / 1e6:0.0} MB, but the disk has {free / 1e6:0.0} MB left. Free some, or export fewer networks."));
        }

        var staging = Path.Combine(parent, $".{Path.GetFileName(target)}-{Path.GetRandomFileName()}");
        Directory.CreateDirectory(staging);
        return new ExportFolder(target, staging);
    }

    /// <summary>Gives the folder its name; what it replaces is gone only then.</summary>
    /// <returns>The folder.</returns>
    public string Publish()
    {
        var old = $"{Staging}.old";
        if (Directory.Exists(_target))
        {
            Directory.Move(_target, old);
        }

        try
        {
            Directory.Move(Staging, _target);
        }
        catch when (Directory.Exists(old))
        {
            Directory.Move(old, _target);
            throw;
        }

        if (Directory.Exists(old))
        {
            Directory.Delete(old, recursive: true);
        }

        return _target;
    }

    /// <summary>Leaves the files where they are, for somebody to look at.</summary>
    /// <returns>Where that is.</returns>
    public string Keep()
    {
        _isKept = true;
        return Staging;
    }

    /// <summary>Removes what was neither published nor kept.</summary>
    public void Dispose()
    {
        if (!_isKept && Directory.Exists(Staging))
        {
            Directory.Delete(Staging, recursive: true);
        }
    }

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
            throw new InvalidRequestException("output", $"{path} holds files that no export wrote, and they are left alone: name a new or an empty folder.");
        }

        if (!replace)
        {
            throw new InvalidRequestException("output", $"{path} holds an export already: name another folder, or replace it with --force.");
        }
    }
}

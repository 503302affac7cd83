using System.Globalization;
using WanSharp.Tensors;

namespace WanSharp.Media.Ffmpeg;

/// <summary>Finds the ffmpeg program. Thread-safe.</summary>
public static class FfmpegLocator
{
    /// <summary>
    /// The full path of ffmpeg: the one that the user chose, else the first on the search path, else the first in other folders;
    /// null where there is none.
    /// </summary>
    /// <param name="chosen">A path that the user gave (an option, <c>WAN_FFMPEG</c>), or null. When given, nothing else is tried.</param>
    /// <param name="searchPath">Folders to look in, separated as in the variable <c>PATH</c>, or null.</param>
    /// <param name="folders">Full paths of other folders: where it is installed for the user, where the assemblies are.</param>
    /// <exception cref="MediaException">The path that the user gave is not that of a program.</exception>
    public static string? Find(string? chosen, string? searchPath, params IEnumerable<string> folders)
    {
        ArgumentNullException.ThrowIfNull(folders);
        if (!string.IsNullOrEmpty(chosen))
        {
            var file = Path.GetFullPath(chosen);
            return IsProgram(file)
                ? file
                : throw new MediaException(
                    $"{chosen} is not a program: give the path of ffmpeg itself, or leave it out to search for one."
                );
        }

        return (searchPath ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(folders)
            .Where(Path.IsPathFullyQualified)
            .Select(folder => Path.Combine(folder, FileName))
            .FirstOrDefault(IsProgram);
    }

    /// <summary>The program's file name on this system.</summary>
    public static string FileName => OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg";

    /// <summary>
    /// What tells a program from the one that an update put in its place, for keys of what it makes; empty where it is not there.
    /// </summary>
    /// <param name="ffmpeg">Its full path, or null.</param>
    public static string IdentityOf(string? ffmpeg) =>
        ffmpeg is not null && FileFacts.Of(ffmpeg) is { Exists: true } file
            ? string.Create(CultureInfo.InvariantCulture, $"ffmpeg of {file.Length} bytes, {file.LastWriteTimeUtc:O}")
            : "";

    private static bool IsProgram(string file)
    {
        const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(file) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(file) & Executable) != 0);
    }
}

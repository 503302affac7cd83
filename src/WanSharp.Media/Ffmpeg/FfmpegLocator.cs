namespace WanSharp.Media.Ffmpeg;

/// <summary>Finds the ffmpeg program that reads images and writes clips. Thread-safe.</summary>
public static class FfmpegLocator
{
    /// <summary>
    /// The full path of ffmpeg: the one chosen by the user, else the first on the search path, else the one that the
    /// build put beside the assemblies.
    /// </summary>
    /// <param name="chosen">A path that the user gave (an option, <c>WAN_FFMPEG</c>), or null. When given, nothing else is tried.</param>
    /// <param name="searchPath">Folders to look in, separated as in the variable <c>PATH</c>, or null.</param>
    /// <param name="assemblyFolder">Where the assemblies are, <see cref="AppContext.BaseDirectory"/>; or null.</param>
    /// <exception cref="MediaException">There is none.</exception>
    public static string Find(string? chosen, string? searchPath, string? assemblyFolder)
    {
        if (!string.IsNullOrEmpty(chosen))
        {
            var file = Path.GetFullPath(chosen);
            return IsProgram(file)
                ? file
                : throw new MediaException(
                    $"{chosen} is not a program: give the path of ffmpeg itself, or leave it out to search for one."
                );
        }

        var name = OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg";
        var folders = (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(assemblyFolder ?? "");
        return folders.Where(Path.IsPathFullyQualified).Select(folder => Path.Combine(folder, name)).FirstOrDefault(IsProgram)
            ?? throw new MediaException("ffmpeg was not found: install it (https://ffmpeg.org), or set WAN_FFMPEG to its path.");
    }

    private static bool IsProgram(string file)
    {
        const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(file) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(file) & Executable) != 0);
    }
}

namespace WanSharp.Tensors;

/// <summary>
/// The place, length and times of files. Hugging Face's cache and many model folders are made of links, and what the system says of a
/// link is the length and the times of the link itself.
/// </summary>
public static class FileFacts
{
    private const int MostLinks = 40;

    /// <summary>The file at a path without links: if links are on the way, the file at their end. It need not exist.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="IOException">The links form a circle.</exception>
#pragma warning disable RS0030 // the one place where links are followed
    public static FileInfo Of(string path) => new(RealPath(path));

    /// <summary>The full path of a file or folder, every link on the way resolved. It need not exist.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="IOException">The links form a circle.</exception>
    public static string RealPath(string path)
    {
        var full = Path.GetFullPath(path);
        var real = Path.GetPathRoot(full)!;
        var rest = new Stack<string>(Parts(full));
        for (var links = 0; rest.TryPop(out var name); )
        {
            var next = Path.Combine(real, name);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks)
            {
                throw new IOException($"{path}: its links form a circle.");
            }

            var resolved = Path.GetFullPath(Path.Combine(real, target));
            real = Path.GetPathRoot(resolved)!;
            foreach (var part in Parts(resolved))
            {
                rest.Push(part);
            }
        }

        return real;
    }
#pragma warning restore RS0030

    /// <summary>Whether two paths are one place, by whatever links. On Windows and macOS case does not count.</summary>
    /// <param name="a">A path.</param>
    /// <param name="b">Another.</param>
    /// <exception cref="IOException">The links form a circle.</exception>
    public static bool AreOne(string a, string b) =>
        RealPath(a)
            .Equals(
                RealPath(b),
                OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal
            );

    /// <summary>The bytes of several files together.</summary>
    /// <param name="paths">The files.</param>
    /// <exception cref="IOException">One of them does not exist.</exception>
    public static long Length(IEnumerable<string> paths) => paths.Sum(path => Of(path).Length);

    /// <summary>The names in a full path, the last one first.</summary>
    private static IEnumerable<string> Parts(string full)
    {
        char[] separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];
        return full[Path.GetPathRoot(full)!.Length..].Split(separators, StringSplitOptions.RemoveEmptyEntries).Reverse();
    }
}

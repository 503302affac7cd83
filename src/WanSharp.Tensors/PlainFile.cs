#pragma warning disable RS0030 // the only place that opens files which others may have named

namespace WanSharp.Tensors;

/// <summary>
/// Reads files that somebody may have named, and nothing that only looks like one: a pipe waits for its other end, maybe for ever, and a
/// device never ends. Pipes that the shell opened, <c>&lt;(…)</c>, have their other end, and are read.
/// </summary>
public static class PlainFile
{
    private static readonly string[] OpenPipes = ["/dev/fd/", "/dev/stdin", "/proc/self/fd/"];

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="IOException">It is no file, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static FileStream OpenRead(string path) => File.OpenRead(Required(path));

    /// <summary>All bytes of a file.</summary>
    /// <inheritdoc cref="OpenRead" path="/exception"/>
    public static byte[] ReadAllBytes(string path) => File.ReadAllBytes(Required(path));

    /// <summary>The text of a file.</summary>
    /// <inheritdoc cref="OpenRead" path="/exception"/>
    public static string ReadAllText(string path) => File.ReadAllText(Required(path));

    /// <summary>The lines of a file.</summary>
    /// <inheritdoc cref="OpenRead" path="/exception"/>
    public static string[] ReadAllLines(string path) => File.ReadAllLines(Required(path));

    /// <summary>All bytes of a file.</summary>
    /// <inheritdoc cref="OpenRead" path="/exception"/>
    public static Task<byte[]> ReadAllBytesAsync(string path, CancellationToken cancellationToken) =>
        File.ReadAllBytesAsync(Required(path), cancellationToken);

    /// <summary>The text of a file.</summary>
    /// <inheritdoc cref="OpenRead" path="/exception"/>
    public static Task<string> ReadAllTextAsync(string path, CancellationToken cancellationToken) =>
        File.ReadAllTextAsync(Required(path), cancellationToken);

    private static string Required(string path) =>
        Array.Exists(OpenPipes, open => path.StartsWith(open, StringComparison.Ordinal)) || SpecialFile.Describe(path) is not { } special
            ? path
            : throw new IOException($"{path} is {special}, not a file: save it as one.");
}

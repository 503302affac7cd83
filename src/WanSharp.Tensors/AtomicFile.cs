using System.Text;

namespace WanSharp.Tensors;

/// <summary>
/// Writes files that appear whole or not at all, whatever ends the process or the machine: under a unique temporary name in
/// the same folder, flushed to disk, renamed, and the folder flushed too where the system allows it.
/// </summary>
/// <remarks>
/// When a call returns, the file survives a power cut; before that, the file that was there before does. Thread-safe: of
/// several writers of one file, in any process, the last one wins and nobody reads a mixture.
/// </remarks>
public static class AtomicFile
{
    /// <summary>How temporary names begin; they end in <see cref="TemporarySuffix"/>.</summary>
    public const string TemporaryPrefix = ".wan-";

    /// <summary>How temporary names end.</summary>
    public const string TemporarySuffix = ".partial";

    private static readonly UTF8Encoding PlainText = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="text">All of its content.</param>
    /// <exception cref="IOException">The file cannot be written; what was there before is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Write(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, PlainText.GetBytes(text));
    }

    /// <summary>Writes bytes.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="content">All of its content.</param>
    /// <exception cref="IOException">The file cannot be written; what was there before is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var temporary = TemporaryFor(path);
        try
        {
            using (var stream = Create(temporary, path))
            {
                stream.Write(content);
                DurableFiles.Flush(stream);
                DurableFiles.Rename(temporary, path, overwrite: true); // while it is locked, so that nobody takes it for a leftover
            }
        }
        finally
        {
            DurableFiles.Delete(temporary);
        }
    }

    /// <summary>Writes what <paramref name="write"/> gives.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content. The stream is not buffered: write large pieces.</param>
    /// <exception cref="IOException">The file cannot be written; what was there before is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        var temporary = TemporaryFor(path);
        try
        {
            using (var stream = Create(temporary, path))
            {
                write(stream);
                DurableFiles.Flush(stream);
                DurableFiles.Rename(temporary, path, overwrite: true);
            }
        }
        finally
        {
            DurableFiles.Delete(temporary);
        }
    }

    /// <summary>Finds out whether a file can be written, before what it is to hold is computed.</summary>
    /// <param name="path">The file; whatever is there stays as it is.</param>
    /// <exception cref="IOException">It cannot.</exception>
    /// <exception cref="UnauthorizedAccessException">Its folder may not be written.</exception>
    public static void Require(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path} cannot be written: it is a folder. Name a file in it.");
        }

        var temporary = TemporaryFor(path);
        try
        {
            Create(temporary, path).Dispose();
        }
        finally
        {
            DurableFiles.Delete(temporary);
        }
    }

    /// <summary>Gives a file that is complete its name: flushes it, renames it, and flushes the folder.</summary>
    /// <param name="file">The file, on the same volume as <paramref name="path"/>.</param>
    /// <param name="path">Its name from now on.</param>
    /// <param name="overwrite">Whether a file of that name is replaced; otherwise it is an error.</param>
    /// <exception cref="IOException">The file cannot be flushed or renamed, or one of that name exists.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Publish(string file, string path, bool overwrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        ArgumentException.ThrowIfNullOrEmpty(path);
        DurableFiles.Flush(file);
        DurableFiles.Rename(file, path, overwrite);
    }

    /// <summary>A name that no other writer uses, short enough for any file system whatever the file is called.</summary>
    private static string TemporaryFor(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Path.Combine(Path.GetDirectoryName(path) ?? "", $"{TemporaryPrefix}{Guid.NewGuid():N}{TemporarySuffix}");
    }

    private static FileStream Create(string temporary, string path)
    {
        try
        {
            var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Delete, bufferSize: 0);
            DurableFiles.Created(temporary);
            return stream;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException)
        {
            // The system's message names the temporary file, which nobody knows of.
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            var problem =
                File.Exists(folder) ? $"{folder} is a file, not a folder."
                : !Directory.Exists(folder) ? $"there is no folder {folder}. Make it first."
                : $"no file can be made in {folder}. Name another folder, or make it writable.";
            throw exception is UnauthorizedAccessException
                ? new UnauthorizedAccessException($"{path} cannot be written: {problem}")
                : new IOException($"{path} cannot be written: {problem}");
        }
    }
}

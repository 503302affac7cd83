using WanSharp.Tensors;

namespace WanSharp.Media;

/// <summary>A clip or picture that the user named.</summary>
internal static class MediaFile
{
    /// <summary>The most pixels that a picture or a frame may have: 64 megapixels.</summary>
    public const int MaxPixels = 64 << 20;

    /// <summary>How many bytes tell what a file is.</summary>
    private const int StartLength = 128;

    /// <exception cref="MediaException">There is no file at the path, or something that is none.</exception>
    public static void Require(string path)
    {
        if (!File.Exists(path))
        {
            throw new MediaException(
                Directory.Exists(path) ? $"{path} is a folder: name a file in it."
                : NamedPath.ProblemOf(path) is { } problem ? $"{path} does not exist: {problem}"
                : $"{path} does not exist: check the path."
            );
        }

        if (SpecialFile.Describe(path) is { } special)
        {
            throw new MediaException($"{path} is {special}, which may never end: save what comes from it as a file, and name that.");
        }
    }

    /// <summary>The first bytes, fewer if the file is shorter.</summary>
    /// <exception cref="MediaException">It cannot be read.</exception>
    public static Task<byte[]> ReadStartAsync(string path, CancellationToken cancellationToken) =>
        ReadAsync(path, length => Math.Min(length, StartLength), cancellationToken);

    /// <summary>All bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The most that it may have.</param>
    /// <param name="refusal">How the message begins when it has more.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="MediaException">It cannot be read, or is too large.</exception>
    public static Task<byte[]> ReadAllAsync(string path, long most, string refusal, CancellationToken cancellationToken) =>
        ReadAsync(
            path,
            length => length <= most ? length : throw new MediaException($"{refusal}: it has {length} bytes, and {most} are allowed."),
            cancellationToken
        );

    private static async Task<byte[]> ReadAsync(string path, Func<long, long> wanted, CancellationToken cancellationToken)
    {
        try
        {
            var file = PlainFile.OpenRead(path);
            await using (file.ConfigureAwait(false))
            {
                var bytes = new byte[wanted(file.Length)];
                var length = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken)
                    .ConfigureAwait(false);
                return length == bytes.Length ? bytes : bytes[..length];
            }
        }
        catch (Exception exception) when (exception is not MediaException and (IOException or UnauthorizedAccessException))
        {
            throw new MediaException($"{path} cannot be read: {exception.Message}", exception);
        }
    }
}

using System.Text;
using System.Text.Json;
using WanSharp.Media.Ffmpeg;
using WanSharp.Tensors;

namespace WanSharp.Media.Metadata;

/// <summary>Finds the settings that were put into a clip or picture. Thread-safe.</summary>
public static class MetadataReader
{
    private const int MaxMetadataLength = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The JSON object that was given to the writer, or null if the file carries none.</summary>
    /// <param name="ffmpeg">The program, which reads mp4 and webm; null for none.</param>
    /// <param name="path">The file; what it is, its content tells.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="MediaException">There is no such file, or it is not a clip or picture, or damaged.</exception>
    public static async Task<string?> ReadAsync(string? ffmpeg, string path, CancellationToken cancellationToken)
    {
        MediaFile.Require(path);
        try
        {
            var file = PlainFile.OpenRead(path);
            await using var fileEnd = file.ConfigureAwait(false);
            var start = new byte[WebpFile.SignatureLength];
            var length = await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            file.Position = 0;
            var comment =
                start.AsSpan(0, length).StartsWith(PngText.Signature) ? PngText.Read(file, path)
                : start.AsSpan(0, length).StartsWith(GifComment.Signature) ? GifComment.Read(file, path)
                : WebpFile.IsOne(start.AsSpan(0, length)) ? WebpFile.ReadSettings(file)
                : (await ReadContainerAsync(ffmpeg, path, MaxMetadataLength, cancellationToken).ConfigureAwait(false))
                    .FirstOrDefault(text => text.Name.Equals("comment", StringComparison.OrdinalIgnoreCase))
                    ?.Text;
            return IsJsonObject(comment) ? comment : null;
        }
        catch (EndOfStreamException exception)
        {
            throw new MediaException($"{path} is cut short.", exception);
        }
        catch (Exception exception) when (exception is not MediaException and (IOException or UnauthorizedAccessException))
        {
            throw new MediaException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The texts of a container, as ffmpeg reads them.</summary>
    internal static async Task<IReadOnlyList<EmbeddedText>> ReadContainerAsync(
        string? ffmpeg,
        string path,
        int mostBytes,
        CancellationToken cancellationToken
    )
    {
        ffmpeg = FfmpegRequired.Of(ffmpeg, $"{path} is read");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var process = FfmpegProcess.Start(ffmpeg, [.. FfmpegInput.Arguments(path), "-f", "ffmetadata", "pipe:1"]);
        await using var processEnd = process.ConfigureAwait(false);
        using var registration = process.KillOn(patience.Token);
        try
        {
            process.CloseInput();
            var text = await ReadTextAsync(process.Output, path, mostBytes).ConfigureAwait(false);
            await process.FinishReadingAsync(path, patience.Token).ConfigureAwait(false);
            return [.. Texts(text)];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MediaException($"{path} cannot be read as a clip: ffmpeg found no end of it in {Patience.TotalSeconds:0} seconds.");
        }
    }

    private static async Task<string> ReadTextAsync(Stream stream, string path, int mostBytes)
    {
        var buffer = new byte[mostBytes];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false).ConfigureAwait(false);
        return length < buffer.Length
            ? Encoding.UTF8.GetString(buffer, 0, length)
            : throw new MediaException($"{path} carries over {mostBytes} bytes of metadata, which are not ours.");
    }

    /// <summary>
    /// The values in ffmpeg's metadata format: a line <c>key=value</c> each, where a backslash makes the character after it, even a
    /// line's end, an ordinary one. Chapters and streams follow under a heading in brackets.
    /// </summary>
    internal static IEnumerable<EmbeddedText> Texts(string text)
    {
        var (key, part) = ("", new StringBuilder());
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] == '\n')
            {
                if (key.Length > 0)
                {
                    yield return new EmbeddedText(key, part.ToString());
                }

                (key, part) = ("", part.Clear());
            }
            else if (text[i] == '=' && key.Length == 0)
            {
                (key, part) = (part.ToString(), part.Clear());
            }
            else if (text[i] != '\\' || ++i < text.Length)
            {
                part.Append(text[i]);
            }
        }
    }

    private static bool IsJsonObject(string? text)
    {
        try
        {
            using var json = JsonDocument.Parse(text ?? "");
            return json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false; // somebody else's comment
        }
    }
}

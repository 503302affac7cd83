using System.Globalization;
using Microsoft.AspNetCore.Http;
using WanSharp.Hosting;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Server.Http;
using WanSharp.Server.Security;

namespace WanSharp.Server.Pictures;

/// <summary>
/// Keeps the clips of requests: videos that go on, controls, masks, references, files of cameras. Each is decoded once, to its end and
/// within bounds, before it is kept. Thread-safe.
/// </summary>
/// <param name="host">Where ffmpeg is, and the clock.</param>
/// <param name="files">Where they are kept.</param>
internal sealed class ClipStore(WanHost host, UploadFolder files)
{
    /// <summary>The most frames of a clip: two minutes at 30 a second.</summary>
    public const int MostFrames = 3600;

    private const int MostTextBytes = 1 << 20;

    /// <summary>How long decoding one may take.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly string? _ffmpeg = host.FindFfmpeg();

    /// <summary>Keeps a clip or a picture.</summary>
    /// <param name="file">What a request brings; its name is that of the field.</param>
    /// <param name="caller">Who brings it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Its file.</returns>
    /// <exception cref="ApiException">It is none, too long or too large, or there is no room for it.</exception>
    public Task<string> SaveAsync(IFormFile file, Caller caller, CancellationToken cancellationToken) =>
        files.SaveAsync(caller, file.CopyToAsync, (path, token) => CheckAsync(file.Name, path, token), cancellationToken);

    /// <summary>Keeps a text.</summary>
    /// <inheritdoc cref="SaveAsync"/>
    public Task<string> SaveTextAsync(IFormFile file, Caller caller, CancellationToken cancellationToken) =>
        file.Length > MostTextBytes
            ? throw new ApiException(413, "body_too_large", $"The {file.Name} has more than {MostTextBytes >> 20} MB.", file.Name)
            : files.SaveAsync(caller, file.CopyToAsync, (_, _) => Task.CompletedTask, cancellationToken);

    /// <summary>Keeps a copy of a clip of the server's own, which stays when that is deleted.</summary>
    /// <param name="path">The clip.</param>
    /// <param name="caller">Who asks for it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<string> CopyAsync(string path, Caller caller, CancellationToken cancellationToken) =>
        files.SaveAsync(
            caller,
            async (stream, token) =>
            {
                var clip = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
                await using var opened = clip.ConfigureAwait(false);
                await clip.CopyToAsync(stream, token).ConfigureAwait(false);
            },
            (_, _) => Task.CompletedTask,
            cancellationToken
        );

    /// <summary>How many frames a kept clip has at a rate; null for more than so many.</summary>
    public async Task<int?> FramesAsync(string path, int fps, int most, CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (
            var _ in VideoReader
                .ReadAsync(_ffmpeg, path, new ClipCut(From: 0, To: null, fps, most + 1), cancellationToken)
                .ConfigureAwait(false)
        )
        {
            if (++count > most)
            {
                return null;
            }
        }

        return count;
    }

    private async Task CheckAsync(string field, string path, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(Longest);
        try
        {
            var frames = 0;
            await foreach (var frame in VideoReader.ReadAsync(_ffmpeg, path, time.Token).ConfigureAwait(false))
            {
                if (++frames > MostFrames)
                {
                    throw new ApiException(
                        413,
                        "too_many_frames",
                        $"The {field} has more than {MostFrames} frames: send a part of it.",
                        field
                    );
                }
            }
        }
        catch (MediaException clip)
        {
            await CheckPictureAsync(field, path, clip, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(
                413,
                "too_long",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The {field} takes longer than {Longest.TotalSeconds} s to decode: send a part of it."
                ),
                field
            );
        }
    }

    /// <summary>What is no clip may be a picture: a JPEG, a TIFF.</summary>
    private async Task CheckPictureAsync(string field, string path, MediaException clip, CancellationToken cancellationToken)
    {
        try
        {
            _ = await ImageReader.ReadAsync(_ffmpeg, path, cancellationToken).ConfigureAwait(false);
        }
        catch (MediaException)
        {
            throw ApiException.Invalid(field, clip.Message.Replace(path, $"The {field}", StringComparison.Ordinal));
        }
    }
}

using WanSharp.Hosting;
using WanSharp.Jobs;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Tensors;

namespace WanSharp.Server.Videos;

/// <summary>Small pictures of clips, made when they are first asked for and kept. Thread-safe.</summary>
/// <param name="host">Where ffmpeg is.</param>
/// <param name="folder">Where the pictures are kept, named by the digests of the clips.</param>
internal sealed class ClipPictures(WanHost host, string folder) : IDisposable
{
    private const int ThumbnailWidth = 480;
    private const int TileWidth = 240;
    private const int Columns = 4;
    private const int Tiles = Columns * Columns;
    private const int Quality = 85;

    private readonly string? _ffmpeg = host.FindFfmpeg();
    private readonly SemaphoreSlim _one = new(1); // a decoder at a time: the engine has the machine

    /// <summary>The middle frame of a clip, as WebP.</summary>
    public Task<string> ThumbnailAsync(Job job, string clip, CancellationToken cancellationToken) =>
        FindOrMakeAsync(job, clip, "thumbnail", Thumbnail, cancellationToken);

    /// <summary>Frames of a clip at equal distances, in rows of four, as WebP.</summary>
    public Task<string> SheetAsync(Job job, string clip, CancellationToken cancellationToken) =>
        FindOrMakeAsync(job, clip, "sheet", Sheet, cancellationToken);

    public void Dispose() => _one.Dispose();

    private async Task<string> FindOrMakeAsync(
        Job job,
        string clip,
        string kind,
        Func<IReadOnlyList<RgbImage>, RgbImage> make,
        CancellationToken cancellationToken
    )
    {
        var path = Path.Combine(folder, $"{job.Sha256}-{kind}.webp");
        if (File.Exists(path))
        {
            return path;
        }

        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!File.Exists(path))
            {
                Directory.CreateDirectory(folder);
                var picture = make(await FramesAsync(clip, cancellationToken).ConfigureAwait(false));
                AtomicFile.Write(path, PictureBytes.Webp(picture, Quality));
            }

            return path;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Frames at equal distances, as many as a sheet takes at most, small.</summary>
    private async Task<IReadOnlyList<RgbImage>> FramesAsync(string clip, CancellationToken cancellationToken)
    {
        var (frames, every, count) = (new List<RgbImage>(), 1, 0);
        await foreach (var frame in VideoReader.ReadAsync(_ffmpeg, clip, cancellationToken).ConfigureAwait(false))
        {
            if (count++ % every != 0)
            {
                continue;
            }

            frames.Add(Fitted(frame, ThumbnailWidth));
            if (frames.Count == 2 * Tiles)
            {
                // half of them at twice the distance: no clip is held whole, however long it is
                frames = [.. frames.Where((_, i) => i % 2 == 0)];
                every *= 2;
            }
        }

        return frames;
    }

    private static RgbImage Thumbnail(IReadOnlyList<RgbImage> frames) => frames[frames.Count / 2];

    private static RgbImage Sheet(IReadOnlyList<RgbImage> frames)
    {
        var shown = Math.Min(frames.Count, Tiles);
        var tiles = Enumerable.Range(0, shown).Select(i => Fitted(frames[i * frames.Count / shown], TileWidth)).ToList();
        var (width, height) = (tiles[0].Width, tiles[0].Height);
        var (columns, rows) = (Math.Min(shown, Columns), (shown + Columns - 1) / Columns);
        var sheet = new byte[3 * width * columns * height * rows];
        foreach (var (i, tile) in tiles.Index())
        {
            for (var y = 0; y < height; y++)
            {
                var at = 3 * ((((i / Columns * height) + y) * width * columns) + (i % Columns * width));
                tile.Pixels.AsSpan(3 * y * width, 3 * width).CopyTo(sheet.AsSpan(at));
            }
        }

        return new RgbImage(width * columns, height * rows, sheet);
    }

    private static RgbImage Fitted(RgbImage frame, int width) =>
        frame.Width <= width ? frame : ImageTensors.Cover(frame, width, Math.Max(1, frame.Height * width / frame.Width));
}

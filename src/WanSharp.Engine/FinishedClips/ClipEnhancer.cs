using System.Runtime.CompilerServices;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;
using WanSharp.Models.Hub;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Engine.FinishedClips;

/// <summary>
/// Makes more frames of a clip that is there, and larger ones: what follows a model's stages, without a model. Frames go through one after
/// another, so that memory does not grow with the clip.
/// </summary>
/// <remarks>For one clip at a time.</remarks>
public sealed class ClipEnhancer : IDisposable
{
    private const int Ahead = 2; // frames that wait for the writer
    private const int Tile = 192; // pixels of a side
    private const int FewestPositions = 6; // that tiles can have
    private const int Overlap = 32; // pixels that neighbours share

    private readonly FileDigests _digests = new(folder: null);
    private readonly SessionSettings _settings;
    private readonly GraphCache _graphs;
    private readonly EnhancerShelf _files;
    private readonly string? _ffmpeg;
    private readonly Dictionary<string, OnnxUpscaler> _onnx = [];

    /// <summary>Opens nothing yet.</summary>
    /// <param name="runtime">The runtime that executes; it must outlive this object.</param>
    /// <param name="settings">How graphs are compiled.</param>
    /// <param name="folders">Folders to look for names in, the first one preferred.</param>
    /// <param name="hub">Finds what is in none of them among what was pulled; null to leave that out.</param>
    /// <param name="ffmpeg">The program that estimates motion and reads clips; null for none.</param>
    public ClipEnhancer(OrtRuntime runtime, SessionSettings settings, IReadOnlyList<string> folders, HubModels? hub, string? ffmpeg)
    {
        (_settings, _graphs, _ffmpeg) = (settings, new GraphCache(runtime), ffmpeg);
        _files = new EnhancerShelf(folders, hub, _digests, () => ffmpeg);
    }

    /// <summary>Finds out what becomes of a clip, and whether it can.</summary>
    /// <param name="clip">The clip.</param>
    /// <param name="wanted">What is asked for: what makes frames, at which rate; what enlarges them, how high.</param>
    /// <exception cref="InvalidRequestException">It cannot, or nothing is asked for.</exception>
    public EnhancePlan Plan(ClipFacts clip, ClipSettings wanted)
    {
        ArgumentNullException.ThrowIfNull(clip);
        ArgumentNullException.ThrowIfNull(wanted);
        if (wanted is { Interpolate: null, Fps: not null })
        {
            throw new InvalidRequestException(
                SettingFields.Fps.Label,
                "--fps says how many frames are made between those of the clip: name what makes them with --interpolate, or leave it out."
            );
        }

        var size = new ClipSize(clip.Width, clip.Height);
        var onnx = IsOnnx(wanted.Upscale) ? Onnx(wanted.Upscale!) : null;
        var upscaler = onnx is null ? UpscalePlanner.Find(size, wanted, _files) : null;
        var enlarged =
            onnx is not null ? new UsedNetwork(Path.GetFileName(onnx.Path), _digests.Of([onnx.Path], CancellationToken.None), onnx.Scale)
            : upscaler is not null ? new UsedNetwork(upscaler.Name, upscaler.Digest, upscaler.Upscaler!.Scale)
            : null;
        if (onnx is not null)
        {
            UpscalePlanner.RequireSize(size, enlarged!, wanted.UpscaleHeight);
        }

        if (enlarged is null && wanted.Interpolate is null)
        {
            throw new InvalidRequestException(
                "upscale",
                "Nothing is to become of the clip: name a network with --upscale or --interpolate."
            );
        }

        var interpolator = wanted.Interpolate is { } name ? _files.FindInterpolator("interpolate", name) : null;
        var times = wanted.Interpolate is null ? new FrameTimes(1, 1) : TimesOf(clip, wanted.Fps);
        var to = enlarged is null ? size : size.Enlarged(enlarged.Scale, wanted.UpscaleHeight);
        return new EnhancePlan(clip, times)
        {
            Format = new ClipFormat(to.Width, to.Height, times.Count(clip.Frames), clip.Rate.Value * times.To / times.From),
            Interpolator = interpolator,
            Interpolates = wanted.Interpolate is not null,
            Upscaler = upscaler,
            Onnx = onnx,
            Enlarged = enlarged,
            UpscaleHeight = wanted.UpscaleHeight,
        };
    }

    /// <summary>The frames of the new clip as rgb24, made while they are taken.</summary>
    /// <param name="plan">What becomes of the clip.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <exception cref="Media.MediaException">The clip cannot be read any more.</exception>
    public IAsyncEnumerable<byte[]> EnhanceAsync(EnhancePlan plan, CancellationToken cancellationToken = default) =>
        FrameQueue.AheadAsync(token => MakeAsync(plan, token), Ahead, cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var upscaler in _onnx.Values)
        {
            upscaler.Dispose();
        }

        _files.Dispose();
        _graphs.Dispose();
    }

    private static bool IsOnnx(string? name) => name?.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) == true;

    private OnnxUpscaler Onnx(string name)
    {
        try
        {
            PlainFile.OpenRead(name).Dispose(); // a pipe or a device is no network
            return _onnx.TryGetValue(name, out var known)
                ? known
                : _onnx[name] = OnnxUpscaler.Open(_graphs.Runtime, name, _settings, CancellationToken.None);
        }
        catch (Exception exception) when (exception is CheckpointException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException("upscale", exception.Message) { IsOfFile = true };
        }
    }

    /// <summary>
    /// Tiles for a network of which nothing is known: the size that it takes, or one that large networks have room for in 2 GB.
    /// </summary>
    private static VaeTiling? TilesOf(OnnxUpscaler onnx, ClipSize size)
    {
        var side = Math.Max(Tile, FewestPositions * onnx.Multiple);
        var (height, width) = onnx.LargestTile ?? (side, side);
        var (rows, columns) = (height / onnx.Multiple, width / onnx.Multiple);
        var overlap = Math.Clamp(Overlap / onnx.Multiple, 2, Math.Min(rows, columns) / 3) / 2 * 2;
        return size.Height > height || size.Width > width ? new VaeTiling(columns, rows, overlap) : null;
    }

    private static FrameTimes TimesOf(ClipFacts clip, int? fps)
    {
        var most = (int)SettingFields.Fps.Range!.Maximum;
        if (fps is null && 2 * clip.Rate.Value <= most)
        {
            return new FrameTimes(1, 2);
        }

        var wanted = SettingFields.Fps.Require(fps ?? most);
        InterpolationPlanner.RequireMore(clip.Rate.Value, wanted);
        return new FrameTimes(clip.Rate.Frames, (long)wanted * clip.Rate.Seconds);
    }

    private async IAsyncEnumerable<byte[]> MakeAsync(EnhancePlan plan, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var between = plan.Interpolator is { } file
            ? new InterpolatorRunner(_graphs.Runtime, file.Interpolator!, file.Weights, _settings, _graphs)
            : null;
        using var interpolator = between is null ? null : new FrameInterpolator(between, plan.Size, plan.Times);
        using var upscaler = plan.Upscaler is { } upscaling
            ? new UpscalerRunner(_graphs.Runtime, upscaling.Upscaler!, upscaling.Weights, _settings, _graphs)
            : null;
        var frames = ReadAsync(plan.Clip, cancellationToken);
        if (interpolator is not null)
        {
            frames = EnhancedFrames.BetweenAsync(interpolator, frames, RunAsync, cancellationToken);
        }
        else if (plan.Interpolates)
        {
            var from = new ClipFormat(plan.Clip.Width, plan.Clip.Height, plan.Clip.Frames, plan.Clip.Rate.Value);
            frames = MotionFrames.ApplyAsync(_ffmpeg, from, plan.Format.Fps, plan.Times, frames, cancellationToken);
        }

        if (plan.Enlarged is not null)
        {
            var to = new ClipSize(plan.Format.Width, plan.Format.Height);
            var enlarging = upscaler is null
                ? new FrameUpscaler(plan.Onnx!, plan.Size, to, TilesOf(plan.Onnx!, plan.Size))
                : new FrameUpscaler(upscaler, plan.Size, to, new UpscalerWork(upscaler.Config).TilesFor(plan.Size, isTight: false));
            frames = EnhancedFrames.EnlargedAsync(enlarging, frames, RunAsync, cancellationToken);
        }

        await foreach (var frame in frames.ConfigureAwait(false))
        {
            yield return frame;
        }

        Task<byte[]?> RunAsync(Func<byte[]?> step) => Task.Run(step, cancellationToken);
    }

    private async IAsyncEnumerable<byte[]> ReadAsync(ClipFacts clip, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var frame in clip.ReadAllAsync(_ffmpeg, cancellationToken).ConfigureAwait(false))
        {
            yield return frame.Pixels;
        }
    }
}
